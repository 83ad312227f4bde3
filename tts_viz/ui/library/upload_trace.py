"""A trace from a visitor's own machine, as the command line or the page wrote it, becomes one of their runs.

It may say anything, so that nothing is computed with it before it is checked; what goes on from it is as limited as a run
that began here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from io import BytesIO

from tts_viz.analysis.judge import Judge
from tts_viz.core.events import Expanded
from tts_viz.core.tree import Tree
from tts_viz.errors import ProblemError, TraceError
from tts_viz.tasks import get_task
from tts_viz.tasks.base import CheckedTask, Problem
from tts_viz.tasks.math500 import LONGEST
from tts_viz.traces import jsonl
from tts_viz.traces.entry import RunId
from tts_viz.traces.recorder import summary
from tts_viz.ui.runs.start import problem_of
from tts_viz.ui.runs.visitors import MAX_NODES, Visitors


def add(visitors: Visitors, tasks: Collection[str], key: str, data: bytes) -> RunId:
    """Keep it in the library. Raises ValueError in words for the visitor, and OSError where the library cannot be written."""
    try:
        events = jsonl.read_from(BytesIO(data)).events
    except TraceError as error:
        raise ValueError(f"This file is no trace of a run ({error}).") from None
    if sum(isinstance(event, Expanded) for event in events) >= MAX_NODES:
        raise ValueError(
            f"This run has more than {MAX_NODES:,} steps, which is too much for a page that others use too."
        )
    if problem := problem_of(events):
        _check(problem, tasks)
    run = visitors.library.importing(visitors.owner(key), events)
    tree = Tree.fold(events)
    found = summary(tree, Judge(problem))
    visitors.library.summarize(run, found if tree.ended else replace(found, state="stopped"))
    return run


def _check(problem: Problem, tasks: Collection[str]) -> None:
    """Is it one that can be asked here? Exact checkers try all ways to the goal: a made-up one could keep them busy for ever."""
    if problem.task not in tasks:
        raise ValueError(f"This run solves a problem of “{problem.task[:40]}”, which is not offered here.")
    task, known = get_task(problem.task), len(problem.question) <= LONGEST
    if isinstance(task, CheckedTask):
        try:
            asked = task.parse(problem.question)
        except ProblemError:
            known = False
        else:
            known = (asked.prompt, asked.answer) == (problem.prompt, problem.answer)
    if not known:
        raise ValueError("The problem of this run is none that can be asked here.")
