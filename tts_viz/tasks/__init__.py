"""One task per file. Importing this package registers our tasks, in the order in which the page shows them."""

from __future__ import annotations

from collections.abc import Iterable

# isort: off
from tts_viz.tasks import countdown, arithmetic, math500, word_problems
# isort: on

from tts_viz.errors import ProblemError
from tts_viz.tasks.base import (
    COMMON_ERRORS,
    SPLITS,
    TASKS,
    CheckedTask,
    ErrorKind,
    Problem,
    Split,
    StepTruth,
    Task,
    problem_of,
    task,
)
from tts_viz.tasks.splits import drawn

__all__ = [
    "COMMON_ERRORS",
    "SPLITS",
    "TASKS",
    "CheckedTask",
    "ErrorKind",
    "Problem",
    "ProblemError",
    "Split",
    "StepTruth",
    "Task",
    "arithmetic",
    "checked_task",
    "countdown",
    "drawn",
    "error_kinds",
    "get_task",
    "math500",
    "parse",
    "problem_of",
    "recognise",
    "task",
    "word_problems",
]

get_task = TASKS.named
"""The task of this name. Raises ValueError, listing the known tasks, for an unknown name."""


def checked_task(name: str) -> CheckedTask:
    """The task of this name, which must have an exact step checker. Raises ValueError."""
    found = get_task(name)
    if not isinstance(found, CheckedTask):
        raise ValueError(f"{found.title} has no exact step checker; choose one of {', '.join(_checked())}")
    return found


def parse(name: str, text: str) -> Problem:
    """Parse a typed problem of this task. Raises `ProblemError`, and ValueError for an unknown task."""
    chosen = get_task(name)
    chosen.check_length(text)
    return chosen.parse(text)


def recognise(text: str, among: Iterable[str] | None = None) -> Problem:
    """Parse a text with the first task that recognises it, among all tasks or those named.

    Raises `ProblemError`: if no task recognises it, with what can be typed; if it breaks a rule, with the task's message.
    """
    names = list(TASKS if among is None else among)
    for name in names:
        if get_task(name).recognises(text):
            return parse(name, text)
    known = [get_task(name) for name in names]
    ways = [f"“{one.examples[0]}” ({one.title})" for one in known if one.self_recognising and one.examples]
    named = [one.title for one in known if not one.self_recognising]
    raise ProblemError(
        f"No task can tell what “{_short(text)}” asks for."
        + (f" Type a problem such as {', '.join(ways)}." if ways else "")
        + (f" A problem of {' or '.join(named)} must be given with its task." if named else "")
    )


def error_kinds(among: Iterable[str] | None = None) -> dict[ErrorKind, str]:
    """The kinds of error of these tasks (default: all) with descriptions; the kinds common to all tasks come last."""
    found: dict[ErrorKind, str] = {}
    for name in TASKS if among is None else among:
        one = get_task(name)
        if isinstance(one, CheckedTask):
            found = {**found, **{kind: words for kind, words in one.error_kinds.items() if kind not in found}}
    return {**{kind: words for kind, words in found.items() if kind not in COMMON_ERRORS}, **COMMON_ERRORS}


def _checked() -> list[str]:
    return [name for name, one in TASKS.items() if isinstance(one, CheckedTask)]


def _short(text: str) -> str:
    flat = " ".join(text[:200].split())
    return flat if len(flat) <= 60 else f"{flat[:59]}…"
