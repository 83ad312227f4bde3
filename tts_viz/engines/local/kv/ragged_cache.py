"""A cache for one batch of rows that share prefixes: each prefix is stored once, each row has its own tokens after it.

Keys are cached after the rotary embedding, so the segments of a path can be concatenated. No row is padded on the left.
What lies after a row's last token is masked, and initialised to zero because a masked key still adds 0 · value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

KV = list[tuple[Tensor, Tensor]]
"""Per layer: keys and values, each [heads, tokens, size of a head]."""


@dataclass(slots=True)
class Trunks:
    """The prefixes that rows share: per layer keys and values [trunks, heads, width, size], filled up to `lengths`."""

    layers: list[tuple[Tensor, Tensor]]
    lengths: Tensor
    mask: Tensor
    """[trunks, 1, 1, width]: 0 where there is a token, else the dtype's lowest number."""

    @classmethod
    def holding(cls, paths: Sequence[Sequence[KV]], device: torch.device) -> Trunks | None:
        """One trunk for each path, its segments concatenated. None if all paths are empty."""
        some = next((segment for path in paths for segment in path), None)
        if some is None:
            return None
        lengths = [sum(kv[0][0].shape[1] for kv in path) for path in paths]
        width = max(lengths)
        layers = []
        for i, (keys, values) in enumerate(some):
            laid = []
            for which, like in ((0, keys), (1, values)):
                all = like.new_empty(len(paths), like.shape[0], width, like.shape[2])
                for row, path in enumerate(paths):
                    if path:
                        torch.cat([segment[i][which] for segment in path], 1, out=all[row, :, : lengths[row]])
                    all[row, :, lengths[row] :].zero_()
                laid.append(all)
            layers.append((laid[0], laid[1]))
        filled = torch.tensor(lengths, device=device)
        dtype = some[0][0].dtype
        mask = torch.zeros(len(paths), 1, 1, width, dtype=dtype, device=device)
        mask.masked_fill_(torch.arange(width, device=device) >= filled[:, None, None, None], torch.finfo(dtype).min)
        return cls(layers, filled, mask)

    def kept(self, which: Tensor) -> Trunks:
        return Trunks([(k[which], v[which]) for k, v in self.layers], self.lengths[which], self.mask[which])


class OwnLayer(CacheLayerMixin):
    """One layer's keys and values of the rows' own tokens: buffers [rows, heads, width, size]. The cache's `places` are the
    positions of each row's new tokens."""

    def __init__(self, cache: RaggedCache) -> None:
        super().__init__()
        self.cache = cache

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        rows, heads, _, size = key_states.shape
        self.keys = key_states.new_zeros(rows, heads, self.cache.width, size)
        self.values = value_states.new_zeros(rows, heads, self.cache.width, value_states.shape[-1])
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None and self.values is not None
        cache = self.cache
        if cache.even is not None:
            end = cache.even + key_states.shape[2]
            self.keys[:, :, cache.even : end] = key_states
            self.values[:, :, cache.even : end] = value_states
        else:
            rows = torch.arange(key_states.shape[0], device=key_states.device)[:, None]
            self.keys[rows, :, cache.places] = key_states.transpose(1, 2)
            self.values[rows, :, cache.places] = value_states.transpose(1, 2)
        return self.keys[:, :, : cache.seen], self.values[:, :, : cache.seen]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.cache.seen, 0

    def get_seq_length(self) -> int:
        return self.cache.seen

    def get_max_length(self) -> int:
        return self.cache.width


class RaggedCache(Cache):
    """`paths` holds each row's prefix; rows with equal paths (the same segments) share a trunk.

    `width` is the most own tokens of a row, `lengths` [rows] the current number of them.
    """

    def __init__(self, paths: Sequence[Sequence[KV]], layers: int, width: int, device: torch.device) -> None:
        trunks: dict[tuple[int, ...], int] = {}
        rows = [trunks.setdefault(tuple(map(id, path)), len(trunks)) for path in paths]
        first = dict(zip(reversed(rows), reversed(paths)))
        self.trunks = Trunks.holding([first[i] for i in range(len(trunks))], device)
        self.width, self.seen = width, 0
        self.lengths = torch.zeros(len(paths), dtype=torch.long, device=device)
        self.even: int | None = 0
        """The rows' common length, or None if they differ."""
        self.places = torch.empty(0, dtype=torch.long, device=device)
        self._seat(torch.tensor(rows, device=device))
        super().__init__(layers=[OwnLayer(self) for _ in range(layers)])

    def _seat(self, trunk: Tensor) -> None:
        """Number the rows of each trunk (their "seats")."""
        self.trunk = trunk
        order = torch.argsort(trunk, stable=True)
        counts = torch.bincount(trunk)
        starts = torch.cumsum(counts, 0) - counts
        seat = torch.empty_like(trunk)
        seat[order] = torch.arange(len(trunk), device=trunk.device) - starts[trunk[order]]
        self.seat, self.seats = seat, int(counts.max())
        # If rows are sorted by trunk and every trunk has equally many, a view as [trunks, seats] is enough.
        self.regular = bool((trunk * self.seats + seat == torch.arange(len(trunk), device=trunk.device)).all())
        self.regular = self.regular and len(trunk) == len(counts) * self.seats

    def begin(self, counts: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """Prepares a forward pass of `longest` tokens a row, of which the first `counts` [rows] are real.

        Returns position ids [rows, longest], counted from the start of the paths, and the mask over the rows' own tokens
        [rows, 1, longest, seen]: True where a query may attend.
        """
        steps = torch.arange(longest, device=self.lengths.device)
        self.places = (self.lengths[:, None] + steps).clamp(max=self.width - 1)
        self.seen = int(self.places.max()) + 1
        mask = torch.arange(self.seen, device=self.lengths.device) <= self.places[:, :, None]
        before = self.trunks.lengths[self.trunk][:, None] if self.trunks else 0
        return self.places + before, mask[:, None]

    def advance(self, counts: Tensor) -> None:
        """Ends a pass: keeps the real tokens; the padding will be overwritten."""
        self.lengths = self.lengths + counts
        most, least = int(self.lengths.max()), int(self.lengths.min())
        self.even = most if most == least else None

    def keep(self, rows: Tensor) -> None:
        """Drops all rows but these."""
        self.lengths = self.lengths[rows]
        most, least = int(self.lengths.max()), int(self.lengths.min())
        self.even = most if most == least else None
        for layer in self.layers:
            assert isinstance(layer, OwnLayer)
            if layer.keys is not None and layer.values is not None:
                layer.keys, layer.values = layer.keys[rows], layer.values[rows]
        left, trunk = torch.unique(self.trunk[rows], return_inverse=True)
        if self.trunks and len(left) < len(self.trunks.lengths):
            self.trunks = self.trunks.kept(left)
        self._seat(trunk)

    def cut(self, row: int, start: int, end: int) -> KV:
        """A copy of the keys and values of a row's own tokens [start, end)."""
        found = []
        for layer in self.layers:
            assert isinstance(layer, OwnLayer) and layer.keys is not None and layer.values is not None
            found.append((layer.keys[row, :, start:end].clone(), layer.values[row, :, start:end].clone()))
        return found
