"""What the policies learn from: random valid solutions, plain or after earlier attempts.

Problems come from the train split only. Every batch is drawn from a generator seeded by its number, so that training
resumes exactly.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tts_viz.tasks.base import Problem
from tts_viz.tasks.revision_prompt import neutral_revision_prompt
from tts_viz.training.sources import SOURCES, SolvedProblem
from tts_viz.training.tokenizer import BOS_ID, EOS_ID, encode

LONGEST = 640
"""tokens; longer contexts lose their oldest attempts"""

SHARES = {"countdown": 0.15, "arithmetic": 0.4, "word_problems": 0.45}
"""of the problems drawn, by task"""

LEVEL_ODDS = {
    "countdown": (1.0, 1.0, 1.0, 1.0, 1.0),
    "arithmetic": (3.0, 2.5, 1.5, 0.8, 0.5),
    "word_problems": (2.0, 1.6, 1.2, 0.8, 0.6),
}
"""of each level within its task, so that each takes about as many tokens: short problems teach sums with less to read"""

MIX: dict[tuple[str, int], float] = {
    (task, level): share * odds / sum(LEVEL_ODDS[task])
    for task, share in SHARES.items()
    for level, odds in zip(SOURCES[task].task.levels, LEVEL_ODDS[task])
}
"""How often each task and level is drawn."""


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids, and from which one on they are to be learnt."""

    tokens: list[int]
    learnt_from: int


def draw(rng: random.Random) -> SolvedProblem:
    ((task, level),) = rng.choices(list(MIX), list(MIX.values()))
    return SOURCES[task].draw(rng, level)


def wrong_attempts(rng: random.Random, solved: SolvedProblem, k: int) -> list[list[str]]:
    """Up to k attempts that fail. Some share the first steps of the solution, as a policy's own do."""
    problem, steps = solved.problem, solved.steps
    source = SOURCES[problem.task]
    found: list[list[str]] = []
    for _ in range(4 * k):
        kept = steps[: rng.randrange(len(steps))] if rng.random() < 0.5 else []
        attempt = kept + source.stumble(rng, problem, kept, rng.choice((0.1, 0.3, 0.6)))
        if attempt and not source.task.grade(problem, attempt):
            found.append(attempt)
            if len(found) == k:
                break
    return found


def mended(rng: random.Random, problem: Problem, attempt: Sequence[str]) -> list[str]:
    """The solution nearest to an attempt: its steps as long as they are true and lead on, then a random right end."""
    source = SOURCES[problem.task]
    truths = source.task.check(problem, attempt)
    sound = next((i for i, t in enumerate(truths) if not (t.valid and t.reachable)), len(attempt))
    kept = list(attempt[:sound])
    return kept + source.finish(rng, problem, kept)


def example(problem: Problem, steps: Sequence[str], attempts: Sequence[Sequence[str]] = ()) -> Example:
    """A solution to learn, after the attempts, oldest first."""
    shown = list(attempts)
    while True:
        context = encode(neutral_revision_prompt(problem.prompt, shown))
        tokens = [BOS_ID, *context, *encode("\n".join(steps)), EOS_ID]
        if len(tokens) <= LONGEST or not shown:
            return Example(tokens, 1 + len(context))
        shown = shown[1:]
