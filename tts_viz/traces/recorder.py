"""Writes one run to the library as it happens, with the summary that the list of runs shows.

A run is more than its record: where the library fails, the run goes on and `fault` says that it is no longer kept.
"""

from __future__ import annotations

import logging
from time import monotonic

from tts_viz.analysis.judge import Judge
from tts_viz.core.tree import Tree
from tts_viz.errors import TraceError
from tts_viz.search.session import Session
from tts_viz.traces.entry import RunId, Summary
from tts_viz.traces.library import Library

log = logging.getLogger(__name__)

SUMMARY_SECONDS = 0.5
"""Least time between two summaries of a run that goes on."""

MOST_DEPTHS = 40


class Recorder:
    """Call it with the session after each answer; what is new of the trace is safe when it returns."""

    def __init__(self, library: Library, run: RunId, written: int = 0) -> None:
        """`written`: how many events of the run the library has already."""
        self.library, self.run = library, run
        self.fault: str | None = None
        self._written = written
        self._judge: Judge | None = None
        self._summed = 0.0

    def __call__(self, session: Session) -> None:
        if self.fault or len(session.trace) == self._written:
            return
        try:
            self.library.append(self.run, self._written, session.trace[self._written :])
            self._written = len(session.trace)
            now = monotonic()
            if now - self._summed > SUMMARY_SECONDS or not session.wants:
                self._summed = now
                self._judge = self._judge or Judge.of(session.tree)
                self.library.summarize(self.run, summary(session.tree, self._judge))
        except (OSError, KeyError, ValueError, TraceError) as error:
            log.warning("run %s is not kept any more: %s", self.run, error)
            self.fault = "This run is no longer kept: the library of runs cannot be written."


def summary(tree: Tree, judge: Judge) -> Summary:
    """What the list of runs shows of a search at this moment."""
    solutions = judge.solutions(tree)
    best = solutions[0] if solutions else None
    return Summary(
        strategy=tree.settings.strategy,
        state=tree.ended.why if tree.ended else "running",
        nodes=len(tree.nodes),
        generations=tree.generations,
        tokens=tree.spent.tokens,
        answer=best.answer if best else None,
        verdict=best.correct if best else None,
        spark=spark(tree),
    )


def spark(tree: Tree) -> tuple[float, ...]:
    """The best score at each depth, as far as any step was scored."""
    best: dict[int, float] = {}
    for node in tree.nodes.values():
        score = tree.score(node) if node.kind == "step" and node.depth <= MOST_DEPTHS else None
        if score is not None:
            best[node.depth] = max(score, best.get(node.depth, 0.0))
    return tuple(best[depth] for depth in sorted(best))
