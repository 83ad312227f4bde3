"""TRL's PRMs: token classification with two labels, one of them "right so far", read at the separator after a step.

Source: TRL's `PRMTrainer` documentation (steps joined by a separator, default newline; a label at each separator).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor
from transformers import AutoModelForTokenClassification

from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.prm.base import Checkpoint, Labels, prm_format
from tts_viz.engines.tokens import Tokens, encoded

GOOD = {"good", "correct", "right", "positive", "true", "yes", "+"}
"""Names that a model's config may give the label "right so far"; without such a name it is label 1."""


def recognises(checkpoint: Checkpoint) -> str:
    if checkpoint.name in EMBEDDED:
        return "it comes with tts_viz"
    architecture = checkpoint.architecture
    return f"its architecture is {architecture}" if architecture.endswith("ForTokenClassification") else ""


@prm_format(AutoModelForTokenClassification, recognises, options=("separator",), tag=True)
@dataclass(frozen=True)
class TRL:
    """Beginning-of-text token, prompt, then each step followed by the separator, all tokenized separately."""

    name: ClassVar[str] = "trl"

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
        return model.score(hidden).double().softmax(-1)[:, good(model.config)].tolist()

    def served(self, config: Any) -> Labels:
        return Labels(2, good(config))


def good(config: Any) -> int:
    """The index of the label "right so far"."""
    labels = getattr(config, "id2label", None) or {}
    named = [int(i) for i, name in labels.items() if str(name).lower() in GOOD]
    return named[0] if len(named) == 1 else 1
