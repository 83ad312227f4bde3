"""`bench engine`: time to sample a beam's tree, compared with a lower and an upper bound in the same run.

*Bare* is forward passes only: the same batch sizes and cache lengths, without arranging caches and without sampling.
*Naive* is `generate` on every beam's whole text at each step, as most code does it. All three sample N steps at each of
eight depths, 25 tokens each, and continue N/M of them.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from functools import cache, partial
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

from tts_viz.benchmarks import report, shapes
from tts_viz.core.events import Finish
from tts_viz.engines.base import ContextStep, SampleRequest
from tts_viz.engines.local.policy import PartialStep, TransformersPolicy

PROMPT, LENGTH, DEPTH, M = 120, 25, 8, 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shapes", nargs="+", choices=list(shapes.SHAPES), default=list(shapes.SHAPES))
    parser.add_argument("--n", nargs="+", type=int, default=[16, 64], help="samples a depth (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="the median is taken (%(default)s)")


@torch.inference_mode()
def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    for shape in args.shapes:
        model, rows = shapes.policy(shape), []
        for n in args.n:
            bare(model, n)  # warm-up: creates the random keys and values
            ways: dict[str, Callable[[], object]] = {
                "tree": partial(tree, model, shape, n),
                "bare": partial(bare, model, n),
                "naive": partial(naive, model, n),
            }
            took = alternately(ways, args.repeats)
            rows.append(
                {
                    "model": shape, "N": n, "bare, s": took["bare"], "tree, s": took["tree"], "naive, s": took["naive"],
                    "tree / bare": took["tree"] / took["bare"], "naive / tree": took["naive"] / took["tree"],
                }
            )  # fmt: skip
            print(report.table(rows[-1:]), flush=True)
        size = shape.replace(" ", "").lower()
        report.write(f"engine-{size}", rows, tokens={"prompt": PROMPT, "step": LENGTH, "steps": DEPTH, "M": M})
    return 0


def alternately(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median seconds of each way, run alternately, so that other load on the machine affects all of them."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            began = perf_counter()
            way()
            took[name].append(perf_counter() - began)
    return {name: median(times) for name, times in took.items()}


class Timing(TransformersPolicy):
    """A policy whose steps end after `LENGTH` tokens, whatever the text."""

    def _ending(self, draft: PartialStep) -> tuple[str, Finish] | None:
        assert super()._ending(draft) is None
        return (self._decode(draft.tokens), "step") if len(draft.tokens) == LENGTH else None


def tree(model: Any, shape: str, n: int) -> None:
    """A beam through the engine's interface."""
    engine = Timing(model, shapes.tokenizer(shape), shape)
    beams: list[tuple[ContextStep, ...]] = [()]
    for depth in range(DEPTH):
        requests = [
            SampleRequest(shapes.text(PROMPT), steps, 1.0, (depth << 20) + i, LENGTH + 1)
            for i, steps in enumerate(steps for steps in beams for _ in range(n // len(beams)))
        ]
        made = [a.candidate for a in asyncio.run(engine.sample(requests))]
        extended = [
            (*request.steps, ContextStep(c.text, c.tokens))
            for request, c in zip(requests, made, strict=True)
            if c is not None
        ]
        beams = extended[::M]


class Slices(CacheLayerMixin):
    """A cache layer for rows of equal length: appends new keys and values."""

    def __init__(self, keys: Tensor, values: Tensor, length: int) -> None:
        super().__init__()
        self.keys, self.values, self.length = keys, values, length
        self.is_initialized = True

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None: ...

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        assert self.keys is not None and self.values is not None
        end = self.length + key_states.shape[2]
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.length + query_length, 0

    def get_seq_length(self) -> int:
        return self.length

    def get_max_length(self) -> int:
        assert self.keys is not None
        return self.keys.shape[2]


@cache
def _random(layer: int, rows: int, shape: tuple[int, int, int]) -> Tensor:
    """Random keys and values, created once, before timing."""
    return torch.randn(2, rows, *shape)


def bare(model: Any, n: int) -> None:
    """Forward passes over random keys and values."""
    config = model.config
    shape = (config.num_key_value_heads, PROMPT + 1 + DEPTH * LENGTH, config.hidden_size // config.num_attention_heads)

    def kept(rows: int, length: int) -> Cache:
        layers: list[Any] = []
        for layer in range(config.num_hidden_layers):
            keys, values = _random(layer, rows, shape)
            layers.append(Slices(keys, values, length))
        return Cache(layers=layers)

    def passes(rows: int, tokens: int, length: int, many: int) -> None:
        cache, ids = kept(rows, length), torch.ones(rows, tokens, dtype=torch.long)
        for i in range(many):
            places = torch.arange(length + i * tokens, length + (i + 1) * tokens).expand(rows, -1)
            hidden = model.model(input_ids=ids, position_ids=places, past_key_values=cache).last_hidden_state
            model.lm_head(hidden[:, -1])

    for depth in range(DEPTH):
        length = PROMPT + 1 + depth * LENGTH
        if depth == 0:
            passes(1, PROMPT + 1, 0, 1)
        else:
            passes(n // M, 1, length - 1, 1)  # the last token of each continued step is not read yet
        passes(n, 1, length, LENGTH - 1)


def naive(model: Any, n: int) -> None:
    texts = torch.ones(n, PROMPT + 1, dtype=torch.long)
    for _ in range(DEPTH):
        texts = model.generate(
            input_ids=texts, attention_mask=torch.ones_like(texts), max_new_tokens=LENGTH, do_sample=True, top_k=0,
            pad_token_id=0, eos_token_id=None,
        )  # fmt: skip
        texts = texts[::M].repeat_interleave(M, 0)
