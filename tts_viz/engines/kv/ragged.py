"""A working cache in which every row has a write position of its own: no padding on the left, no holes, no copies.

Keys are cached after the rotary embedding, so segments of a path can be laid side by side. What lies at and after a
row's position is masked; it is kept zeroed or finite, because a masked key still meets 0 · value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

KV = list[tuple[Tensor, Tensor]]
"""Per layer: keys and values, each [heads, tokens, size of a head]."""


class RaggedLayer(CacheLayerMixin):
    """One layer's buffers [rows, heads, width, size]; `places` says where each row's new tokens go."""

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
        rows = torch.arange(key_states.shape[0], device=key_states.device)[:, None]
        self.keys[rows, :, self.cache.places] = key_states.transpose(1, 2)
        self.values[rows, :, self.cache.places] = value_states.transpose(1, 2)
        return self.keys[:, :, : self.cache.seen], self.values[:, :, : self.cache.seen]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.cache.seen, 0

    def get_seq_length(self) -> int:
        return self.cache.seen

    def get_max_length(self) -> int:
        return self.cache.width


class RaggedCache(Cache):
    """`lengths` [rows] are the positions up to which each row is filled; `width` bounds them."""

    def __init__(self, layers: int, lengths: Sequence[int], width: int, device: torch.device) -> None:
        self.lengths = torch.tensor(lengths, device=device)
        self.width, self.seen = width, 0
        self.places = torch.empty(0, dtype=torch.long, device=device)
        super().__init__(layers=[RaggedLayer(self) for _ in range(layers)])

    @classmethod
    def holding(cls, paths: Sequence[Sequence[KV]], width: int, device: torch.device) -> RaggedCache:
        """One row a path; a path's segments are laid side by side from position 0. One of the paths is not empty."""
        some = next(path[0] for path in paths if path)
        cache = cls(len(some), [sum(kv[0][0].shape[1] for kv in path) for path in paths], width, device)
        # Siblings hold the same: each path is laid out once, however many rows begin with it.
        rows_of: dict[tuple[int, ...], list[int]] = {}
        for row, path in enumerate(paths):
            rows_of.setdefault(tuple(map(id, path)), []).append(row)
        for i, layer in enumerate(cache.layers):
            assert isinstance(layer, RaggedLayer)
            keys, values = some[i]
            layer.keys = keys.new_zeros(len(paths), keys.shape[0], width, keys.shape[2])
            layer.values = values.new_zeros(len(paths), values.shape[0], width, values.shape[2])
            layer.is_initialized = True
            for rows in rows_of.values():
                path = paths[rows[0]]
                if path:
                    keys, values = (torch.cat([segment[i][which] for segment in path], 1) for which in (0, 1))
                    layer.keys[rows, :, : keys.shape[1]] = keys
                    layer.values[rows, :, : values.shape[1]] = values
        return cache

    def begin(self, counts: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """Before a forward pass of `longest` tokens a row, of which the first `counts` [rows] are real.

        Returns position ids [rows, longest] and the mask [rows, 1, longest, seen]: True where a query may look.
        """
        steps = torch.arange(longest, device=self.lengths.device)
        self.places = (self.lengths[:, None] + steps).clamp(max=self.width - 1)
        self.seen = min(int((self.lengths + counts).max()), self.width)
        self.seen = max(self.seen, int(self.places.max()) + 1)
        mask = torch.arange(self.seen, device=self.lengths.device) <= self.places[:, :, None]
        return self.places, mask[:, None]

    def advance(self, counts: Tensor) -> None:
        """After the pass: the real tokens stay, the padding will be written over."""
        self.lengths = self.lengths + counts

    def keep(self, rows: Tensor) -> None:
        """Only these rows go on."""
        self.lengths = self.lengths[rows]
        for layer in self.layers:
            assert isinstance(layer, RaggedLayer) and layer.keys is not None and layer.values is not None
            layer.keys, layer.values = layer.keys[rows], layer.values[rows]

    def cut(self, row: int, start: int, end: int) -> KV:
        """A copy of one row's keys and values at positions [start, end)."""
        found = []
        for layer in self.layers:
            assert isinstance(layer, RaggedLayer) and layer.keys is not None and layer.values is not None
            found.append((layer.keys[row, :, start:end].clone(), layer.values[row, :, start:end].clone()))
        return found
