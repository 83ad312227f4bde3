"""What a task is: problems, answers, grading and, where the truth is decidable, an exact step checker.

Knows nothing about models, search or pages. A *solution* is a list of step texts, in order, without delimiters.

To add one: write a file beside this one with a class that inherits `Task` or `CheckedTask`, decorate it with `@task`, and
import the file in `__init__`; in a package of your own, name the file as an entry point of the group `tts_viz.tasks`. What
the class says of itself is all that the page, the command line and the sweeps know of it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar, runtime_checkable

from tts_viz.core.events import Started
from tts_viz.core.registry import Registry
from tts_viz.errors import InputError, ProblemError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

ErrorKind = str
"""One of the `error_kinds` of a task."""

COMMON_ERRORS: dict[ErrorKind, str] = {"format": "not written as a step", "inherited": "builds on a false step"}
"""The kinds that every checker may use: a step of the kind "format" may still stand for one, as `complete` tells; what
follows a false step is "inherited", and is not judged on its own."""


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


def problem_of(started: Started | None) -> Problem | None:
    """The problem that a search was started on; None for a search of which none is known."""
    return Problem(**started.problem) if started and started.problem else None


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
    """Problems and the grading of their answers. A small task gives `name`, `title` and the three abstract methods."""

    name: str
    title: str
    """for people"""

    blurb: str = ""
    """One sentence for a visitor: what is to be done."""

    examples: tuple[str, ...] = ()
    """What a visitor may type; the first is shown as an example."""

    levels: tuple[int, ...] = ()
    """Of its ready-made problems, from easy to hard; none where problems can only be typed."""

    splits: tuple[Split, ...] = SPLITS
    """Into which its ready-made problems are parted; "test" is always one."""

    subjects: tuple[str, ...] = ()
    """By which its ready-made problems can be picked, where their number has an end."""

    sources: str = ""
    """What its problems may be read from ("a JSONL file"), where it does not make them itself: see `from_source`."""

    natural_language: bool = False
    """Are problems and steps sentences, which may be long, and which only a policy that has learnt the language writes?"""

    latex: bool = False
    """Are there formulas in them, to be printed as such?"""

    self_recognising: bool = False
    """Can it tell its own problems from other texts? See `recognises`."""

    longest: int = 1_000
    """Characters of a typed problem."""

    @abstractmethod
    def parse(self, text: str) -> Problem:
        """A visitor's own problem. Raises `ProblemError`, with what to type instead."""
        ...

    @abstractmethod
    def extract(self, problem: Problem, steps: Sequence[str]) -> str | None:
        """The answer a solution votes for, in canonical form (equal answers are equal strings); None if it has none."""
        ...

    @abstractmethod
    def grade(self, problem: Problem, steps: Sequence[str]) -> bool | None:
        """Is the solution right? None when nothing is known to grade against."""
        ...

    def problem(self, split: Split, level: int, index: int) -> Problem:
        """The `index`-th problem of a level; deterministic, and of no other split.

        Raises IndexError past the end, ValueError for a split or level that there is not.
        """
        self.check_place(split, level)
        raise NotImplementedError(f"{self.title} has levels, so it must have a method `problem`")

    def size(self, split: Split, level: int) -> int | None:
        """How many ready-made problems a level has; None where there is no end to them. Raises ValueError as `problem`."""
        return None

    def from_source(self, source: str) -> Self:
        """The same task with its problems read from elsewhere. Raises ValueError for a task that makes its own."""
        raise InputError(f"{self.title} makes its own problems and reads none from {source!r}; leave the source out")

    def recognises(self, text: str) -> bool:
        """Does the text plainly state one of its problems, though it may break a rule that `parse` then tells of?"""
        if not self.self_recognising or len(text) > self.longest:
            return False
        try:
            self.parse(text)
        except ProblemError:
            return False
        return True

    def check_length(self, text: str) -> None:
        """For the beginning of `parse`. Raises `ProblemError` for a text that is longer than `longest`."""
        if len(text) > self.longest:
            raise ProblemError(f"The problem has {len(text):,} characters; at most {self.longest:,} are taken.")

    def check_place(self, split: Split, level: int) -> None:
        """For the beginning of `problem`. Raises ValueError with those that there are."""
        if not self.levels:
            raise InputError(f"{self.title} has no ready-made problems; type one of your own")
        if split not in self.splits:
            raise InputError(f"{self.title} has no {split} split, only {', '.join(self.splits)}")
        if level not in self.levels:
            raise InputError(f"level {level} must be one of {', '.join(map(str, self.levels))}")


@runtime_checkable
class CheckedTask(Task, Protocol):
    """A task whose every step can be checked exactly."""

    error_kinds: Mapping[ErrorKind, str] = COMMON_ERRORS
    """Every `kind` that its checker gives, in words, in the order in which they are listed."""

    @abstractmethod
    def check(self, problem: Problem, steps: Sequence[str]) -> list[StepTruth]:
        """The truth of each step of a (partial) solution, in order."""
        ...

    def impossible(self, problem: Problem) -> str | None:
        """Why no answer to this problem can be right, as a sentence; None where one can, or where nobody knows."""
        return None

    def complete(self, problem: Problem, steps: Sequence[str], text: str) -> str:
        """A step that a person typed after `steps`, in the task's own form; what follows from it may be left out.

        It may be false: that is for `check` to say. Raises `ProblemError`, with what to type instead, for what is no step.
        """
        return text


TASKS: Registry[Task] = Registry("task", "tts_viz.tasks")

T = TypeVar("T", bound=Task)


def task(cls: type[T]) -> type[T]:
    """Class decorator: enter a task into `TASKS`. The class is called without arguments, and must be light to make."""
    entry = cls()
    TASKS.add(entry.name, entry)
    return cls
