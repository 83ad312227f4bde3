"""A recorded run as moments to step through: the tree at each, and a sentence on what happened.

Knows nothing about pages. The trees are `wire.Lines`: one for each moment that changed the tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from tts_viz.analysis import explain
from tts_viz.analysis.judge import Judge
from tts_viz.analysis.lost_path import look_back
from tts_viz.core.events import Changed, Event, Expanded, NodeId
from tts_viz.core.tree import Tree
from tts_viz.render.scene import Mark, scene
from tts_viz.render.wire import Lines

MOST_DRAWN = 1_000_000
"""Limit on nodes × moments, since more takes too long to draw: in longer runs several events share a moment."""

LEAST_MOMENTS = 200


class Moment(NamedTuple):
    """The state after `events` events: the first `lines` lines of the stream give its picture, `words` the last event."""

    events: int
    lines: int
    words: str


@dataclass(frozen=True, slots=True)
class Moments:
    """`tree` and `judge` are those of the last moment; `changes` describe the settings changed during the run."""

    stream: str
    moments: list[Moment]
    changes: list[str]
    tree: Tree
    judge: Judge


def moments(events: Sequence[Event], run: str) -> Moments:
    """The moments of a trace. Raises ValueError for an unknown task and for a trace without its Started event."""
    judge, tree, lines = Judge.of(Tree.fold(events[:1])), Tree(), Lines(run)
    drawn: list[str] = []
    found: list[Moment] = []
    marks: list[Mark] = []
    stride, words = _stride(events), ""
    for index, event in enumerate(events, 1):
        happened = explain.happened(event, tree)
        words = happened or words or explain.detail(event, tree)
        if happened and isinstance(event, Changed):
            marks.append(Mark(1 + max(n.depth for n in tree.nodes.values()), happened))
        tree.apply(event)
        if index % stride == 0 or index == len(events):
            solutions = judge.solutions(tree)
            chosen = solutions[0].node if solutions else None
            lost = _lost_here(events, judge) if index == len(events) and tree.ended else ()
            if line := lines.next(scene(tree, judge.truths(tree), chosen, marks, lost_here=lost)):
                drawn.append(line)
            found.append(Moment(index, len(drawn), words))
            words = ""
    return Moments("".join(drawn), found, [mark.label for mark in marks], tree, judge)


def _lost_here(events: Sequence[Event], judge: Judge) -> tuple[NodeId, ...]:
    """The nodes whose pruning lost the last way to a right answer."""
    lost = look_back(events, judge).lost if judge.checks else None
    return lost.pruned if lost else ()


def _stride(events: Sequence[Event]) -> int:
    """The number of events per moment."""
    nodes = 1 + sum(isinstance(event, Expanded) for event in events)
    return ceil(len(events) / max(LEAST_MOMENTS, MOST_DRAWN // nodes))
