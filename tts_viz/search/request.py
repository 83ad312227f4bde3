"""A session's request to a model, as a value, and the ids and seeds of requests."""

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
    """A request for a child (`node` is its id, `parent` the node it is sampled from) or for a score (of `node`).

    `seed` has 64 bits and depends only on the session's seed and the node id, so that a sample does not depend on its batch.
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
    """The request for this node's first child: it identifies the text that a policy has read down to the node."""
    return Request("child", f"{node}.0", node)


def score_request(node: NodeId) -> Request:
    """The request for this node's score: it identifies the text that a verifier has read down to the node."""
    return Request("score", node, node.rpartition(".")[0])


def request_seed(seed: int, node: NodeId) -> int:
    """A 64-bit seed from the session's seed and the id of the new node (which ends in the child's index)."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{node}".encode(), digest_size=8).digest(), "little")


def first_free(trace: Iterable[Event]) -> Counter[tuple[NodeId, NodeKind]]:
    """The first unused child index for each node and kind; ids of children that were requested but never came are free."""
    free = Counter[tuple[NodeId, NodeKind]]()
    for event in trace:
        if isinstance(event, Expanded | NoCandidate) and event.by == "search":
            key = event.parent, event.node_kind
            free[key] = max(free[key], place_of(event.node)[1] + 1)
    return free
