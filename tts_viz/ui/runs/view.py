"""What a visitor sees of a run at one moment: the tree folded from the trace up to then, and all panels drawn from it.

The run's own tree belongs to the scheduler's thread; a view folds its own copy from the trace, which only grows. A visitor's
commands are posted to the run as wishes, and the view shows the answers to them. A view of a recording has no run: every
moment of it can be shown, but it cannot continue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Literal

from markupsafe import Markup

from tts_viz.analysis import explain, rescoring, what_if
from tts_viz.analysis.judge import Judge, Solution
from tts_viz.analysis.lost_path import LostPath, look_back
from tts_viz.core.events import Changed, Event, Expanded, Finish, NodeId
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Verifier
from tts_viz.render.scene import Mark, scene
from tts_viz.render.wire import Stream
from tts_viz.search import steering
from tts_viz.search.bell import Bell
from tts_viz.search.live_run import LiveRun, RunState
from tts_viz.search.wishes import Answer, ByHand, Edit, SetSettings, Wish, Write
from tts_viz.tasks.base import Problem
from tts_viz.traces.entry import RunId
from tts_viz.traces.recorder import Recorder
from tts_viz.ui.html import why
from tts_viz.ui.html.status import reply_line, status_line
from tts_viz.ui.panels import PANELS, Moment
from tts_viz.ui.runs.playback import Playback

Beside = Literal["bar", "settings", "steer"]
"""The controls that can send a wish; the answer is shown beside them."""

BESIDE: tuple[Beside, ...] = ("bar", "settings", "steer")


class View:
    """A run as one visitor watches it. Its methods may be called from any thread.

    `recording`: the events of a run that cannot continue; `saved`: its id in the library.
    """

    def __init__(
        self,
        run: LiveRun | None,
        problem: Problem | None,
        id: str,
        saved: RunId | None = None,
        recording: Sequence[Event] = (),
    ) -> None:
        self.run, self.problem = run, problem
        self._saved = saved
        self.tree = Tree()
        self.judge = Judge(problem)
        self.playback = Playback()
        self._recording = recording
        self._stream = Stream(id)
        self._lines: list[tuple[str, str]] = []
        self._marks: list[Mark] = []
        self._latest = ""
        """Text of the newest event that is shown."""
        self._selected: NodeId | None = None
        self._pointed: NodeId | None = None
        """The step around which the tree draws a ring: one written by hand, or opened from elsewhere."""
        self._rescored: dict[str, rescoring.Scores] = {}
        """Scores of this run by other verifiers, by their names."""
        self._looked_back = -1
        self._lost: LostPath | None = None
        self._seen: tuple[object, ...] = ()
        self._posted: dict[Beside, list[tuple[Wish, Future[Answer]]]] = {name: [] for name in BESIDE}
        """Wishes that are not answered yet, by the controls that sent them."""
        self._refusals: dict[Beside, list[str]] = {name: [] for name in BESIDE}
        self._refused_settings: list[SetSettings] = []
        self._lock = threading.RLock()
        self.changed = run.changed if run else Bell()
        """Rings when there is something new to see."""

    @property
    def saved(self) -> RunId | None:
        """The run's id in the library; None while it is not saved."""
        return self.run.keep.run if self.run and isinstance(self.run.keep, Recorder) else self._saved

    @property
    def trace(self) -> Sequence[Event]:
        """All events so far, whatever moment is shown."""
        return self.run.session.trace if self.run else self._recording

    @property
    def over(self) -> bool:
        """Has the search ended or failed for good? Then it can only be ranked again or, if it ended, continued by hand."""
        return self.run is None or self.run.session.state in ("ended", "failed")

    @property
    def state(self) -> RunState:
        """The state of the run; for a recording, how it ended, or "stopped" if it did not end."""
        if self.run:
            return self.run.state
        return self.tree.ended.why if self.tree.ended else "stopped"

    @property
    def shown(self) -> int:
        """How many events are shown."""
        with self._lock:
            return self.playback.moment(len(self.trace))

    @property
    def playing(self) -> bool:
        """Is a replay under way, so that the shown moment changes with time?"""
        with self._lock:
            return self.playback.playing

    @property
    def selected(self) -> NodeId | None:
        return self._selected

    # --- what a visitor does -----------------------------------------------------------------------------------------

    def change(self, wish: SetSettings) -> None:
        """Request these settings from the run. Settings refused earlier are requested again, since the controls still show
        them and together they may be possible."""
        with self._lock:
            again = [earlier for earlier in self._refused_settings if not wish.supersedes(earlier)]
            self._refused_settings = []
            self._clear("settings")
            for each in (*again, wish) if self.run else ():
                self._post("settings", each)

    def steer(self, beside: Beside, make: Callable[[], ByHand]) -> None:
        """Post the wish that `make` returns. A ValueError from `make` is shown to the visitor as a refusal."""
        with self._lock:
            self._clear(beside)
            if self.run is None:
                self.refuse(beside, "This is a recording whose models are not here: it can be looked at, not changed.")
                return
            newest = len(self.trace)
            if self.playback.moment(newest) < newest:
                self.refuse(beside, "You are looking at an earlier moment: go to the last one, or fork the run here.")
                return
            try:
                self._post(beside, make())
            except ValueError as error:
                self.refuse(beside, str(error))

    def refuse(self, beside: Beside, why: str) -> None:
        """Show beside these controls why something cannot be done."""
        with self._lock:
            self._refusals[beside] = [why]
            self.changed.ring()

    def written(self, before: NodeId, text: str) -> tuple[str, Finish]:
        """A step typed after this node, in the task's notation. Raises ValueError with a message for the visitor."""
        with self._lock:
            if before not in self.tree.nodes:
                raise ValueError("This step is not there any more: choose another one.")
            return self.judge.written(self.tree.nodes[before], steering.one_line(text))

    def seek(self, at: int) -> None:
        """Go to a moment and stay there."""
        with self._lock:
            self.playback.seek(at, len(self.trace))
            self.changed.ring()

    def play(self, speed: float) -> None:
        """Play from the moment that is shown; speed 0 stops there."""
        with self._lock:
            self.playback.play(speed, len(self.trace))
            self.changed.ring()

    def _clear(self, beside: Beside) -> None:
        """Drop the replies to earlier wishes from these controls, because a new wish comes."""
        self._take_answers()
        self._refusals[beside] = []

    def _post(self, beside: Beside, wish: Wish) -> None:
        assert self.run is not None
        self._posted[beside].append((wish, self.run.wish(wish)))
        self.changed.ring()

    def _take_answers(self) -> None:
        for beside, posted in self._posted.items():
            self._posted[beside] = [(wish, answer) for wish, answer in posted if not answer.done()]
            for wish, answer in posted:
                if answer.done():
                    self._take_answer(beside, wish, answer.result())

    def _take_answer(self, beside: Beside, wish: Wish, answer: Answer) -> None:
        if answer.refused:
            self._refusals[beside].append(answer.refused)
            if isinstance(wish, SetSettings):
                self._refused_settings.append(wish)
        elif isinstance(wish, Write | Edit):
            step = next(e for e in answer.events if isinstance(e, Expanded))
            self._selected = self._pointed = step.node  # the visitor wants to see the truth of this step now

    def _replies(self) -> dict[str, Markup]:
        self._take_answers()
        return {
            f"{beside}_reply": reply_line(self._refusals[beside], len(self._posted[beside])) for beside in self._posted
        }

    def select(self, node: NodeId) -> Markup | None:
        """Select this node; returns the inspector's HTML, or None if there is no such node."""
        with self._lock:
            if node not in self.tree.nodes:
                return None
            self._selected = node
            self.changed.ring()
            return PANELS["inspector"].drawn(self._moment())

    def point_at(self, node: NodeId) -> None:
        """Select this node and draw the tree's ring around it, as soon as it is shown."""
        with self._lock:
            self._selected = self._pointed = node
            self.changed.ring()

    async def what_if(
        self, source: str, verifier: Verifier | None, share: float, aggregation: str | None, vote: str | None
    ) -> Markup:
        """How the search would have been decided with other scores. Scores by other verifiers are computed once.

        Raises ValueError and EngineError, with a message for the visitor.
        """
        tree = Tree.fold(self.trace[: self.shown])
        if verifier:
            known = await rescoring.rescored(tree, verifier, f"whatif-{id(self)}", self._rescored.get(source))
            scores = self._rescored[source] = known.scores
        else:
            scores = rescoring.oracle(tree, self.judge) if source == "oracle" else rescoring.recorded(tree)
        if share:
            scores = rescoring.flipped(scores, share)
        return why.what_if(what_if.reconsider(tree, Judge(self.problem), scores, aggregation, vote), tree)

    # --- what they see -----------------------------------------------------------------------------------------------

    def status(self) -> Markup:
        """The status line of the run."""
        with self._lock:
            return self._status(self.judge.solutions(self.tree))

    def refresh(self) -> dict[str, Any] | None:
        """The page's parts by name, at the moment that is shown; None if nothing has changed."""
        with self._lock:
            replies = self._replies()
            error = self.run.error if self.run else None
            seen = (
                *(len(self.trace), self.shown, self.playback.playing, self.state, error),
                *(self._selected, self._pointed, *replies.values()),
            )
            if seen == self._seen:
                return None
            self._seen = seen
            self._catch_up()
            return self._parts() | replies

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
        moment = self._moment()
        chosen = moment.solutions[0].node if moment.solutions else None
        return {
            **{name: panel.drawn(moment) for name, panel in PANELS.items()},
            "tree": self._stream.send(
                scene(
                    self.tree, moment.truths, chosen, self._marks, lost_here=moment.lost.pruned if moment.lost else ()
                ),
                self._pointed,
            ),
            "scrubber": self.playback.shown(len(self.trace), self._latest),
            "status": self._status(moment.solutions),
            "state": self.state,
            "resumable": self.run is not None and self.run.resumable,
        }

    def _moment(self) -> Moment:
        return Moment(
            self.tree,
            self.state,
            self.problem,
            self.tree.nodes.get(self._selected) if self._selected else None,
            self.judge.solutions(self.tree),
            self.judge.truths(self.tree),
            self.judge.checks,
            self._lines,
            self.run.elapsed if self.run and self.shown == len(self.trace) else self.tree.spent.seconds,
            self._lost_path(),
        )

    def _lost_path(self) -> LostPath | None:
        """Where the right path was lost, once the search has ended; computed once."""
        if not (self.judge.checks and self.tree.ended):
            return None
        if self._looked_back != self.tree.length:
            self._looked_back = self.tree.length
            self._lost = look_back(self.trace[: self.tree.length], self.judge).lost
        return self._lost

    def _status(self, solutions: Sequence[Solution]) -> Markup:
        if self.run is None:
            return status_line(self.state, None, solutions, self.judge.impossible)
        unkept = self.run.keep.fault if isinstance(self.run.keep, Recorder) else None
        return status_line(
            self.state, self.run.error, solutions, unkept, self.judge.impossible, resumable=self.run.resumable
        )
