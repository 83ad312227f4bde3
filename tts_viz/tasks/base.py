"""What a task is: problems, answers, grading and, if steps are decidable, an exact step checker.

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
"""The kinds that every checker may use. `complete` may still turn a "format" step into a well-formed one; a step after a
false step is "inherited" and is not judged on its own."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One question.

    `prompt` is what the policy reads, exactly, up to and including the newline after which the first step begins;
    `question` is the same for people; `asked` is the prompt for an instruction-following policy. `id` is stable across
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
    """The problem that a search was started on; None if it is unknown."""
    return Problem(**started.problem) if started and started.problem else None


@dataclass(frozen=True, slots=True)
class StepTruth:
    """The ground truth about one step, given the steps before it.

    `valid`: it follows the rules and its arithmetic holds. `reachable`: the goal can still be reached after it
    (False once any step is invalid). `reason`: one plain sentence for a person ("25·3 is 75, not 85").
    `wrong_at`: offset of the first wrong character in the step's text, None if valid. `kind`: the category of the reason;
    None if the goal can still be reached.
    """

    valid: bool
    reachable: bool
    reason: str
    wrong_at: int | None = None
    kind: ErrorKind | None = None


class Task(Protocol):
    """Problems and the grading of their answers. A minimal task defines `name`, `title` and the three abstract methods."""

    name: str
    title: str
    """The task's name for people."""

    blurb: str = ""
    """One sentence that tells a visitor what the task is."""

    examples: tuple[str, ...] = ()
    """Examples of what a visitor can type; the first one is shown."""

    levels: tuple[int, ...] = ()
    """The levels of its ready-made problems, from easy to hard; empty if problems can only be typed."""

    splits: tuple[Split, ...] = SPLITS
    """The splits of its ready-made problems; always includes "test"."""

    subjects: tuple[str, ...] = ()
    """The subjects by which its ready-made problems can be filtered, if their number is finite."""

    sources: str = ""
    """The sources from which its problems can be read ("a JSONL file"), if it does not make them itself; see `from_source`."""

    natural_language: bool = False
    """Are problems and steps in natural language, so that they can be long and need a policy trained on such text?"""

    latex: bool = False
    """Do problems and steps contain LaTeX formulas that should be rendered?"""

    self_recognising: bool = False
    """Can it distinguish its own problems from other texts? See `recognises`."""

    longest: int = 1_000
    """The most characters of a typed problem."""

    @abstractmethod
    def parse(self, text: str) -> Problem:
        """Parse a problem typed by a visitor. Raises `ProblemError`, whose message says what to type instead."""
        ...

    @abstractmethod
    def extract(self, problem: Problem, steps: Sequence[str]) -> str | None:
        """The answer a solution votes for, in canonical form (equal answers are equal strings); None if it has none."""
        ...

    @abstractmethod
    def grade(self, problem: Problem, steps: Sequence[str]) -> bool | None:
        """Is the solution right? None if there is no reference to grade against."""
        ...

    def problem(self, split: Split, level: int, index: int) -> Problem:
        """The `index`-th problem of a level; deterministic, and in no other split.

        Raises IndexError past the end, ValueError for an unknown split or level.
        """
        self.check_place(split, level)
        raise NotImplementedError(f"{self.title} has levels, so it must have a method `problem`")

    def size(self, split: Split, level: int) -> int | None:
        """How many ready-made problems a level has; None if unlimited. Raises ValueError as `problem` does."""
        return None

    def from_source(self, source: str) -> Self:
        """The same task with its problems read from `source`. Raises ValueError for a task that makes its own problems."""
        raise InputError(f"{self.title} makes its own problems and reads none from {source!r}; leave the source out")

    def recognises(self, text: str) -> bool:
        """Is the text clearly meant as a problem of this task? `parse` may still reject it for breaking a rule."""
        if not self.self_recognising or len(text) > self.longest:
            return False
        try:
            self.parse(text)
        except ProblemError:
            return False
        return True

    def check_length(self, text: str) -> None:
        """Call this at the start of `parse`. Raises `ProblemError` if the text is longer than `longest`."""
        if len(text) > self.longest:
            raise ProblemError(f"The problem has {len(text):,} characters; at most {self.longest:,} are taken.")

    def check_place(self, split: Split, level: int) -> None:
        """Call this at the start of `problem`. Raises ValueError, listing the known ones, for an unknown split or level."""
        if not self.levels:
            raise InputError(f"{self.title} has no ready-made problems; type one of your own")
        if split not in self.splits:
            raise InputError(f"{self.title} has no {split} split, only {', '.join(self.splits)}")
        if level not in self.levels:
            raise InputError(f"level {level} must be one of {', '.join(map(str, self.levels))}")


@runtime_checkable
class CheckedTask(Task, Protocol):
    """A task in which every step can be checked exactly."""

    error_kinds: Mapping[ErrorKind, str] = COMMON_ERRORS
    """Every `kind` that its checker uses, with a description, in the order of display."""

    @abstractmethod
    def check(self, problem: Problem, steps: Sequence[str]) -> list[StepTruth]:
        """The truth of each step of a (partial) solution, in order."""
        ...

    def impossible(self, problem: Problem) -> str | None:
        """Why the problem has no right answer, as a sentence; None if it has one or this is unknown."""
        return None

    def complete(self, problem: Problem, steps: Sequence[str], text: str) -> str:
        """Convert a step that a person typed after `steps` to the task's own form. The person may omit the parts that can be
        derived from the rest.

        The step may be false; `check` decides that. Raises `ProblemError`, whose message says what to type, if the text is
        not a step.
        """
        return text


TASKS: Registry[Task] = Registry("task", "tts_viz.tasks")

T = TypeVar("T", bound=Task)


def task(cls: type[T]) -> type[T]:
    """Class decorator: register a task in `TASKS`. The class is called without arguments and must be cheap to create."""
    entry = cls()
    TASKS.add(entry.name, entry)
    return cls
