"""PRMs that are language models: a step's reward is the probability of "+" against "-" as the next token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor


def check_writes(model: Any) -> None:
    """Raises ValueError for a model without a language-model head."""
    if model.get_output_embeddings() is None:
        raise ValueError(f"{type(model).__name__} writes no text, and this format reads the chance that it writes “+”")


def plus_against_minus(model: Any, hidden: Tensor, plus: int, minus: int) -> Sequence[float]:
    """The probability of "+" among the two tokens, for each hidden state [rows, size]."""
    return model.get_output_embeddings()(hidden)[:, [plus, minus]].double().softmax(-1)[:, 0].tolist()
