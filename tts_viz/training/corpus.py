"""What the policies learn from: random valid solutions, plain or after up to four wrong attempts.

Problems come from the train split only. Every batch is drawn from a generator seeded by its number, so that training
resumes exactly.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from tts_viz.tasks import arithmetic, countdown
from tts_viz.tasks.base import Problem
from tts_viz.tasks.revision_prompt import MOST_ATTEMPTS, revision_prompt
from tts_viz.tasks.splits import split_of
from tts_viz.training.mistakes import arithmetic_attempt, countdown_attempt
from tts_viz.training.tokenizer import BOS_ID, EOS_ID, encode

COUNTDOWN, ARITHMETIC = countdown.Countdown(), arithmetic.Arithmetic()
LONGEST = 512
"""tokens; longer contexts lose their oldest attempts"""

CONTEXTS = (4, 3, 2, 1)
"""odds of one, two, three and four attempts in a context"""

MIX: dict[tuple[str, int], float] = {
    **{("countdown", level): 1.5 for level in countdown.LEVELS},
    **{("arithmetic", level): weight for level, weight in zip(arithmetic.LEVELS, (1.0, 1.0, 1.0, 0.7, 0.5))},
}
"""How often each task and level is drawn; the long ones less, so that they do not take all the tokens."""


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids, and from which one on they are to be learnt."""

    tokens: list[int]
    learnt_from: int


@dataclass(frozen=True, slots=True)
class SolvedProblem:
    """A problem of the train split with one random solution of it."""

    problem: Problem
    level: int
    steps: list[str]


def draw(rng: random.Random) -> SolvedProblem:
    (task, level) = rng.choices(list(MIX), list(MIX.values()))[0]
    while True:
        if task == "countdown":
            numbers, steps = COUNTDOWN.draw(rng, level)
            if split_of(str((numbers[0], numbers[1:]))) == "train":
                text = f"Make {numbers[0]} from {' '.join(map(str, numbers[1:]))}"
                return SolvedProblem(Problem(task, text, text, text + "\n", level, str(numbers[0])), level, steps)
        else:
            expression = ARITHMETIC.draw(rng, level)
            if split_of(expression) == "train":
                steps = arithmetic.solve(rng, expression)
                text = f"Evaluate {expression}"
                return SolvedProblem(
                    Problem(task, text, text, text + "\n", level, steps[-1].rpartition("=")[2]), level, steps
                )


def wrong_attempts(rng: random.Random, solved: SolvedProblem, k: int) -> list[list[str]]:
    """Up to k attempts that fail. Some share the first steps of the solution, as a revised attempt should."""
    problem, steps = solved.problem, solved.steps
    task = COUNTDOWN if problem.task == "countdown" else ARITHMETIC
    found: list[list[str]] = []
    for _ in range(4 * k):
        kept = steps[: rng.randrange(len(steps))] if rng.random() < 0.5 else []
        slips = rng.choice((0.1, 0.3, 0.6))
        if problem.task == "countdown":
            left = tuple(map(int, kept[-1].partition(" left ")[2].split())) if kept else _numbers(problem)
            attempt = kept + countdown_attempt(rng, int(problem.answer or 0), left, slips)
        else:
            left = kept[-1].partition(" -> ")[2] if kept else problem.prompt[9:-1]
            attempt = kept + arithmetic_attempt(rng, left, slips)
        if attempt and not task.grade(problem, attempt):
            found.append(attempt)
            if len(found) == k:
                break
    return found


def _numbers(problem: Problem) -> tuple[int, ...]:
    return tuple(map(int, problem.prompt.partition(" from ")[2].split()))


def mended(rng: random.Random, problem: Problem, attempt: Sequence[str]) -> list[str]:
    """The solution nearest to a wrong attempt: its steps as long as they are true and lead on, then a random right end."""
    task = COUNTDOWN if problem.task == "countdown" else ARITHMETIC
    truths = task.check(problem, attempt)
    sound = next((i for i, t in enumerate(truths) if not (t.valid and t.reachable)), len(attempt))
    kept = list(attempt[:sound])
    if problem.task == "arithmetic":
        return kept + arithmetic.solve(rng, kept[-1].partition(" -> ")[2] if kept else problem.prompt[9:-1])
    left = tuple(map(int, kept[-1].partition(" left ")[2].split())) if kept else _numbers(problem)
    target = int(problem.answer or 0)
    while len(left) > 1:
        a, op, b, c, left = rng.choice([m for m in countdown.moves(left) if countdown.totals(m[4]) >> target & 1])
        kept.append(countdown.write_step(a, op, b, c, left))
    return kept


def nearest_last(attempts: Sequence[list[str]], solution: Sequence[str]) -> list[list[str]]:
    """The attempts, the one nearest to the solution at the end (Snell et al. 2024, section 6.1)."""
    whole = "\n".join(solution)
    nearest = min(range(len(attempts)), key=lambda i: Levenshtein.distance("\n".join(attempts[i]), whole))
    return [a for i, a in enumerate(attempts) if i != nearest] + [attempts[nearest]]


def example(problem: Problem, steps: Sequence[str], attempts: Sequence[Sequence[str]] = ()) -> Example:
    """A solution to learn, after the attempts, oldest first."""
    shown = list(attempts)
    while True:
        context = encode(revision_prompt(problem.prompt, shown))
        tokens = [BOS_ID, *context, *encode("\n".join(steps)), EOS_ID]
        if len(tokens) <= LONGEST or not shown:
            return Example(tokens, 1 + len(context))
        shown = shown[1:]


def drawn_example(rng: random.Random, revisions: float) -> Example:
    """A random example; a share `revisions` has one to four wrong attempts in its context, and mends the last of them."""
    solved = draw(rng)
    if rng.random() < revisions:
        k = rng.choices(range(1, MOST_ATTEMPTS + 1), CONTEXTS)[0]
        if attempts := wrong_attempts(rng, solved, k):
            attempts = nearest_last(attempts, solved.steps)
            return example(solved.problem, mended(rng, solved.problem, attempts[-1]), attempts)
    return example(solved.problem, solved.steps)
