"""What a task is: problems, answers, grading and, where the truth is decidable, an exact step checker.

Knows nothing about models, search or pages. A *solution* is a list of step texts, in order, without delimiters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

ErrorKind = Literal["arithmetic", "numbers", "unreachable", "format", "inherited"]
"""What is wrong with a step: the result of its operation; the numbers that it takes or leaves; nothing in itself, but the
goal is lost; it is not written as a step; or only that it builds on a false step."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One question.

    `prompt` is what the policy reads, exactly, up to and including the newline after which the first step begins;
    `question` is the same for people; `asked` is what a policy that follows instructions is asked. `id` is stable across
    machines ("countdown/test/3/17"; "countdown/own/<text>").
    """

    task: str
    id: str
    question: str
    prompt: str
    level: int | None = None
    answer: str | None = None
    subject: str | None = None
    asked: str = ""


@dataclass(frozen=True, slots=True)
class StepTruth:
    """What is true of one step, given the steps before it.

    `valid`: it follows the rules and its arithmetic holds. `reachable`: the goal can still be reached after it
    (False once any step is invalid). `reason`: one plain sentence for a person ("25·3 is 75, not 85").
    `wrong_at`: offset in the step's text of the first wrong character, None when valid. `kind` sorts the reason; None
    when the goal can still be reached.
    """

    valid: bool
    reachable: bool
    reason: str
    wrong_at: int | None = None
    kind: ErrorKind | None = None


class Task(Protocol):
    """Problems and the grading of their answers."""

    name: str
    title: str
    blurb: str  # one sentence for a visitor
    levels: tuple[int, ...]
    placeholder: str  # an example of what a visitor may type

    def problem(self, split: Split, level: int, index: int) -> Problem:
        """The `index`-th problem of a level; deterministic, and of no other split. Raises IndexError past the end."""
        ...

    def parse(self, text: str) -> Problem:
        """A visitor's own problem. Raises `ProblemError`."""
        ...

    def extract(self, problem: Problem, steps: Sequence[str]) -> str | None:
        """The answer a solution votes for, in canonical form (equal answers are equal strings); None if it has none."""
        ...

    def grade(self, problem: Problem, steps: Sequence[str]) -> bool | None:
        """Is the solution right? None when nothing is known to grade against."""
        ...


@runtime_checkable
class CheckedTask(Task, Protocol):
    """A task whose every step can be checked exactly."""

    def check(self, problem: Problem, steps: Sequence[str]) -> list[StepTruth]:
        """The truth of each step of a (partial) solution, in order."""
        ...

    def impossible(self, problem: Problem) -> str | None:
        """Why no answer to this problem can be right, as a sentence; None where one can."""
        ...

    def complete(self, problem: Problem, steps: Sequence[str], text: str) -> str:
        """A step that a person typed after `steps`, in the task's own form; what follows from it may be left out.

        It may be false: that is for `check` to say. Raises `ProblemError`, with what to type instead, for what is no step.
        """
        ...
