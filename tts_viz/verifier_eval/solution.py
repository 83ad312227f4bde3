"""Splits a typed solution into steps: one per line, or one per paragraph if empty lines separate paragraphs.

Knows nothing about verifiers. The steps may be false, and need not have the task's own form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tts_viz.errors import ProblemError
from tts_viz.tasks import get_task
from tts_viz.tasks.base import CheckedTask, Problem

MOST_STEPS = 60
LONGEST_STEP = 2_000
"""Characters."""

NUMBERED = re.compile(r"(?:step\s*)?\d{1,2}\s*[.:)]\s+(?=\S)", re.IGNORECASE)
"""Numbering before a step in a pasted list: "1. ", "2) ", "Step 3: "."""


@dataclass(frozen=True, slots=True)
class SolutionUnderTest:
    """A problem and the steps of one (partial) solution of it."""

    problem: Problem
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A solution as read, and the steps that were completed: (index from 0, text as typed)."""

    solution: SolutionUnderTest
    completed: tuple[tuple[int, str], ...] = ()


def read_solution(problem: Problem, text: str) -> Reading:
    """The solution in this text. Raises ValueError, worded for the visitor who typed it."""
    if len(text) > MOST_STEPS * LONGEST_STEP:
        raise ValueError(f"The solution has {len(text):,} characters; at most {MOST_STEPS * LONGEST_STEP:,} are read.")
    return read_steps(problem, split_steps(text))


def split_steps(text: str) -> list[str]:
    """Split a text into steps: at empty lines if it has paragraphs, else at line ends. Drops numbers before steps."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    parts = re.split(r"\n\s*\n", text) if _in_paragraphs(text) else text.split("\n")
    steps = [part.strip() for part in parts if part.strip()]
    if len(steps) > 1 and all(NUMBERED.match(step) for step in steps):
        steps = [NUMBERED.sub("", step, count=1) for step in steps]
    return steps


def _in_paragraphs(text: str) -> bool:
    """Whether empty lines separate the steps, some of which have several lines."""
    return any("\n" in part.strip() for part in re.split(r"\n\s*\n", text)) and re.search(r"\n\s*\n", text) is not None


def read_steps(problem: Problem, steps: Sequence[str]) -> Reading:
    """The same for a text already split into steps. Raises ValueError, worded for a visitor.

    A short form of a step ("25*2") that the task's checker cannot read is completed. Any other unreadable step is kept, since
    its score is of interest too.
    """
    if not steps:
        raise ValueError("There is no step to score yet: type the solution, one step a line.")
    if len(steps) > MOST_STEPS:
        raise ValueError(f"The solution has {len(steps)} steps; at most {MOST_STEPS} are read.")
    for number, step in enumerate(steps, 1):
        if not step.strip():
            raise ValueError(f"Step {number} is empty.")
        if len(step) > LONGEST_STEP:
            raise ValueError(f"Step {number} has {len(step):,} characters; at most {LONGEST_STEP:,} are read.")
        if odd := next(
            (c for c in step if c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs", "Cn", "Co"}), None
        ):
            raise ValueError(f"Step {number} has a character that cannot be read (U+{ord(odd):04X}).")
    task = get_task(problem.task) if problem.task else None
    if not isinstance(task, CheckedTask):
        return Reading(SolutionUnderTest(problem, tuple(steps)))
    read: list[str] = []
    completed = []
    for i, step in enumerate(steps):
        if task.check(problem, [*read, step])[-1].kind == "format":
            try:
                step = task.complete(problem, read, step)
                completed.append((i, steps[i]))
            except ProblemError:
                pass
        read.append(step)
    return Reading(SolutionUnderTest(problem, tuple(read)), tuple(completed))
