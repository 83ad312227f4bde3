"""TRL's PRMs: token classification with two labels, one of them "right so far", read at the separator after a step.

Source: TRL's `PRMTrainer` documentation (steps joined by a separator, default newline; a label at each separator).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from tts_viz.engines.prm.base import Tokens, encoded

GOOD = {"good", "correct", "right", "positive", "true", "yes", "+"}
"""Names under which a model's config may list the label for "right so far"; unnamed, it is label 1."""


@dataclass(frozen=True)
class TRL:
    """Beginning-of-text token, prompt, then each step followed by the separator, all tokenized apart."""

    name: ClassVar[str] = "trl"
    labels: ClassVar[int] = 2

    tokenizer: Any
    separator: str = "\n"

    def check(self, model: Any) -> None:
        if not hasattr(model, "score"):
            raise ValueError(f"{type(model).__name__} has no head named score, as token classifiers made by TRL have")
        if model.config.num_labels != 2:
            raise ValueError(f"its head has {model.config.num_labels} labels, a PRM in TRL's format has 2")

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        first = self.tokenizer.bos_token_id
        start = (() if first is None else (first,)) + encoded(self.tokenizer, prompt)
        end = encoded(self.tokenizer, self.separator)
        return [start, *(encoded(self.tokenizer, step) + end for step in steps)]

    def closing(self) -> Tokens:
        return ()

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return model.score(hidden).double().softmax(-1)[:, self.good(model.config)].tolist()

    def good(self, config: Any) -> int:
        labels = getattr(config, "id2label", None) or {}
        named = [int(i) for i, name in labels.items() if str(name).lower() in GOOD]
        return named[0] if len(named) == 1 else 1
