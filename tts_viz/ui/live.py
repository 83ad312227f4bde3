"""What a visitor sees of a run at one moment: a tree folded from the trace so far, and all panels drawn from it.

The run's own tree belongs to the scheduler's thread; a view folds its own copy from the trace, which only grows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz import words
from tts_viz.solutions import Solution, Truths, ranked
from tts_viz.tree import Node, Tree
from tts_viz.ui.inspector import EMPTY, inspector
from tts_viz.ui.markup import html, join
from tts_viz.ui.meters import meters
from tts_viz.ui.solution_list import solution_list
from tts_viz.ui.visitors import Visitors, Watched

POLL = 0.08
"""Seconds between two looks at a run."""

LINES = 60
"""Lines of the event log on the page."""

STATUS = {
    "running": "Searching …",
    "paused": "Paused. Resume goes on; Step does one round.",
    "held": "The budget is spent. Raise it to go on, or Stop.",
    "full": "The tree has reached this page's limit of nodes. All of it stays.",
    "failed": "",
    "stopped": "Stopped. Everything found so far stays.",
    "finished": "Finished.",
}


def status_line(state: str, text: str) -> Markup:
    return html('<div class="status {}" role="status"><span class="dot"></span><span>{}</span></div>').format(state, text)


READY = status_line("ready", "Press Run and watch the tree grow.")


async def follow(visitors: Visitors, key: str, watched: Watched) -> AsyncIterator[list[Any]]:
    """The page's moving parts, whenever something changed, for as long as this visitor watches this run."""
    view = View(watched)
    while visitors.watched(key) is watched:
        if await asyncio.to_thread(view.refresh):
            yield view.values()
        await asyncio.sleep(POLL)


class View:
    """Folds a trace as it grows and draws from it. One a tail; used from one thread at a time."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.tree = Tree()
        self.truths = Truths(watched.problem)
        self._log: list[tuple[str, str]] = []
        self._seen: tuple[Any, ...] = ()

    def refresh(self) -> bool:
        """Take in what has happened. Is there anything new to show?"""
        run = self.watched.run
        seen = (len(run.session.trace), run.state, self.watched.selected)
        if seen == self._seen:
            return False
        self._seen = seen
        for event in run.session.trace[self.tree.length : seen[0]]:
            self.tree.apply(event)
            if line := words.happened(event, self.tree):
                self._log.append((event.by, line))
        return True
