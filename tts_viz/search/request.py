"""One thing that a session wants of a model, as a value; and which ids and seeds such requests have."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tts_viz.core.events import Event, Expanded, NoCandidate, NodeId, NodeKind, Scored
from tts_viz.core.node import place_of


@dataclass(frozen=True, slots=True)
class Request:
    """One thing wanted: a child (`node` is its id, `parent` where it grows) or a score (`node` is scored).

    `seed` is 64 bits and depends on the session's seed and the node id only, so that no neighbour changes a sample.
    """

    want: Literal["child", "score"]
    node: NodeId
    parent: NodeId
    kind: NodeKind = "step"
    greedy: bool = False
    seed: int = 0

    def fits(self, event: Expanded | NoCandidate | Scored) -> bool:
        """Is a recorded event of this node an answer to this request?"""
        same = isinstance(event, Scored) or (event.parent, event.node_kind) == (self.parent, self.kind)
        return same and event.by == "search"


def child_request(node: NodeId) -> Request:
    """For what would be the first child of this node: a way to name all that a policy has read down to it."""
    return Request("child", f"{node}.0", node)


def score_request(node: NodeId) -> Request:
    """For the score of this node: a way to name all that a verifier has read down to it."""
    return Request("score", node, node.rpartition(".")[0])


def request_seed(seed: int, node: NodeId) -> int:
    """64 bits from the session's seed and the id of the node to be made (which ends in the child's index)."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{node}".encode(), digest_size=8).digest(), "little")


def first_free(trace: Iterable[Event]) -> Counter[tuple[NodeId, NodeKind]]:
    """The first child index of each node and kind that no answer has used; ids of children that never came are free."""
    free = Counter[tuple[NodeId, NodeKind]]()
    for event in trace:
        if isinstance(event, Expanded | NoCandidate) and event.by == "search":
            key = event.parent, event.node_kind
            free[key] = max(free[key], place_of(event.node)[1] + 1)
    return free
