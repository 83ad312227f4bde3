"""Attention for rows that share prefixes ("trunks"): the keys and values of a trunk are read once for all its rows.

Scores over the trunk and over the row's own tokens are concatenated before one softmax. Decoding is bound by reading keys
and values; with M rows a trunk, this reads up to M times less than a cache with a copy for every row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from tts_viz.engines.local.kv.ragged_cache import RaggedCache

NAME = "tts_viz_tree"

MOST_SCORES = 1 << 26
"""Most attention scores in memory at a time; beyond that, the queries are processed in parts."""

_cache: ContextVar[RaggedCache] = ContextVar("cache")


@contextmanager
def along(cache: RaggedCache, config: Any) -> Iterator[None]:
    """Within this context, a model with this config uses `cache` for its attention."""
    before, config._attn_implementation = config._attn_implementation, NAME
    token = _cache.set(cache)
    try:
        yield
    finally:
        _cache.reset(token)
        config._attn_implementation = before


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """`query` [rows, heads, tokens, size]; `key`, `value` [rows, kv heads, seen, size] and the mask [rows, 1, tokens, seen]
    belong to the rows' own tokens. Returns [rows, tokens, heads, size]."""
    assert attention_mask is not None
    cache = _cache.get()
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if cache.trunks is None:
        shared = query.shape[1] != key.shape[1]
        own = scaled_dot_product_attention(query, key, value, attention_mask, scale=scale, enable_gqa=shared)
        return own.transpose(1, 2), None
    trunk = cache.trunks.layers[module.layer_idx]
    rows, heads, tokens, _size = query.shape
    most = max(1, MOST_SCORES // (rows * heads * (trunk[0].shape[2] + key.shape[2])))
    parts = [
        _part(cache, query[:, :, at : at + most] * scale, key, value, attention_mask[:, :, at : at + most], trunk)
        for at in range(0, tokens, most)
    ]
    return (parts[0] if len(parts) == 1 else torch.cat(parts, 2)).transpose(1, 2), None


def _part(
    cache: RaggedCache, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, trunk: tuple[Tensor, Tensor]
) -> Tensor:
    assert cache.trunks is not None
    rows, heads, tokens, size = query.shape
    kv = key.shape[1]
    each = heads // kv  # query heads that share keys and values
    width = trunk[0].shape[2]
    grouped = query.reshape(rows, kv, each * tokens, size)
    beginning = torch.matmul(_by_trunk(cache, grouped), trunk[0].transpose(-1, -2)) + cache.trunks.mask
    own = torch.matmul(grouped, key.transpose(-1, -2)).view(rows, kv, each, tokens, -1) + mask[:, :, None]
    scores = torch.cat([_by_row(cache, beginning, rows), own.view(rows, kv, each * tokens, -1)], -1)
    weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
    output = torch.matmul(_by_trunk(cache, weights[..., :width]), trunk[1])
    output = _by_row(cache, output, rows) + torch.matmul(weights[..., width:], value)
    return output.reshape(rows, heads, tokens, size)


def _by_trunk(cache: RaggedCache, rows: Tensor) -> Tensor:
    """Reshapes [rows, heads, tokens, …] to [trunks, heads, seats · tokens, …]."""
    assert cache.trunks is not None
    trunks, seats = len(cache.trunks.lengths), cache.seats
    if seats == 1 and cache.regular:
        return rows
    if cache.regular:
        seated = rows.view(trunks, seats, *rows.shape[1:])
    else:
        seated = rows.new_zeros(trunks, seats, *rows.shape[1:])
        seated[cache.trunk, cache.seat] = rows
    return seated.transpose(1, 2).reshape(trunks, rows.shape[1], seats * rows.shape[2], rows.shape[3])


def _by_row(cache: RaggedCache, together: Tensor, rows: int) -> Tensor:
    """The inverse of `_by_trunk`."""
    trunks, heads, tokens, last = together.shape
    if cache.seats == 1 and cache.regular:
        return together
    seated = together.view(trunks, heads, cache.seats, tokens // cache.seats, last).transpose(1, 2)
    if cache.regular:
        return seated.reshape(rows, heads, tokens // cache.seats, last)
    return seated[cache.trunk, cache.seat]


AttentionInterface.register(NAME, attend)
