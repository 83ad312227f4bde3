"""TRL's PRMs: token classification with two labels, the second for "right so far", read at the separator after a step.

Source: TRL's `PRMTrainer` documentation (steps joined by a separator, default newline; a label at each separator).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True, slots=True)
class TRL:
    """Beginning-of-text token, prompt, then each step followed by the separator."""

    separator: str = "\n"

    def prompt(self, tokenizer: Any, prompt: str) -> tuple[int, ...]:
        first = tokenizer.bos_token_id
        return (() if first is None else (first,)) + _encoded(tokenizer, prompt)

    def step(self, tokenizer: Any, text: str) -> tuple[int, ...]:
        return _encoded(tokenizer, text) + _encoded(tokenizer, self.separator)

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return model.score(hidden).double().softmax(-1)[:, 1].tolist()


def _encoded(tokenizer: Any, text: str) -> tuple[int, ...]:
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
