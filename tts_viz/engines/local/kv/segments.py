"""The cache of keys and values as trees of segments: one segment for each prompt or step.

A segment is looked up by its tokens under its parent, within one search: neither the costs nor the speed of a search may
reveal what others searched before. An evicted segment is read again when needed, and counted as reread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from tts_viz.engines.local.kv.ragged_cache import KV

MOST_LOST = 100_000
"""Most evicted segments that are still recorded as such."""


@dataclass(eq=False, slots=True)
class Segment:
    """The keys and values of its tokens, as far as computed; `tail` is the last hidden state once all of them are.

    Only `Forest.hold` sets both, because it counts their bytes.
    """

    tokens: tuple[int, ...]
    parent: Segment | None
    kv: KV = field(default_factory=list)
    tail: Tensor | None = None
    children: dict[tuple[int, ...], Segment] = field(default_factory=dict)
    filled: set[Segment] = field(default_factory=set)
    """The children with cached data. Always empty if the segment itself has none."""
    used: int = 0
    size: int = 0
    """Bytes of its cached data."""
    pending: int = 0
    """Tokens that were sampled and not read yet: the last one of a sampled step, until the step is continued."""
    lost: bool = False
    """Its keys and values were cached once, and were evicted."""

    @property
    def known(self) -> int:
        """How many of its tokens have keys and values."""
        return self.kv[0][0].shape[1] if self.kv else 0

    def path(self) -> list[Segment]:
        """From the first segment down to this one."""
        found: list[Segment] = []
        at: Segment | None = self
        while at is not None and at.parent is not None:
            found.append(at)
            at = at.parent
        return found[::-1]


class Forest:
    """All segments, under a root for each search. `limit` is in bytes; the least recently used segments are evicted first.

    Sizes are counted incrementally and segments kept in order of use, so the cost of evicting depends on what is evicted,
    not on what is cached.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.roots: dict[str, Segment] = {}
        self.size = 0
        """Bytes of all segments."""
        self._clock = 0
        self._by_use: OrderedDict[Segment, None] = OrderedDict()
        """All segments with cached data, the least recently used first; a parent after its children."""
        self._lost: dict[Segment, None] = {}

    def tick(self) -> None:
        """Starts a new batch: `forget` keeps what it uses until the next one."""
        self._clock += 1

    def find(self, path: Sequence[tuple[int, ...]], search: str = "") -> Segment:
        """The last segment of a path of non-empty token tuples; missing segments are created."""
        end = self.roots.setdefault(search, Segment((), None))
        for tokens in path:
            end = end.children.get(tokens) or self._new(end, tokens)
        self._touch(end)
        return end

    def child(self, parent: Segment, tokens: tuple[int, ...]) -> Segment:
        """The child of `parent` with these tokens, created if missing; marks both as used."""
        found = parent.children.get(tokens) or self._new(parent, tokens)
        self._touch(found)
        return found

    def known(self, path: Sequence[tuple[int, ...]], search: str = "") -> Segment | None:
        """As `find`, but None if the segment does not exist."""
        at = self.roots.get(search)
        for tokens in path:
            at = at.children.get(tokens) if at else None
        return at

    def hold(self, segment: Segment, kv: KV, tail: Tensor | None) -> None:
        """Sets the cached data of a segment, replacing what it had."""
        size = sum(k.nbytes + v.nbytes for k, v in kv) + (tail.nbytes if tail is not None else 0)
        self.size += size - segment.size
        segment.kv, segment.tail, segment.size = kv, tail, size
        if size and segment not in self._by_use:
            self._by_use[segment] = None
            if segment.parent is not None:
                segment.parent.filled.add(segment)
            self._touch(segment)
        if size:
            segment.lost = False
            self._lost.pop(segment, None)

    def forget(self, limit: int | None = None) -> None:
        """Evicts the least recently used leaves until the size is well below the limit; never one of the current batch."""
        limit = self.limit if limit is None else limit
        if self.size > limit:
            while self._by_use and self.size > 0.8 * limit:
                oldest = next(iter(self._by_use))
                if oldest.used == self._clock:
                    break
                self.lose(oldest)
        if len(self._lost) > MOST_LOST:
            self._drop_lost()

    def lose(self, segment: Segment) -> None:
        """Evicts this segment and all its descendants."""
        for filled in _filled(segment):
            filled.lost = True
            self._lost[filled] = None
            self._empty(filled)

    def close(self, search: str) -> None:
        """Drops everything of a finished search."""
        if root := self.roots.pop(search, None):
            for segment in _below(root):
                self._lost.pop(segment, None)
                self._empty(segment)

    def _new(self, parent: Segment, tokens: tuple[int, ...]) -> Segment:
        made = parent.children[tokens] = Segment(tokens, parent)
        return made

    def _touch(self, segment: Segment) -> None:
        """Marks the segment and its ancestors as used now."""
        at: Segment | None = segment
        while at is not None:
            at.used = self._clock
            if at in self._by_use:
                self._by_use.move_to_end(at)
            at = at.parent

    def _empty(self, segment: Segment) -> None:
        self.size -= segment.size
        segment.kv, segment.tail, segment.size = [], None, 0
        self._by_use.pop(segment, None)
        if segment.parent is not None:
            segment.parent.filled.discard(segment)

    def _drop_lost(self) -> None:
        """Removes evicted segments from the tree, except those that the current batch is about to read again."""
        for segment in [s for s in self._lost if s.used != self._clock]:
            del self._lost[segment]
            if segment.parent is not None:  # all its descendants are lost too
                segment.parent.children.pop(segment.tokens, None)
        self.roots = {search: root for search, root in self.roots.items() if root.children}


def _filled(segment: Segment) -> list[Segment]:
    """This segment and its descendants, those with cached data; children after their parents."""
    found = [segment] if segment.size else []
    waiting = list(segment.filled)
    while waiting:
        found.append(at := waiting.pop())
        waiting.extend(at.filled)
    return found


def _below(segment: Segment) -> Iterator[Segment]:
    waiting = list(segment.children.values())
    while waiting:
        at = waiting.pop()
        waiting.extend(at.children.values())
        yield at
