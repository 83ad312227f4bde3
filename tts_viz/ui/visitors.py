"""Who is here and what each of them is watching. Keeps visitors apart and the machine whole.

A visitor is one browser tab, known by the unguessable key that Gradio gives it; only that key reaches its run.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tts_viz.scheduler import Run, Scheduler
from tts_viz.tasks.base import Problem
from tts_viz.ui.view import View

MAX_VISITORS = 64
"""Visitors with a search at one time; the next one is asked to wait."""

MAX_NODES = 5_000
"""Nodes of one visitor's tree."""


class CrowdedError(RuntimeError):
    """Too many searches at once. The message is for the visitor."""


@dataclass(slots=True)
class Visitors:
    """The registry. Every method may be called from any thread."""

    scheduler: Scheduler
    _views: dict[str, View] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _count: int = 0

    def view(self, key: str) -> View | None:
        """What this visitor is watching, if anything."""
        return self._views.get(key)

    def start(self, key: str, run: Run, problem: Problem) -> View:
        """Let this visitor watch a new run; the one before is dropped. Raises `CrowdedError`."""
        with self._lock:
            if key not in self._views and len(self._views) >= MAX_VISITORS:
                raise CrowdedError(f"{MAX_VISITORS} people are searching here right now. Try again in a minute.")
            self._drop(key)
            self._count += 1
            view = self._views[key] = View(run, problem, f"run{self._count}")
        self.scheduler.add(run)
        return view

    def leave(self, key: str) -> None:
        """The tab was closed: its run ends and its memory is freed."""
        with self._lock:
            self._drop(key)

    def _drop(self, key: str) -> None:
        if view := self._views.pop(key, None):
            self.scheduler.drop(view.run)
