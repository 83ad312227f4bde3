"""The keys and values of everything read so far, in segments that form trees: one segment a prompt or step.

A segment is found by its tokens under its parent, within one search: what a search costs must not depend on who searched
before, nor may its speed tell. A forgotten segment is only slower: it is read again, and known to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from torch import Tensor

from tts_viz.engines.local.kv.ragged_cache import KV

MOST_LOST = 100_000
"""Forgotten segments that are remembered to have been."""


@dataclass(eq=False, slots=True)
class Segment:
    """Its own tokens' keys and values, as far as they were computed; `tail` is the last hidden state once all were."""

    tokens: tuple[int, ...]
    parent: Segment | None
    kv: KV = field(default_factory=list)
    tail: Tensor | None = None
    children: dict[tuple[int, ...], Segment] = field(default_factory=dict)
    used: int = 0
    pending: int = 0
    """How many of its tokens the model wrote and has not read: the last one of a sampled step, until it goes on."""
    lost: bool = False
    """Its keys and values were there once, and were forgotten."""

    @property
    def known(self) -> int:
        """How many of its tokens have keys and values."""
        return self.kv[0][0].shape[1] if self.kv else 0

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(k.nbytes + v.nbytes for k, v in self.kv) + (self.tail.nbytes if self.tail is not None else 0)

    def path(self) -> list[Segment]:
        """From the first segment down to this one."""
        found: list[Segment] = []
        at: Segment | None = self
        while at is not None and at.parent is not None:
            found.append(at)
            at = at.parent
        return found[::-1]


class Forest:
    """All segments, under a root for each search. `limit` is in bytes; the least recently used are forgotten first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.roots: dict[str, Segment] = {}
        self._clock = 0

    def tick(self) -> None:
        """A new batch begins: what it touches is safe from `forget` until the next one."""
        self._clock += 1

    def find(self, path: Sequence[tuple[int, ...]], search: str = "") -> Segment:
        """The last segment of a path of token tuples (none of them empty), made where it was not there."""
        at = self.roots.setdefault(search, Segment((), None))
        for tokens in path:
            at = self.child(at, tokens)
        return at

    def child(self, parent: Segment, tokens: tuple[int, ...]) -> Segment:
        found = parent.children.get(tokens)
        if found is None:
            found = parent.children[tokens] = Segment(tokens, parent)
        found.used = self._clock
        return found

    def known(self, path: Sequence[tuple[int, ...]], search: str = "") -> Segment | None:
        """As `find`, but None where it is not there."""
        at = self.roots.get(search)
        for tokens in path:
            at = at.children.get(tokens) if at else None
        return at

    def forget(self, limit: int | None = None) -> None:
        """Lose the least recently used leaves until what is left fits well; never one of the current batch."""
        limit = self.limit if limit is None else limit
        segments = list(self._all())
        size = sum(s.size for s in segments)
        if size <= limit:
            return
        for segment in sorted(segments, key=lambda s: s.used):
            if segment.used == self._clock or size <= 0.8 * limit:
                break
            # A parent was used whenever its child was, so it comes after its children or shares their time.
            size -= self.lose(segment)
        if sum(s.lost for s in segments) > MOST_LOST:
            self._forget_the_lost()

    def lose(self, segment: Segment) -> int:
        """Forget what was read of this segment and of all below it. Returns the bytes that came free."""
        freed = 0
        for gone in [*_below(segment), segment]:
            freed += gone.size
            gone.lost = gone.lost or gone.tail is not None or bool(gone.kv)
            gone.kv, gone.tail = [], None
        return freed

    def close(self, search: str) -> None:
        """This search will ask nothing more."""
        self.roots.pop(search, None)

    def _forget_the_lost(self) -> None:
        for segment in list(self._all()):
            if segment.lost and segment.parent:  # all below it are lost too
                segment.parent.children.pop(segment.tokens, None)
        self.roots = {search: root for search, root in self.roots.items() if root.children}

    def _all(self) -> Iterator[Segment]:
        return chain.from_iterable(_below(root) for root in self.roots.values())


def _below(segment: Segment) -> Iterator[Segment]:
    waiting = list(segment.children.values())
    while waiting:
        at = waiting.pop()
        waiting.extend(at.children.values())
        yield at
