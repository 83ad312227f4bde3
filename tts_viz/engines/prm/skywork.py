"""Skywork-o1-Open-PRM: a value head on the hidden state at each newline.

Source: the cards of Skywork/Skywork-o1-Open-PRM-Qwen-2.5-1.5B and -7B and their inference code. The model
takes every line for a step, so a step of ours with several lines gets the reward of its last line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import AutoModel

from tts_viz.engines.prm.base import Checkpoint, Labels, prm_format
from tts_viz.engines.tokens import Tokens, encoded, single

PREFIX = "v_head."
"""Prefix of the names of the head's tensors."""


def recognises(checkpoint: Checkpoint) -> str:
    has_head = any(key.startswith(PREFIX) for key in checkpoint.weights)
    return f"its weights have a value head ({PREFIX}…)" if has_head else ""


def attach(model: Any, weights: Mapping[str, Tensor]) -> None:
    """Adds the head to the body, from the tensors under `PREFIX`. Raises ValueError unless it has one output."""
    found = {key.rpartition(".")[2]: weights[key] for key in weights if key.startswith(PREFIX)}
    if "weight" not in found or found["weight"].shape[0] != 1:
        raise ValueError(f"its weights have no {PREFIX}…weight of one row, the value head of this format")
    head = nn.Linear(found["weight"].shape[1], 1, bias="bias" in found)
    head.load_state_dict(found)
    model.add_module("v_head", head.to(model.device, model.dtype))


@prm_format(AutoModel, recognises, PREFIX, attach)
@dataclass(frozen=True)
class Skywork:
    """Beginning-of-text token if there is one, the question and a newline, then each line and a newline."""

    name: ClassVar[str] = "skywork"

    tokenizer: Any

    def check(self, model: Any) -> None:
        single(self.tokenizer, "\n")
        if model.v_head.in_features != model.config.hidden_size:
            raise ValueError("the value head in its weights does not fit its body")

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        first = self.tokenizer.bos_token_id
        start = (() if first is None else (first,)) + encoded(self.tokenizer, question + "\n")
        return [start, *map(self._lines, steps)]

    def _lines(self, step: str) -> Tokens:
        newline = (single(self.tokenizer, "\n"),)
        return tuple(t for line in step.split("\n") for t in (*encoded(self.tokenizer, line), *newline))

    def closing(self) -> Tokens:
        return ()

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return model.v_head(hidden).double().sigmoid()[:, 0].tolist()

    def served(self, config: Any) -> Labels:
        return Labels(1, 0)
