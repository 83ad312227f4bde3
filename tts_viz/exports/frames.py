"""A recorded run as moments to step through: the tree at each, and what happened then, in plain words.

Knows nothing about pages. The pictures are `wire.Lines`: one for each moment at which something changed.
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
"""Nodes times moments: more takes too long to draw, so in longer runs several events share a moment."""

LEAST_MOMENTS = 200


class Moment(NamedTuple):
    """`events` have happened, `lines` of the stream lead to its picture, and `words` say what happened last."""

    events: int
    lines: int
    words: str


@dataclass(frozen=True, slots=True)
class Moments:
    """`tree` and `judge` are those of the last moment; `changes` say what was set anew on the way."""

    stream: str
    moments: list[Moment]
    changes: list[str]
    tree: Tree
    judge: Judge


def moments(events: Sequence[Event], run: str) -> Moments:
    """Raises ValueError for a task that does not exist and for a trace without its start."""
    judge, tree, lines = Judge.of(Tree.fold(events[:1])), Tree(), Lines(run)
    drawn: list[str] = []
    found: list[Moment] = []
    marks: list[Mark] = []
    stride, said = _stride(events), ""
    for index, event in enumerate(events, 1):
        told = explain.happened(event, tree)
        said = told or said or explain.detail(event, tree)
        if told and isinstance(event, Changed):
            marks.append(Mark(1 + max(n.depth for n in tree.nodes.values()), told))
        tree.apply(event)
        if index % stride == 0 or index == len(events):
            solutions = judge.solutions(tree)
            chosen = solutions[0].node if solutions else None
            lost = _lost_here(events, judge) if index == len(events) and tree.ended else ()
            if line := lines.next(scene(tree, judge.truths(tree), chosen, marks, lost_here=lost)):
                drawn.append(line)
            found.append(Moment(index, len(drawn), said))
            said = ""
    return Moments("".join(drawn), found, [mark.label for mark in marks], tree, judge)


def _lost_here(events: Sequence[Event], judge: Judge) -> tuple[NodeId, ...]:
    """The nodes with whose prune the last way to a right answer was lost."""
    lost = look_back(events, judge).lost if judge.checks else None
    return lost.pruned if lost else ()


def _stride(events: Sequence[Event]) -> int:
    """How many events share a moment."""
    nodes = 1 + sum(isinstance(event, Expanded) for event in events)
    return ceil(len(events) / max(LEAST_MOMENTS, MOST_DRAWN // nodes))
