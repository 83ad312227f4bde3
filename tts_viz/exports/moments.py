"""A recorded run as moments to step through: the tree at each, and what happened then, in plain words.

Knows nothing about pages. The pictures are one `wire.Stream`: a line for each moment at which something changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from tts_viz import words
from tts_viz.events import Changed, Event, Grew, NodeId, Scored, Valued, Withered
from tts_viz.render.scene import Mark, scene
from tts_viz.render.wire import Stream
from tts_viz.solutions import Judge
from tts_viz.tree import Tree

MOST_DRAWN = 1_000_000
"""Nodes times moments: more takes too long to draw, so in longer runs several events share a moment."""

LEAST_MOMENTS = 200

LONGEST = 100
"""Characters of a step's text in a sentence."""


class Moment(NamedTuple):
    """`events` have happened, `lines` of the stream are said, and `words` say what happened last."""

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
    judge, tree, stream = Judge.of(Tree.fold(events[:1])), Tree(), Stream(run)
    found: list[Moment] = []
    marks: list[Mark] = []
    stride, said = _stride(events), ""
    for index, event in enumerate(events, 1):
        told = words.happened(event, tree)
        said = told or said or _small(event, tree)
        if told and isinstance(event, Changed):
            marks.append(Mark(1 + max(n.depth for n in tree.nodes.values()), told))
        tree.apply(event)
        if index % stride == 0 or index == len(events):
            solutions = judge.solutions(tree)
            chosen = solutions[0].node if solutions else None
            text = stream.send(scene(tree, judge.truths(tree), chosen, marks))
            found.append(Moment(index, text.count("\n"), said))
            said = ""
    return Moments(stream.text, found, [mark.label for mark in marks], tree, judge)


def _stride(events: Sequence[Event]) -> int:
    """How many events share a moment."""
    nodes = 1 + sum(isinstance(event, Grew) for event in events)
    return ceil(len(events) / max(LEAST_MOMENTS, MOST_DRAWN // nodes))


def _small(event: Event, before: Tree) -> str:
    """What `words.happened` finds too small to tell of a run that goes on, but not of one moment."""
    match event:
        case Grew(node_kind="attempt"):
            return "another attempt begins"
        case Grew(node_kind="rollout"):
            return f"looking ahead: {_short(event.text)}"
        case Grew():
            return f"a step: {_short(event.text)}"
        case Withered():
            return "looking ahead, the policy had nothing to say"
        case Scored():
            return f"the verifier gives {event.rewards[-1]:.2f} to {_named(before, event.node)}"
        case Valued():
            return f"the search now counts {_named(before, event.node)} as {event.value:.2f}"
        case _:
            return ""


def _named(tree: Tree, node: NodeId) -> str:
    return f"“{_short(tree.nodes[node].text)}”" if tree.nodes[node].text else "the problem"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
