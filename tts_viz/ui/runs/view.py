"""What a visitor sees of a run at one moment: a tree folded from the trace up to then, and all panels drawn from it.

The run's own tree belongs to the scheduler's thread; a view folds its own copy from the trace, which only grows. A view
of a recording has no run: it can be looked at, from its first moment to its last, and not go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from markupsafe import Markup

from tts_viz.analysis import explain, rescoring, what_if
from tts_viz.analysis.judge import Judge, Solution
from tts_viz.analysis.lost_path import LostPath, look_back
from tts_viz.core.events import Changed, Event, Expanded, Intervention, NodeId, Settings, Undone
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Verifier
from tts_viz.errors import InterventionRefusedError
from tts_viz.render.scene import Mark, scene
from tts_viz.render.wire import Stream
from tts_viz.search.scheduler import LiveRun, RunState
from tts_viz.tasks.base import Problem
from tts_viz.traces.entry import RunId
from tts_viz.traces.recorder import Recorder
from tts_viz.ui.html import why
from tts_viz.ui.html.event_log import event_log
from tts_viz.ui.html.inspector import EMPTY, inspector
from tts_viz.ui.html.latex import typeset
from tts_viz.ui.html.meters import meters
from tts_viz.ui.html.solution_list import solution_list
from tts_viz.ui.html.status import status_line
from tts_viz.ui.runs.playback import Playback

SCORE_TIP = "How likely the verifier thinks it, after reading up to the end of this step, that the solution ends right."


class View:
    """A run as one visitor watches it. Its methods may be called from any thread.

    `saved` is the run's id in the library, None where it is not kept; `recording` the events of one that cannot go on.
    """

    def __init__(
        self,
        run: LiveRun | None,
        problem: Problem | None,
        id: str,
        saved: RunId | None = None,
        recording: Sequence[Event] = (),
    ) -> None:
        self.run, self.problem, self.saved = run, problem, saved
        self.tree = Tree()
        self.judge = Judge(problem)
        self.playback = Playback()
        self._recording = recording
        self._stream = Stream(id)
        self._lines: list[tuple[str, str]] = []
        self._marks: list[Mark] = []
        self._latest = ""
        """What happened at the moment that is shown."""
        self._selected: NodeId | None = None
        self._pointed: NodeId | None = None
        """The step that the tree was last asked to put its ring around: one written by hand, or looked for."""
        self._other: dict[str, rescoring.Scores] = {}
        """What other verifiers said of this run, by their names."""
        self._looked_back = -1
        self._lost: LostPath | None = None
        self._seen: tuple[object, ...] = ()
        self._lock = threading.Lock()

    @property
    def trace(self) -> Sequence[Event]:
        """All that has happened so far, whatever moment is shown."""
        return self.run.session.trace if self.run else self._recording

    @property
    def over(self) -> bool:
        """Has the search ended? Then it can only be ranked anew, or go on by hand."""
        return self.run is None or self.run.session.done

    @property
    def state(self) -> RunState:
        """The run's; a recording's is how it ended, "stopped" where it never did."""
        if self.run:
            return self.run.state
        return self.tree.ended.why if self.tree.ended else "stopped"

    @property
    def shown(self) -> int:
        """How many events are shown."""
        return self.playback.moment(len(self.trace))

    @property
    def selected(self) -> NodeId | None:
        return self._selected

    # --- what a visitor does -----------------------------------------------------------------------------------------

    def change(self, chosen: Settings) -> None:
        """Ask the run for these settings, as far as they differ from those in force; its seed it keeps."""
        if not self.run:
            return
        now = self.run.session.tree.settings
        wanted = {f.name: getattr(chosen, f.name) for f in fields(Settings) if f.name != "seed"}
        if changes := {name: value for name, value in wanted.items() if value != getattr(now, name)}:
            self.run.change(**changes)

    def intervene(self, make: Callable[[Tree], Intervention | Undone]) -> None:
        """Do by hand what `make` makes of the tree as it is shown. Raises `InterventionRefusedError` in words for the visitor."""
        with self._lock:
            if self.run is None:
                raise InterventionRefusedError(
                    "This is a recording whose models are not here: it can be looked at, not changed."
                )
            if self.shown < len(self.trace):
                raise InterventionRefusedError(
                    "You are looking at an earlier moment: go to the last one, or fork the run here."
                )
            self._catch_up()
            intervention = make(self.tree)
            self.run.intervene(intervention)
            if isinstance(intervention, Expanded):
                self._selected = self._pointed = intervention.node  # its truth is what the visitor wants to see now

    def select(self, node: NodeId) -> Markup | None:
        """Keep this node in the inspector; its panel, None for a node that is not there."""
        with self._lock:
            if node not in self.tree.nodes:
                return None
            self._selected = node
            return self._inspector()

    def point_at(self, node: NodeId) -> None:
        """Select this node, once it is shown, and have the tree put its ring around it."""
        with self._lock:
            self._selected = self._pointed = node

    async def what_if(
        self, source: str, verifier: Verifier | None, share: float, aggregation: str | None, vote: str | None
    ) -> Markup:
        """The search as it would have been decided by other scores. What a verifier said once is remembered.

        Raises ValueError and EngineError, in words for the visitor.
        """
        tree = Tree.fold(self.trace[: self.shown])
        if verifier:
            known = await rescoring.rescored(tree, verifier, f"whatif-{id(self)}", self._other.get(source))
            scores = self._other[source] = known.scores
        else:
            scores = rescoring.oracle(tree, self.judge) if source == "oracle" else rescoring.recorded(tree)
        if share:
            scores = rescoring.flipped(scores, share)
        return why.what_if(what_if.reconsider(tree, Judge(self.problem), scores, aggregation, vote), tree)

    # --- what they see -----------------------------------------------------------------------------------------------

    def status(self) -> Markup:
        """The line that says how the run stands."""
        with self._lock:
            return self._status(self.judge.solutions(self.tree))

    def refresh(self) -> dict[str, Any] | None:
        """The page's parts by name, at the moment that is shown; None when nothing has changed."""
        with self._lock:
            seen = (len(self.trace), self.shown, self.playback.playing, self.state, self._selected)
            if seen == self._seen:
                return None
            self._seen = seen
            self._catch_up()
            return self._parts()

    def _catch_up(self) -> None:
        shown = self.shown
        if shown < self.tree.length:
            self.tree, self._lines, self._marks = Tree(), [], []
        for event in self.trace[self.tree.length : shown]:
            self._take(event)

    def _take(self, event: Event) -> None:
        line = explain.happened(event, self.tree)
        self._latest = line or explain.detail(event, self.tree)
        if line:
            self._lines.append((event.by, line))
            if isinstance(event, Changed):
                self._marks.append(Mark(1 + max(n.depth for n in self.tree.nodes.values()), line))
        self.tree.apply(event)

    def _parts(self) -> dict[str, Any]:
        solutions = self.judge.solutions(self.tree)
        chosen = solutions[0].node if solutions else None
        elapsed = self.run.elapsed if self.run and self.shown == len(self.trace) else self.tree.spent.seconds
        return {
            "tree": self._stream.send(
                scene(self.tree, self.judge.truths(self.tree), chosen, self._marks, lost_here=self._lost_here()),
                self._pointed,
            ),
            "scrubber": self.playback.shown(len(self.trace), self._latest),
            "status": self._status(solutions),
            "meters": meters(self.tree, elapsed),
            "solutions": solution_list(self.tree, solutions),
            "log": event_log(self._lines),
            "inspector": self._inspector(),
            "typeset": self._typeset(chosen),
            "why": self._why(solutions),
            "state": self.state,
        }

    def _typeset(self, chosen: NodeId | None) -> dict[str, Any]:
        """The solution up to the selected step, or the chosen one, as it would be printed, where it has formulas."""
        node = self.tree.nodes.get(self._selected or chosen or "")
        if not (node and node.depth and self.problem and self.problem.task == "math500"):
            return {"visible": False, "__type__": "update"}
        text = "\n\n".join(step.text for step in node.path())
        return {"value": f"### Solution\n\n{typeset(text)}", "visible": True, "__type__": "update"}

    def _why(self, solutions: Sequence[Solution]) -> Markup:
        node = self.tree.nodes.get(self._selected) if self._selected else None
        table = why.rivals(self.tree, node, self.judge.truths(self.tree))
        if not (self.judge.checks and self.tree.ended):
            return table
        return why.lost_path_line(self._lost_path(), self.tree, any(s.correct for s in solutions)) + table

    def _lost_path(self) -> LostPath | None:
        """Where the right path was lost, once the search has ended; looked for once."""
        if not (self.judge.checks and self.tree.ended):
            return None
        if self._looked_back != self.tree.length:
            self._looked_back = self.tree.length
            self._lost = look_back(self.trace[: self.tree.length], self.judge).lost
        return self._lost

    def _lost_here(self) -> tuple[NodeId, ...]:
        lost = self._lost_path()
        return lost.pruned if lost else ()

    def _status(self, solutions: Sequence[Solution]) -> Markup:
        if self.run is None:
            return status_line(self.state, None, solutions, self.judge.impossible)
        unkept = self.run.keep.fault if isinstance(self.run.keep, Recorder) else None
        return status_line(self.state, self.run.error, solutions, unkept, self.judge.impossible)

    def _inspector(self) -> Markup:
        node = self.tree.nodes.get(self._selected) if self._selected else None
        if node is None:
            return EMPTY
        fate = explain.why(self.tree, node)
        return inspector(self.tree, node, fate, self.judge.truths(self.tree), self.problem, SCORE_TIP)
