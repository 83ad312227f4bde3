"""Training the two policies to imitate random valid solutions, a part of them as revisions of wrong attempts."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM

from tts_viz.zoo.corpus import Example, drawn_example
from tts_viz.zoo.fit import Row
from tts_viz.zoo.sizes import Size, config

REVISIONS = 0.4
"""share of the examples that revise wrong attempts"""


def new_policy(size: Size, seed: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    return LlamaForCausalLM._from_config(config(size), attn_implementation="eager")  # pyright: ignore


def row(example: Example) -> Row:
    """Each token's target is the next token, from the first of the solution on."""
    following = [*example.tokens[1:], -100]
    return Row(
        example.tokens, [[float(t) if i + 1 >= example.learnt_from else -100.0] for i, t in enumerate(following)]
    )


def draw(rng: random.Random) -> Row:
    return row(drawn_example(rng, REVISIONS))


def next_token_loss(model: nn.Module, tokens: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy; tokens [rows, length], targets [rows, length, 1]. Only the learnt positions meet the head."""
    hidden = model.model(input_ids=tokens).last_hidden_state  # pyright: ignore
    learnt = targets[:, :, 0] != -100
    logits = model.lm_head(hidden[learnt])  # pyright: ignore
    return nn.functional.cross_entropy(logits.float(), targets[:, :, 0][learnt].long())
