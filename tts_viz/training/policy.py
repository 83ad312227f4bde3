"""Training the two policies to imitate random valid solutions.

The large policy begins as the small one, made wider and deeper without changing what it says, and learns on from there:
on a CPU it would otherwise see too few tokens to be worth its size. (Cloning after Samragh et al. 2024, "Scaling Smart";
layers that pass everything on after Chen et al. 2016, "Net2Net".)
"""

from __future__ import annotations

import random
import re

import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM, PreTrainedModel

from tts_viz.training import corpus
from tts_viz.training.corpus import Example, example
from tts_viz.training.loop import Row
from tts_viz.training.sizes import Size, config


def new_policy(size: Size, seed: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    return LlamaForCausalLM._from_config(config(size), attn_implementation="sdpa")  # pyright: ignore


NOISE = 0.01
"""of the weights' own spread, put on the clones, so that they do not stay alike"""


def grown_policy(small: LlamaForCausalLM, size: Size, seed: int) -> LlamaForCausalLM:
    """A policy of this size that begins by saying what `small` says.

    Raises ValueError unless hidden and inner width and heads are the same multiple of the small one's.
    """
    was = small.config
    times = size.hidden // was.hidden_size
    if (size.hidden, size.heads, size.inner) != tuple(
        times * n for n in (was.hidden_size, was.num_attention_heads, was.intermediate_size)
    ):
        raise ValueError(f"{size} is not a multiple of the policy that it is to grow from")
    large = new_policy(size, seed)
    grow_into(small, large, times)
    return large


def grow_into(small: PreTrainedModel, large: PreTrainedModel, times: int = 1) -> None:
    """Give `large` the body of `small`, `times` as wide; layers that `small` does not have pass everything on at first."""
    was, given = small.config.num_hidden_layers, small.base_model.state_dict()
    for name, weight in large.base_model.state_dict().items():
        layer = re.search(r"layers\.(\d+)\.", name)
        if layer and int(layer[1]) >= was:
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weight.zero_()
        else:
            weight.copy_(_cloned(given[name], weight.shape, name, times))


def _cloned(weight: Tensor, shape: torch.Size, name: str, times: int) -> Tensor:
    """The weight repeated to this shape. What is summed over its clones is divided by their number."""
    if weight.ndim == 1:
        # All logits are sums over the clones of the last hidden state, whose norm comes right before.
        return weight.repeat(times) / (times if name == "norm.weight" else 1)
    if "embed_tokens" in name or "lm_head" in name:
        return weight.repeat(1, times)
    clones = weight.repeat(times, times) / times
    assert clones.shape == shape
    return clones if times == 1 else clones + NOISE * clones.std() * torch.randn(shape)


def row(example: Example) -> Row:
    """Each token's target is the next token, from the first of the solution on."""
    following = [*example.tokens[1:], -100]
    return Row(
        example.tokens, [[float(t) if i + 1 >= example.learnt_from else -100.0] for i, t in enumerate(following)]
    )


def draw(rng: random.Random) -> Row:
    """A random solution to imitate."""
    solved = corpus.draw(rng)
    return row(example(solved.problem, solved.steps))


def next_token_loss(model: nn.Module, tokens: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy; tokens [rows, length], targets [rows, length, 1]. Only the learnt positions meet the head."""
    hidden = model.model(input_ids=tokens).last_hidden_state  # pyright: ignore
    learnt = targets[:, :, 0] != -100
    logits = model.lm_head(hidden[learnt])  # pyright: ignore
    return nn.functional.cross_entropy(logits.float(), targets[:, :, 0][learnt].long())
