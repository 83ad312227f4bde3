"""Shows the lesson's searches: the tree and the text on its findings, both for the steps and for the exercise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.analysis.judge import Judge
from tts_viz.core.tree import Tree
from tts_viz.lesson.outcomes import Outcome
from tts_viz.search.scheduler import RunState
from tts_viz.ui.lesson.nav import LessonNav
from tts_viz.ui.panels import PANELS
from tts_viz.ui.runs.follow import followed
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors

AT_REST: tuple[RunState, ...] = ("finished", "stopped", "held", "full")

NO_SCRUBBER = json.dumps({"at": 0, "of": 0, "playing": False, "line": ""})


def blank(parts: Iterable[str]) -> list[Any]:
    """The values of these parts before there is a run."""
    fixed = {"status": "", "tree": "", "scrubber": NO_SCRUBBER}
    return [fixed[name] if name in fixed else PANELS[name].empty for name in parts]


@dataclass(frozen=True, slots=True)
class LessonStage:
    """The tab's components; the status is the first of `parts`. `moving`: the outputs of `shown`."""

    visitors: Visitors
    nav: LessonNav
    parts: dict[str, Any]
    feedback: gr.HTML

    @property
    def moving(self) -> list[Any]:
        return [self.nav, self.feedback, *self.parts.values()]

    async def shown(self, key: str, view: View, number: int) -> AsyncIterator[tuple[list[Any], Outcome | None]]:
        """Yields updates of `moving` while this visitor watches the run, with its outcome each time it comes to rest."""
        before: dict[str, Any] = {}
        rested = 0
        async for parts in followed(self.visitors, key, "lesson", view):
            fresh = [gr.skip() if before.get(name) == parts[name] else parts[name] for name in self.parts]
            before, outcome = parts, None
            if view.state in AT_REST and view.shown == len(view.trace) != rested:
                rested = len(view.trace)
                outcome = await asyncio.to_thread(outcome_of, view)
            yield [gr.skip(), gr.skip(), *fresh], outcome


def outcome_of(view: View) -> Outcome:
    """The outcome of the whole run so far, whatever moment of it is shown."""
    trace = list(view.trace)
    return Outcome(Tree.fold(trace), Judge(view.problem), trace)
