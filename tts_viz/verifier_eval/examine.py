"""One solution under test: each verifier's score of each step, the truth, and how an edit changed the scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from tts_viz.engines.base import Verifier
from tts_viz.errors import EngineError
from tts_viz.tasks import get_task
from tts_viz.tasks.base import CheckedTask, StepTruth
from tts_viz.verifier_eval.score_cache import ScoreCache, Scores
from tts_viz.verifier_eval.solution import SolutionUnderTest


@dataclass(frozen=True, slots=True)
class Examined:
    """`truths`: one per step, None if the task has no exact checker. `scores`: by verifier name; `refusals`: by verifier
    name, why it gave none. `right`: whether the solution is right (None: no reference to grade against)."""

    solution: SolutionUnderTest
    truths: tuple[StepTruth, ...] | None
    right: bool | None
    scores: Mapping[str, Scores]
    refusals: Mapping[str, str]


def examine(solution: SolutionUnderTest, verifiers: Mapping[str, Verifier], asked: ScoreCache) -> Examined:
    """Score the solution with every verifier. Errors of one go into `refusals`; the others still run."""
    scores: dict[str, Scores] = {}
    refusals: dict[str, str] = {}
    for name, verifier in verifiers.items():
        try:
            (scores[name],) = asked.scores(name, verifier, [solution])
        except (EngineError, ValueError) as error:
            refusals[name] = str(error)
    task = get_task(solution.problem.task)
    return Examined(solution, truths_of(solution), task.grade(solution.problem, solution.steps), scores, refusals)


def truths_of(solution: SolutionUnderTest) -> tuple[StepTruth, ...] | None:
    """The exact checker's result for each step; None if there is no checker."""
    task = get_task(solution.problem.task) if solution.problem.task else None
    return tuple(task.check(solution.problem, solution.steps)) if isinstance(task, CheckedTask) else None


def is_good(truth: StepTruth) -> float:
    """The score of a perfect verifier: 1 if the step is true and the goal still reachable, else 0."""
    return float(truth.valid and truth.reachable)


def steps_before(before: Examined | None, now: Examined) -> list[int | None]:
    """For each step, the index of its counterpart in the previous examination (None: it is new).

    Steps with the same text are matched; between matches, edited steps are paired in order.
    """
    places: list[int | None] = [None] * len(now.solution.steps)
    if before is None or before.solution.problem != now.solution.problem:
        return places
    same = SequenceMatcher(None, before.solution.steps, now.solution.steps, autojunk=False)
    for _, old, old_end, new, new_end in same.get_opcodes():
        for i in range(min(old_end - old, new_end - new)):
            places[new + i] = old + i
    return places


def moved(before: Examined | None, now: Examined, name: str) -> list[float | None]:
    """This verifier's previous score of each step; None if there is none, or if the step and all before it are unchanged."""
    if before is None or name not in before.scores:
        return [None] * len(now.solution.steps)
    places = steps_before(before, now)
    return [
        None
        if place is None or before.solution.steps[: place + 1] == now.solution.steps[: i + 1]
        else before.scores[name][place]
        for i, place in enumerate(places)
    ]
