"""A PRM that reads the question and then a line for each step, with a label at the end of each line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor
from transformers import AutoModelForTokenClassification

from tts_viz.engines.prm.base import Checkpoint, prm_format
from tts_viz.engines.tokens import Tokens, encoded


def recognises(checkpoint: Checkpoint) -> str:
    return "its name says so" if "one-line-prm" in checkpoint.name else ""


@prm_format(AutoModelForTokenClassification, recognises)
@dataclass(frozen=True)
class OneLine:
    name: ClassVar[str] = "one-line"

    tokenizer: Any

    def check(self, model: Any) -> None:
        if model.config.num_labels != 2:
            raise ValueError(f"its head has {model.config.num_labels} labels, and this format needs 2")

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        return [encoded(self.tokenizer, line + "\n") for line in (question, *steps)]

    def closing(self) -> Tokens:
        return ()

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return model.score(hidden).double().softmax(-1)[:, 1].tolist()

    def served(self, config: Any) -> None:
        return None
