"""PRMs that are language models: a step's reward is how much likelier "+" is than "-" where they would write one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor


def check_writes(model: Any) -> None:
    """Raises ValueError for a model that has no language-model head."""
    if model.get_output_embeddings() is None:
        raise ValueError(f"{type(model).__name__} writes no text, and this format reads the chance that it writes “+”")


def plus_against_minus(model: Any, hidden: Tensor, plus: int, minus: int) -> Sequence[float]:
    """The share of "+" among the two tokens, for each hidden state [rows, size]."""
    return model.get_output_embeddings()(hidden)[:, [plus, minus]].double().softmax(-1)[:, 0].tolist()
