"""The exercise at the end of the lesson: three problems with one shared budget. Its check reads the learner's own runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from tts_viz.lesson.outcomes import Outcome, where_lost
from tts_viz.strategies import STRATEGIES
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem

PURSE = 32
"""Generations for all three problems together, less than 16 for each (48)."""

PLACES = (("arithmetic", 3, 1), ("arithmetic", 4, 0), ("arithmetic", 5, 13))
"""(task, level, index) in the test split. The first is right with one sample. In the second most samples and the vote are
wrong, but the verifier picks a right one. In the third no independent sample is right; a beam of 8 that keeps few is."""

TITLE, TERM = "Your turn", "generation"

TEXT = (
    f"Three sums, and {PURSE} [[generations|generation]] to spend on all of them together. Choose a sum, choose how to search, "
    "and run it; what a run has spent is gone, whether it was right or not. The last answer to each sum counts.",
    "Get all three right. Then press Check.",
)

HINT = (
    "Not every sum needs a search. Begin with the cheapest thing on each: what does one greedy try, or four, say of the first "
    "sum? The more steps a sum has, the more it is worth to drop bad beginnings early. A beam of N candidates costs N."
)


def problems() -> list[Problem]:
    return [get_task(task).problem("test", level, index) for task, level, index in PLACES]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the learner. `right`: None if it gave no answer. `found`: whether it found a right solution, chosen or not.
    `why`: where the right path was lost, in sentences."""

    problem: int
    strategy: str
    generations: int
    right: bool | None
    found: bool
    answer: str | None = None
    why: tuple[str, ...] = ()


@dataclass(slots=True)
class Attempts:
    """All attempts of a learner, oldest first."""

    made: list[Attempt] = field(default_factory=list)

    @property
    def spent(self) -> int:
        return sum(a.generations for a in self.made)

    @property
    def left(self) -> int:
        return max(PURSE - self.spent, 0)

    def last(self, problem: int) -> Attempt | None:
        return next((a for a in reversed(self.made) if a.problem == problem), None)


def attempt(problem: int, outcome: Outcome) -> Attempt:
    """The result of a run. The budget or the learner may have cut it short."""
    found, tree = outcome.solutions, outcome.tree
    right = found[0].correct if found else None
    return Attempt(
        problem,
        tree.settings.strategy,
        tree.generations,
        right,
        any(s.correct for s in found),
        found[0].answer if found else None,
        () if right else tuple(where_lost(outcome)),
    )


@dataclass(frozen=True, slots=True)
class ExerciseVerdict:
    passed: bool
    lines: tuple[str, ...]


def check(attempts: Attempts) -> ExerciseVerdict:
    """Whether the exercise is passed, and for each unsolved problem what the last run on it did."""
    last = [attempts.last(i) for i in range(len(PLACES))]
    right = sum(bool(a and a.right) for a in last)
    spent = f"{right} of {len(PLACES)} right, for {attempts.spent} of {PURSE} generations."
    if right == len(PLACES):
        shares = ", ".join(str(sum(a.generations for a in attempts.made if a.problem == i)) for i in range(len(PLACES)))
        lines = [
            spent,
            f"You spent {shares} on them, in their order. That is the whole point: the same purse, spent where it pays.",
        ]
        return ExerciseVerdict(True, tuple(lines))
    return ExerciseVerdict(
        False, (spent, *(line for i, a in enumerate(last) if (line := _result(i, a))), *_out_of_budget(attempts))
    )


def _result(number: int, last: Attempt | None) -> str:
    name = f"Sum {number + 1}"
    if last is None:
        return f"{name}: not tried yet."
    if last.right:
        return ""
    title = STRATEGIES[last.strategy].title
    if last.found:
        verified = STRATEGIES[last.strategy].verified
        more = (
            "the verifier preferred another one"
            if verified
            else "the vote went to another one; a verifier might know better"
        )
        return f"{name}: {title} found a right solution, but {more}."
    return " ".join([f"{name}: {title} found no right solution.", *last.why])


def _out_of_budget(attempts: Attempts) -> list[str]:
    return [] if attempts.left else ["The purse is empty: press Start over, and share it out anew."]
