"""What a visitor sees of a run at one moment: a tree folded from the trace so far, and all panels drawn from it.

The run's own tree belongs to the scheduler's thread; a view folds its own copy from the trace, which only grows.
"""

from __future__ import annotations

import threading
from dataclasses import fields
from typing import Any

from markupsafe import Markup

from tts_viz import words
from tts_viz.events import Changed, Event, Settings
from tts_viz.render.scene import Mark, scene
from tts_viz.render.wire import Stream
from tts_viz.scheduler import Run, State
from tts_viz.solutions import Judge
from tts_viz.tasks.base import Problem
from tts_viz.tree import Tree
from tts_viz.ui.event_log import event_log
from tts_viz.ui.inspector import EMPTY, inspector
from tts_viz.ui.meters import meters
from tts_viz.ui.solution_list import solution_list
from tts_viz.ui.status import status_line

SCORE_TIP = "How likely the verifier thinks it, after reading up to the end of this step, that the solution ends right."


class View:
    """A run as one visitor watches it. Its methods may be called from any thread."""

    def __init__(self, run: Run, problem: Problem, id: str) -> None:
        self.run, self.problem = run, problem
        self.tree = Tree()
        self.judge = Judge(problem)
        self._stream = Stream(id)
        self._lines: list[tuple[str, str]] = []
        self._marks: list[Mark] = []
        self._selected: str | None = None
        self._seen: tuple[object, ...] = ()
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Has the search ended? Then it can only be ranked anew."""
        return self.run.session.done

    def change(self, chosen: Settings) -> None:
        """Ask the run for these settings, as far as they differ from those in force; its seed it keeps."""
        now = self.run.session.tree.settings
        wanted = {f.name: getattr(chosen, f.name) for f in fields(Settings) if f.name != "seed"}
        if changes := {name: value for name, value in wanted.items() if value != getattr(now, name)}:
            self.run.change(**changes)

    def select(self, node: str) -> Markup | None:
        """Keep this node in the inspector; its panel, None for a node that is not there."""
        with self._lock:
            if node not in self.tree.nodes:
                return None
            self._selected = node
            return self._inspector()

    def status(self) -> Markup:
        """The line that says how the run stands."""
        with self._lock:
            return status_line(self.run.state, self.run.error, self.judge.solutions(self.tree))

    def refresh(self) -> dict[str, Any] | None:
        """The page's parts by name, from all that has happened so far; None when nothing has changed."""
        with self._lock:
            trace = self.run.session.trace
            seen = (len(trace), self.run.state, self._selected)
            if seen == self._seen:
                return None
            self._seen = seen
            for event in trace[self.tree.length : len(trace)]:
                self._take(event)
            return self._parts(self.run.state)

    def _take(self, event: Event) -> None:
        if line := words.happened(event, self.tree):
            self._lines.append((event.by, line))
            if isinstance(event, Changed):
                self._marks.append(Mark(1 + max(n.depth for n in self.tree.nodes.values()), line))
        self.tree.apply(event)

    def _parts(self, state: State) -> dict[str, Any]:
        solutions = self.judge.solutions(self.tree)
        chosen = solutions[0].node if solutions else None
        return {
            "tree": self._stream.send(scene(self.tree, self.judge.truths(self.tree), chosen, self._marks)),
            "status": status_line(state, self.run.error, solutions),
            "meters": meters(self.tree, self.run.elapsed),
            "solutions": solution_list(self.tree, solutions),
            "log": event_log(self._lines),
            "inspector": self._inspector(),
            "state": state,
        }

    def _inspector(self) -> Markup:
        node = self.tree.nodes.get(self._selected) if self._selected else None
        if node is None:
            return EMPTY
        why = words.why(self.tree, node)
        return inspector(self.tree, node, why, self.judge.truths(self.tree), self.problem, SCORE_TIP)
