"""Which visitors are here and what each of them watches. Keeps visitors apart and limits their load on the machine.

A visitor is one browser tab, identified by the unguessable key that Gradio gives it; only that key gives access to its runs.
The library identifies the owner of a run by another key, which the browser keeps between visits; only its hash is stored.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tts_viz.core.events import Event
from tts_viz.engines.base import Policy, Verifier
from tts_viz.errors import CrowdedError
from tts_viz.search.scheduler import LiveRun, Scheduler
from tts_viz.search.session import Session
from tts_viz.tasks.base import Problem
from tts_viz.traces.entry import RunId
from tts_viz.traces.library import Library
from tts_viz.traces.recorder import Recorder
from tts_viz.ui.runs.view import View

MAX_VISITORS = 64
"""Most visitors with a search at one time; the next one is refused."""

MAX_NODES = 5_000
"""Most nodes in one visitor's tree."""

Place = Literal["main", "left", "right", "lesson", "bench"]
"""Where on the page a run is shown: the search, one side of the comparison, the lesson, or (without being shown) the
samples that a verifier is examined on."""


@dataclass(slots=True)
class Visitors:
    """The registry. Every method may be called from any thread.

    `everything`: every visitor sees all runs of the library, as on the operator's own machine.
    """

    scheduler: Scheduler
    library: Library
    everything: bool = False
    _views: dict[str, dict[Place, View]] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _count: int = 0

    # --- who they are ---------------------------------------------------------------------------------------------

    def introduce(self, key: str, browser: str) -> None:
        """Record that this tab belongs to the browser with this key."""
        with self._lock:
            self._owners[key] = hashlib.blake2b(browser.encode(), digest_size=16).hexdigest()

    def owner(self, key: str) -> str:
        """The owner under whom the library keeps this visitor's runs: the hashed key of the browser, or else of the tab."""
        return self._owners.get(key) or hashlib.blake2b(key.encode(), digest_size=16).hexdigest()

    def sees(self, key: str) -> str | None:
        """The owner whose runs this visitor sees; None for all runs."""
        return None if self.everything else self.owner(key)

    # --- what they watch ------------------------------------------------------------------------------------------

    def view(self, key: str, place: Place = "main") -> View | None:
        """What this visitor is watching there, if anything."""
        return self._views.get(key, {}).get(place)

    def start(
        self,
        key: str,
        session: Session,
        engines: tuple[Policy, Verifier],
        problem: Problem | None,
        pace: float = 0.0,
        place: Place = "main",
        saved: RunId | None = None,
        forked: tuple[RunId | None, int] | None = None,
        paused: bool = False,
    ) -> View:
        """Start a run that this visitor watches; it replaces the one at that place. Raises `CrowdedError`.

        It is recorded in the library: as a continuation of the run `saved`, or as a new run. If the library cannot be
        written, the run continues unrecorded (see `Recorder`).
        """
        self._check_room(key)
        owner, (parent, at) = self.owner(key), forked or (None, None)
        if saved is None:
            recorder = Recorder(
                self.library,
                None,
                begin=lambda events: self.library.begin(owner, events, parent, at if parent else None),
            )
            recorder(session)
        else:
            recorder = Recorder(self.library, saved, len(session.trace))
        run = LiveRun(session, *engines, pace=pace, max_nodes=MAX_NODES, keep=recorder)
        if paused:
            run.pause()
        view = self._watch(key, place, View(run, problem, self._next()))
        self.scheduler.add(run)
        return view

    def show(self, key: str, recording: Sequence[Event], problem: Problem | None, saved: RunId, place: Place) -> View:
        """Let this visitor look at a recording. Raises `CrowdedError`."""
        self._check_room(key)
        return self._watch(key, place, View(None, problem, self._next(), saved, recording))

    def put_away(self, key: str, place: Place) -> None:
        """Clear this place: its run ends and stays in the library."""
        with self._lock:
            if view := self._views.get(key, {}).pop(place, None):
                self._drop(view)
            if not self._views.get(key, True):
                del self._views[key]

    def leave(self, key: str) -> None:
        """The browser tab was closed: its runs end and their memory is freed; they stay in the library."""
        with self._lock:
            for view in self._views.pop(key, {}).values():
                self._drop(view)
            self._owners.pop(key, None)

    def _check_room(self, key: str) -> None:
        if key not in self._views and len(self._views) >= MAX_VISITORS:
            raise CrowdedError(f"{MAX_VISITORS} people are searching here right now. Try again in a minute.")

    def _next(self) -> str:
        with self._lock:
            self._count += 1
            return f"run{self._count}"

    def _watch(self, key: str, place: Place, view: View) -> View:
        with self._lock:
            mine = self._views.setdefault(key, {})
            if before := mine.get(place):
                self._drop(before)
            mine[place] = view
            return view

    def _drop(self, view: View) -> None:
        if view.run:
            self.scheduler.drop(view.run)
        view.changed.ring()  # wakes its followers, so that they stop
