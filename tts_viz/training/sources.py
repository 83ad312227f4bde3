"""Where training problems come from: for each task, problems of the train split, right ways on from any place, and wrong ones.

Knows nothing about tokens or models.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tts_viz.tasks import arithmetic, countdown, word_problems
from tts_viz.tasks.base import CheckedTask, Problem
from tts_viz.tasks.splits import split_of
from tts_viz.training.mistakes import arithmetic_attempt, countdown_attempt, word_attempt


@dataclass(frozen=True, slots=True)
class SolvedProblem:
    """A problem of the train split with one random solution of it."""

    problem: Problem
    level: int
    steps: list[str]


class Source(Protocol):
    """One task, for training."""

    @property
    def task(self) -> CheckedTask:
        """Checks and grades them."""
        ...

    def draw(self, rng: random.Random, level: int) -> SolvedProblem:
        """A random problem of the train split, solved."""
        ...

    def finish(self, rng: random.Random, problem: Problem, kept: Sequence[str]) -> list[str]:
        """A random right way on after steps that are true and lead on."""
        ...

    def stumble(self, rng: random.Random, problem: Problem, kept: Sequence[str], slips: float) -> list[str]:
        """A way on in which each step goes wrong with probability `slips`."""
        ...


@dataclass(frozen=True, slots=True)
class CountdownSource:
    task: countdown.Countdown = field(default_factory=countdown.Countdown)

    def draw(self, rng: random.Random, level: int) -> SolvedProblem:
        while True:
            (target, *numbers), steps = self.task.draw(rng, level)
            if split_of(str((target, tuple(numbers)))) == "train":
                text = f"Make {target} from {' '.join(map(str, numbers))}"
                return SolvedProblem(_problem(self.task.name, text, level, str(target)), level, steps)

    def finish(self, rng: random.Random, problem: Problem, kept: Sequence[str]) -> list[str]:
        left, target, steps = self._left(problem, kept), int(problem.answer or 0), []
        while len(left) > 1:
            a, op, b, c, left = rng.choice([m for m in countdown.moves(left) if countdown.totals(m[4]) >> target & 1])
            steps.append(countdown.write_step(a, op, b, c, left))
        return steps

    def stumble(self, rng: random.Random, problem: Problem, kept: Sequence[str], slips: float) -> list[str]:
        return countdown_attempt(rng, int(problem.answer or 0), self._left(problem, kept), slips)

    def _left(self, problem: Problem, kept: Sequence[str]) -> tuple[int, ...]:
        said = kept[-1].partition(" left ")[2] if kept else problem.prompt.partition(" from ")[2]
        return tuple(map(int, said.split()))


@dataclass(frozen=True, slots=True)
class ArithmeticSource:
    task: arithmetic.Arithmetic = field(default_factory=lambda: arithmetic.Arithmetic(deeper=True))

    def draw(self, rng: random.Random, level: int) -> SolvedProblem:
        while split_of(expression := self.task.draw(rng, level)) != "train":
            pass
        steps = arithmetic.solve(rng, expression)
        return SolvedProblem(
            _problem(self.task.name, f"Evaluate {expression}", level, steps[-1].rpartition("=")[2]), level, steps
        )

    def finish(self, rng: random.Random, problem: Problem, kept: Sequence[str]) -> list[str]:
        return arithmetic.solve(rng, self._left(problem, kept))

    def stumble(self, rng: random.Random, problem: Problem, kept: Sequence[str], slips: float) -> list[str]:
        return arithmetic_attempt(rng, self._left(problem, kept), slips)

    def _left(self, problem: Problem, kept: Sequence[str]) -> str:
        return kept[-1].partition(" -> ")[2] if kept else problem.prompt.removeprefix("Evaluate ").rstrip("\n")


@dataclass(frozen=True, slots=True)
class WordSource:
    task: word_problems.WordProblems = field(default_factory=word_problems.WordProblems)

    def draw(self, rng: random.Random, level: int) -> SolvedProblem:
        while split_of(text := self.task.draw(rng, level)) != "train":
            pass
        story = word_problems.read(text)[0]
        steps = word_problems.solve(rng, story, story.given())
        return SolvedProblem(_problem(self.task.name, text, level, steps[-1].rpartition("=")[2]), level, steps)

    def finish(self, rng: random.Random, problem: Problem, kept: Sequence[str]) -> list[str]:
        story = word_problems.given(problem)
        return word_problems.solve(rng, story, word_problems.known_after(story, kept))

    def stumble(self, rng: random.Random, problem: Problem, kept: Sequence[str], slips: float) -> list[str]:
        story = word_problems.given(problem)
        return word_attempt(rng, story, word_problems.known_after(story, kept), slips)


SOURCES: dict[str, Source] = {
    source.task.name: source for source in (CountdownSource(), ArithmeticSource(), WordSource())
}
"""by the name of the task"""


def _problem(task: str, text: str, level: int, answer: str) -> Problem:
    return Problem(task, text, text, text + "\n", level, answer)
