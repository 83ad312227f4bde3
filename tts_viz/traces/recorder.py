"""Writes one run to the library as it happens, with the summary that the list of runs shows.

If the library cannot be written, the run continues; `fault` tells the user, and the events are written once that is
possible again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from tts_viz.analysis.judge import Judge
from tts_viz.core.events import Event
from tts_viz.core.tree import Tree
from tts_viz.search.session import Session
from tts_viz.traces.entry import RunId, Summary
from tts_viz.traces.library import Library

log = logging.getLogger(__name__)

SUMMARY_SECONDS = 0.5
"""Least seconds between two summaries of a running search."""

RETRY_SECONDS = 5.0
"""Least seconds between two tries to write after a failure, while the run continues."""

NOT_NOW = "This run is not kept at the moment: the library of runs cannot be written. It is tried again while the run goes on."
NO_MORE = "This run is no longer kept: its place in the library is gone, or another page writes it."

MOST_DEPTHS = 40


class Recorder:
    """Call it with the session after each answer; it writes the new events, or sets `fault`.

    `run` is None until the run could be written for the first time.
    """

    def __init__(
        self,
        library: Library,
        run: RunId | None,
        written: int = 0,
        begin: Callable[[Sequence[Event]], RunId] | None = None,
    ) -> None:
        """`written`: how many events the library already has. `begin` adds the run to the library if `run` is None."""
        self.library, self.run = library, run
        self.fault: str | None = None
        self._begin = begin
        self._written = written
        self._judge: Judge | None = None
        self._summarized_at = 0.0
        self._given_up = False
        self._failed_at = 0.0

    def __call__(self, session: Session) -> None:
        if self._given_up or (self.fault and monotonic() < self._failed_at + RETRY_SECONDS and session.wants):
            return
        if len(session.trace) == self._written and not self.fault:
            return
        try:
            self._write(session)
            self.fault = None
        except OSError as error:
            if not self.fault:
                log.warning("run %s is not kept at the moment: %s", self.run, error)
            self.fault, self._failed_at = NOT_NOW, monotonic()
        except (KeyError, ValueError) as error:  # purged, or written by another page
            log.warning("run %s is not kept any more: %s", self.run, error)
            self.fault, self._given_up = NO_MORE, True

    def _write(self, session: Session) -> None:
        if self.run is None and self._begin:
            self.run = self._begin(session.trace)
        elif self.run:
            self.library.append(self.run, self._written, session.trace[self._written :])
        assert self.run, "without a run there is a way to begin one"
        self._written = len(session.trace)
        now = monotonic()
        if self.fault or now - self._summarized_at > SUMMARY_SECONDS or session.state != "going":
            self._summarized_at = now
            self._judge = self._judge or Judge.of(session.tree)
            self.library.summarize(self.run, summary(session.tree, self._judge, session.failure is not None))


def summary(tree: Tree, judge: Judge, failed: bool = False) -> Summary:
    """The current summary of a search for the list of runs. `failed`: its strategy has crashed."""
    solutions = judge.solutions(tree)
    best = solutions[0] if solutions else None
    return Summary(
        strategy=tree.settings.strategy,
        state=tree.ended.why if tree.ended else "failed" if failed else "running",
        nodes=len(tree.nodes),
        generations=tree.generations,
        tokens=tree.spent.tokens,
        answer=best.answer if best else None,
        verdict=best.correct if best else None,
        spark=spark(tree),
    )


def spark(tree: Tree) -> tuple[float, ...]:
    """The best score at each depth with a scored step."""
    best: dict[int, float] = {}
    for node in tree.nodes.values():
        score = tree.score(node) if node.kind == "step" and node.depth <= MOST_DEPTHS else None
        if score is not None:
            best[node.depth] = max(score, best.get(node.depth, 0.0))
    return tuple(best[depth] for depth in sorted(best))
