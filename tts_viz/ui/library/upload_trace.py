"""Adds an uploaded trace, written by the command line or the page, to the visitor's runs.

The file may contain anything, so it is checked before anything is computed from it. A search that continues it has the same
limits as one that began here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import islice

from tts_viz.analysis.judge import Judge
from tts_viz.core.events import Event, Expanded, start_of
from tts_viz.core.tree import Tree
from tts_viz.errors import ProblemError, TraceError
from tts_viz.tasks import get_task, parse
from tts_viz.tasks.base import CheckedTask, Problem, problem_of
from tts_viz.traces import importers
from tts_viz.traces.entry import RunId
from tts_viz.traces.recorder import summary
from tts_viz.ui.runs.visitors import MAX_NODES, Visitors

MOST_RUNS = 100
"""Most runs in one file."""


def add(visitors: Visitors, tasks: Collection[str], key: str, data: bytes) -> list[RunId]:
    """Add all runs of a file to the library. Raises ValueError with a message for the visitor; then no run is added. Raises
    OSError if the library cannot be written."""
    try:
        found = list(islice(importers.read_from(BytesIO(data)), MOST_RUNS + 1))
    except TraceError as error:
        raise ValueError(f"This file is no trace of a run ({error}).") from None
    if len(found) > MOST_RUNS:
        raise ValueError(f"This file has more than {MOST_RUNS} runs; split it, and add its parts.")
    for recorded in found:
        _check(recorded.events, tasks)
    return [_added(visitors, key, recorded.events) for recorded in found]


def _added(visitors: Visitors, key: str, events: Sequence[Event]) -> RunId:
    run = visitors.library.importing(visitors.owner(key), events)
    tree = Tree.fold(events)
    found = summary(tree, Judge.of(tree))
    visitors.library.summarize(run, found if tree.ended else replace(found, state="stopped"))
    return run


def _check(events: Sequence[Event], tasks: Collection[str]) -> None:
    if sum(isinstance(event, Expanded) for event in events) >= MAX_NODES:
        raise ValueError(
            f"This run has more than {MAX_NODES:,} steps, which is too much for a page that others use too."
        )
    if problem := problem_of(start_of(events)):
        _check_problem(problem, tasks)


def _check_problem(problem: Problem, tasks: Collection[str]) -> None:
    """Refuse problems that cannot be posed here: exact checkers try every way to the goal, for a forged problem without end."""
    if problem.task not in tasks:
        raise ValueError(f"This run solves a problem of “{problem.task[:40]}”, which is not offered here.")
    try:
        parsed = parse(problem.task, problem.question)
    except ProblemError:
        known = False
    else:
        checked = isinstance(get_task(problem.task), CheckedTask)
        known = not checked or (parsed.prompt, parsed.answer) == (problem.prompt, problem.answer)
    if not known:
        raise ValueError("The problem of this run is none that can be asked here.")
