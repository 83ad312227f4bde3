"""Reads paths with a transformers model: only the parts that are not cached, many ragged rows in a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedModel

from tts_viz.engines.failures import is_memory
from tts_viz.engines.local.kv.attention import along
from tts_viz.engines.local.kv.ragged_cache import KV, RaggedCache
from tts_viz.engines.local.kv.segments import Forest, Segment

log = logging.getLogger(__name__)

Row = TypeVar("Row")

PADDING = 64
"""Padding tokens that cost less than one more pass."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The uncached end of a path: one row of a pass."""

    segments: list[Segment]
    fresh: tuple[int, ...]
    before: list[KV]
    start: int
    """Position of the first fresh token in the path."""

    @classmethod
    def of(cls, path: Sequence[Segment], missing: list[Segment]) -> Stretch:
        """`missing`: the path's last segments, of which the first may be partly cached."""
        first = missing[0]
        fresh = (*first.tokens[first.known :], *(t for s in missing[1:] for t in s.tokens))
        before = [s.kv for s in path if s.kv]
        return cls(missing, fresh, before, sum(len(s.tokens) for s in path) - len(fresh))

    @property
    def end(self) -> int:
        return self.start + len(self.fresh)

    @property
    def again(self) -> int:
        """How many of the fresh tokens had been cached before and were evicted."""
        return sum(len(s.tokens) - s.known - s.pending for s in self.segments if s.lost)


@dataclass(frozen=True, slots=True)
class Read:
    """Tokens read for one path, and how many of them had been read before."""

    tokens: int = 0
    again: int = 0

    def __add__(self, other: Read) -> Read:
        return Read(self.tokens + other.tokens, self.again + other.again)


class Reader:
    """Fills the segments of paths. `backbone` is the model without its head.

    `row_bytes` is the working memory of one pass; rows that do not fit are read in further passes. It is halved whenever
    memory runs out all the same. Raises ValueError for a model without attention.
    """

    def __init__(self, model: PreTrainedModel, forest: Forest, row_bytes: int = 512 << 20) -> None:
        self.model, self.forest, self.row_bytes = model, forest, row_bytes
        self.backbone: Any = model.base_model
        config = model.config.get_text_config()
        if not getattr(config, "num_attention_heads", None):
            raise ValueError(f"{type(model).__name__} has no attention, so no keys and values could be kept")
        self.layers = int(config.num_hidden_layers)
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self.token_bytes = 2 * self.layers * heads * size * model.dtype.itemsize
        # Past its sliding window a layer would have to drop keys; we limit the context instead.
        limits = (getattr(config, name, None) for name in ("max_position_embeddings", "sliding_window"))
        self.context = min((int(limit) for limit in limits if limit), default=2**31)

    @property
    def device(self) -> torch.device:
        return self.model.device

    def read(self, ends: Sequence[Segment]) -> list[Read]:
        """Reads what is missing on the path to each segment; afterwards each has a `tail`.

        Returns what was read for each; a shared missing prefix counts for the first one that needs it.
        """
        counts = [Read()] * len(ends)
        paths = [end.path() for end in ends]
        while True:
            # A path whose missing part begins with a segment that this pass already reads waits for the next pass.
            stretches, begun = [], set()
            for i, path in enumerate(paths):
                missing = [s for s in path if s.tail is None]
                if missing and id(missing[0]) not in begun:
                    begun.update(map(id, missing))
                    stretches.append(Stretch.of(path, missing))
                    counts[i] += Read(len(stretches[-1].fresh), stretches[-1].again)
            if not stretches:
                return counts
            for group in self._groups(stretches):
                self.in_halves(group, self._fill)

    def in_halves(self, rows: Sequence[Row], work: Callable[[Sequence[Row]], None]) -> None:
        """Runs `work` on all rows at once, or, if memory runs out, on one half after the other."""
        try:
            work(rows)
            return
        except (RuntimeError, MemoryError) as error:
            if len(rows) == 1 or not is_memory(error):
                raise
        log.warning("memory ran out with %d rows at once; going on with half of them", len(rows))
        self.row_bytes //= 2
        self.forest.forget(0)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        middle = len(rows) // 2
        self.in_halves(rows[:middle], work)
        self.in_halves(rows[middle:], work)

    def rows(self, tokens: int) -> int:
        """How many rows of this many tokens fit in one pass."""
        return max(1, self.row_bytes // (tokens * self.token_bytes))

    def forward(self, tokens: Tensor, counts: Tensor, cache: RaggedCache) -> Tensor:
        """One pass over tokens [rows, longest], of which `counts` are real. Advances the cache.

        Returns hidden states [rows, longest, size].
        """
        positions, mask = cache.begin(counts, tokens.shape[1])
        bias = torch.zeros(mask.shape, dtype=self.model.dtype, device=self.device)
        bias.masked_fill_(~mask, torch.finfo(self.model.dtype).min)
        with along(cache, self.backbone.config):
            hidden = self.backbone(
                input_ids=tokens,
                attention_mask=bias,
                position_ids=positions.clamp(max=self.context - 1),  # padding may lie past the last position
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state
        cache.advance(counts)
        return hidden

    def _groups(self, stretches: list[Stretch]) -> list[list[Stretch]]:
        """Groups stretches that fit in one pass and waste less on padding than another pass would cost."""
        groups: list[list[Stretch]] = []
        real = 0
        for stretch in sorted(stretches, key=lambda s: len(s.fresh)):
            longest = len(stretch.fresh)
            real += longest
            rows = len(groups[-1]) + 1 if groups else 1
            deepest = max([stretch.end, *(s.end for s in groups[-1])]) if groups else stretch.end
            if not groups or rows > self.rows(deepest) or rows * longest > 2 * real + PADDING:
                groups.append([])
                real = longest
            groups[-1].append(stretch)
        return groups

    def _fill(self, stretches: Sequence[Stretch]) -> None:
        longest = max(len(s.fresh) for s in stretches)
        cache = RaggedCache([s.before for s in stretches], self.layers, longest, self.device)
        tokens = torch.tensor([[*s.fresh, *[0] * (longest - len(s.fresh))] for s in stretches], device=self.device)
        counts = torch.tensor([len(s.fresh) for s in stretches], device=self.device)
        hidden = self.forward(tokens, counts, cache)
        for row, stretch in enumerate(stretches):
            at = 0
            for segment in stretch.segments:
                end = at + len(segment.tokens) - segment.known
                kv = joined(segment.kv, cache.cut(row, at, end))
                self.forest.hold(segment, kv, hidden[row, end - 1].clone())
                segment.pending = 0
                at = end


def joined(first: KV, second: KV) -> KV:
    """Concatenates the keys and values of two parts of one segment."""
    if not first:
        return second
    return [(torch.cat([k, k2], 1), torch.cat([v, v2], 1)) for (k, v), (k2, v2) in zip(first, second)]
