"""Qwen2.5-Math-PRM: a small network on the hidden state at the token <extra_0> after each step.

Source: the cards of Qwen/Qwen2.5-Math-PRM-7B, -72B and Qwen2.5-Math-7B-PRM800K (Zhang et al. 2025). They come with
custom code, which is not run: the body is a plain Qwen2, and the head is read from the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import AutoModel

from tts_viz.engines.prm.base import Checkpoint, Labels, prm_format
from tts_viz.engines.prm.chat_template import rendered
from tts_viz.engines.tokens import Tokens, encoded, single

SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
SEPARATOR = "<extra_0>"
KEYS = ("score.0.weight", "score.0.bias", "score.2.weight", "score.2.bias")
"""Names of the head's tensors: linear, ReLU, linear."""


def recognises(checkpoint: Checkpoint) -> str:
    if set(KEYS) <= set(checkpoint.weights):
        return "its weights have a head of two layers (score.0, score.2)"
    architecture = checkpoint.architecture
    return f"its architecture is {architecture}" if architecture.endswith("ForProcessRewardModel") else ""


def attach(model: Any, weights: Mapping[str, Tensor]) -> None:
    """Adds the head to the body, from the tensors `KEYS`. Raises ValueError if one is missing."""
    if missing := [key for key in KEYS if key not in weights]:
        raise ValueError(f"its weights lack {', '.join(missing)}, the head of this format")
    first, second = weights[KEYS[0]], weights[KEYS[2]]
    wide, inner, labels = first.shape[1], first.shape[0], second.shape[0]
    head = nn.Sequential(nn.Linear(wide, inner), nn.ReLU(), nn.Linear(inner, labels))
    head.load_state_dict({key.removeprefix("score."): weights[key] for key in KEYS})
    model.add_module("score", head.to(model.device, model.dtype))


@prm_format(AutoModel, recognises, "score.", attach)
@dataclass(frozen=True)
class Qwen:
    """A chat with the steps in the assistant's turn, each followed by <extra_0>."""

    name: ClassVar[str] = "qwen"

    tokenizer: Any

    def check(self, model: Any) -> None:
        single(self.tokenizer, SEPARATOR)
        if (model.score[0].in_features, model.score[2].out_features) != (model.config.hidden_size, 2):
            raise ValueError("the head in its weights does not fit its body, or has not 2 labels")

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        start = rendered(self.tokenizer, [("system", SYSTEM), ("user", question)], True)
        return [encoded(self.tokenizer, text) for text in (start, *(step + SEPARATOR for step in steps))]

    def closing(self) -> Tokens:
        return ()

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return model.score(hidden).double().softmax(-1)[:, 1].tolist()

    def served(self, config: Any) -> Labels:
        return Labels(2, 1)
