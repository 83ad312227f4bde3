"""The keys and values of everything read so far, in segments that form trees: one segment a prompt or step.

A segment is found by its tokens under its parent, within one search: what a search costs must not depend on who searched
before, nor may its speed tell. A forgotten segment is only slower: it is read again, and known to be.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from tts_viz.engines.local.kv.ragged_cache import KV

MOST_LOST = 100_000
"""Forgotten segments that are remembered to have been."""


@dataclass(eq=False, slots=True)
class Segment:
    """Its own tokens' keys and values, as far as they were computed; `tail` is the last hidden state once all were.

    Both are set by `Forest.hold` only, which counts them.
    """

    tokens: tuple[int, ...]
    parent: Segment | None
    kv: KV = field(default_factory=list)
    tail: Tensor | None = None
    children: dict[tuple[int, ...], Segment] = field(default_factory=dict)
    filled: set[Segment] = field(default_factory=set)
    """Those of the children that hold something. None of them does where the segment itself holds nothing."""
    used: int = 0
    size: int = 0
    """Bytes that it holds."""
    pending: int = 0
    """How many of its tokens the model wrote and has not read: the last one of a sampled step, until it goes on."""
    lost: bool = False
    """Its keys and values were there once, and were forgotten."""

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
    """All segments, under a root for each search. `limit` is in bytes; the least recently used are forgotten first.

    What it holds is counted as it comes and goes, and kept in the order of use: to forget costs as much as there is to
    be forgotten, however much is held.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.roots: dict[str, Segment] = {}
        self.size = 0
        """Bytes of all segments."""
        self._clock = 0
        self._by_use: OrderedDict[Segment, None] = OrderedDict()
        """All that hold something, the least recently used first; a parent after its children."""
        self._lost: dict[Segment, None] = {}

    def tick(self) -> None:
        """A new batch begins: what it touches is safe from `forget` until the next one."""
        self._clock += 1

    def find(self, path: Sequence[tuple[int, ...]], search: str = "") -> Segment:
        """The last segment of a path of token tuples (none of them empty), made where it was not there."""
        end = self.roots.setdefault(search, Segment((), None))
        for tokens in path:
            end = end.children.get(tokens) or self._new(end, tokens)
        self._touch(end)
        return end

    def child(self, parent: Segment, tokens: tuple[int, ...]) -> Segment:
        """The segment of these tokens after `parent`, which is used with it."""
        found = parent.children.get(tokens) or self._new(parent, tokens)
        self._touch(found)
        return found

    def known(self, path: Sequence[tuple[int, ...]], search: str = "") -> Segment | None:
        """As `find`, but None where it is not there."""
        at = self.roots.get(search)
        for tokens in path:
            at = at.children.get(tokens) if at else None
        return at

    def hold(self, segment: Segment, kv: KV, tail: Tensor | None) -> None:
        """Keep this of what was read of a segment, in place of what is kept of it."""
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
        """Lose the least recently used leaves until what is left fits well; never one of the current batch."""
        limit = self.limit if limit is None else limit
        if self.size > limit:
            while self._by_use and self.size > 0.8 * limit:
                oldest = next(iter(self._by_use))
                if oldest.used == self._clock:
                    break
                self.lose(oldest)
        if len(self._lost) > MOST_LOST:
            self._forget_the_lost()

    def lose(self, segment: Segment) -> None:
        """Forget what was read of this segment and of all below it."""
        for gone in _filled(segment):
            gone.lost = True
            self._lost[gone] = None
            self._empty(gone)

    def close(self, search: str) -> None:
        """This search will ask nothing more."""
        if root := self.roots.pop(search, None):
            for gone in _below(root):
                self._lost.pop(gone, None)
                self._empty(gone)

    def _new(self, parent: Segment, tokens: tuple[int, ...]) -> Segment:
        made = parent.children[tokens] = Segment(tokens, parent)
        return made

    def _touch(self, segment: Segment) -> None:
        """It is used now, and so is the way to it."""
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

    def _forget_the_lost(self) -> None:
        """Forget even that they were there; but not those that the current batch is about to read again."""
        for segment in [s for s in self._lost if s.used != self._clock]:
            del self._lost[segment]
            if segment.parent is not None:  # all below it are lost too
                segment.parent.children.pop(segment.tokens, None)
        self.roots = {search: root for search, root in self.roots.items() if root.children}


def _filled(segment: Segment) -> list[Segment]:
    """This segment and all below it that hold something, children after their parents."""
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
