"""Outcome reward models: sequence classification with one logit, read at the end of a whole answer.

They were trained on whole answers in chat form, so their score of a partial answer is a guess; this shows why process
reward models exist. The logit of a Bradley–Terry model is unbounded; we take its sigmoid, so that votes can be weighted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from torch import Tensor
from transformers import AutoModelForSequenceClassification

from tts_viz.engines.prm.base import Checkpoint, Labels, prm_format
from tts_viz.engines.prm.chat_template import HOLE, around, rendered
from tts_viz.engines.tokens import Tokens, encoded


def recognises(checkpoint: Checkpoint) -> str:
    architecture = checkpoint.architecture
    return f"its architecture is {architecture}" if architecture.endswith("ForSequenceClassification") else ""


@prm_format(AutoModelForSequenceClassification, recognises, options=("separator",))
@dataclass(frozen=True)
class ORM:
    """A chat with all steps in the assistant's turn; the end of the turn is appended for each score."""

    name: ClassVar[str] = "orm"

    tokenizer: Any
    separator: str = "\n\n"

    def check(self, model: Any) -> None:
        if not hasattr(model, "score") or model.config.num_labels != 1:
            raise ValueError(
                f"{type(model).__name__} has {model.config.num_labels} labels; an outcome reward model has a head of one"
            )
        self.closing()  # raises ValueError if there is no chat template

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        start = encoded(self.tokenizer, rendered(self.tokenizer, [("user", question)], True))
        joined = [*steps[:1], *(self.separator + step for step in steps[1:])]
        return [start, *(encoded(self.tokenizer, text) for text in joined)]

    def closing(self) -> Tokens:
        return self._closing

    @cached_property
    def _closing(self) -> Tokens:
        chat = rendered(self.tokenizer, [("user", "?"), ("assistant", HOLE)], False)
        return encoded(self.tokenizer, around(chat)[1])

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return model.score(hidden).double().sigmoid()[:, 0].tolist()

    def served(self, config: Any) -> Labels:
        return Labels(1, 0)
