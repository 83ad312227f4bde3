"""Reading paths with a transformers model: only what no one has read before, many ragged rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from tts_viz.engines.kv.forest import Forest, Segment
from tts_viz.engines.kv.ragged import KV, RaggedCache

ROW_BYTES = 512 * 2**20
"""Working memory of one pass: more rows than fit are read in several passes."""


class Reader:
    """Fills the segments of paths. `backbone` is the model without its head."""

    def __init__(self, model: PreTrainedModel, forest: Forest) -> None:
        self.model, self.forest = model, forest
        self.backbone: Any = model.base_model
        config = model.config.get_text_config()
        self.layers = int(config.num_hidden_layers)
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self.token_bytes = 2 * self.layers * heads * size * model.dtype.itemsize
        self.context = int(getattr(config, "max_position_embeddings", 0) or 2**31)

    @property
    def device(self) -> torch.device:
        return self.model.device

    def read(self, ends: Sequence[Segment]) -> list[int]:
        """Read what is missing on the way to each segment; afterwards all have a `tail`.

        Returns for each how many tokens were read on its account: of a shared missing prefix, the first one's.
        """
        counts = [0] * len(ends)
        paths = [end.path() for end in ends]
        while True:
            # One missing segment a path and pass: its own prefix is read by then, and no segment is read twice.
            missing: dict[int, tuple[int, Segment]] = {}
            for i, path in enumerate(paths):
                first = next((s for s in path if s.tail is None), None)
                if first is not None and id(first) not in missing:
                    missing[id(first)] = (i, first)
            if not missing:
                return counts
            for i, segment in missing.values():
                counts[i] += len(segment.tokens) - segment.known
            for group in self._groups([segment for _, segment in missing.values()]):
                self._fill(group)

    def rows(self, tokens: int) -> int:
        """How many rows of this many tokens fit in one pass."""
        return max(1, ROW_BYTES // (tokens * self.token_bytes))

    def forward(self, tokens: Tensor, counts: Tensor, cache: RaggedCache) -> Tensor:
        """One pass over tokens [rows, longest], of which `counts` are real. Returns hidden states, advances the cache."""
        positions, mask = cache.begin(counts, tokens.shape[1])
        bias = torch.zeros(mask.shape, dtype=self.model.dtype, device=self.device)
        bias.masked_fill_(~mask, torch.finfo(self.model.dtype).min)
        hidden = self.backbone(
            input_ids=tokens, attention_mask=bias, position_ids=positions, past_key_values=cache, use_cache=True
        ).last_hidden_state
        cache.advance(counts)
        return hidden

    def _groups(self, segments: list[Segment]) -> list[list[Segment]]:
        """Segments of like length together, as many as fit."""
        segments = sorted(segments, key=lambda s: (len(s.tokens) - s.known, _depth(s)))
        groups: list[list[Segment]] = []
        while segments:
            most = self.rows(max(_depth(s) for s in segments))
            groups.append(segments[:most])
            segments = segments[most:]
        return groups

    def _fill(self, segments: list[Segment]) -> None:
        fresh = [s.tokens[s.known :] for s in segments]
        longest = max(map(len, fresh))
        before = [[s.kv for s in segment.path() if s.kv] for segment in segments]
        starts = [_depth(s) - len(new) for s, new in zip(segments, fresh)]
        width = max(start + longest for start in starts)
        if any(before):
            cache = RaggedCache.holding(before, width, self.device)
        else:
            cache = RaggedCache(self.layers, [0] * len(segments), width, self.device)
        tokens = torch.tensor([[*new, *[0] * (longest - len(new))] for new in fresh], device=self.device)
        counts = torch.tensor([len(new) for new in fresh], device=self.device)
        hidden = self.forward(tokens, counts, cache)
        for row, (segment, new, start) in enumerate(zip(segments, fresh, starts)):
            segment.kv = joined(segment.kv, cache.cut(row, start, start + len(new)))
            segment.tail = hidden[row, len(new) - 1].clone()


def joined(first: KV, second: KV) -> KV:
    """Two stretches of one segment as one."""
    if not first:
        return second
    return [(torch.cat([k, k2], 1), torch.cat([v, v2], 1)) for (k, v), (k2, v2) in zip(first, second)]


def _depth(segment: Segment) -> int:
    """Tokens from the start up to the segment's end."""
    return sum(len(s.tokens) for s in segment.path())
