"""Math-Shepherd: a language model that predicts "+" or "-" at the tag " ки" after each step.

Source: the model card of peiyi9979/math-shepherd-mistral-7b-prm (Wang et al. 2024). There, the tag is token 12902, and
the signs are tokens 648 and 387, the tokens of "+ -".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor
from transformers import AutoModelForCausalLM

from tts_viz.engines.prm.base import Checkpoint, Signs, prm_format
from tts_viz.engines.prm.plus_minus import check_writes, plus_against_minus
from tts_viz.engines.tokens import Tokens, continued, encoded

TAG = " ки"


def recognises(checkpoint: Checkpoint) -> str:
    return "its name says so" if checkpoint.writes and "shepherd" in checkpoint.name.lower() else ""


@prm_format(AutoModelForCausalLM, recognises, tag=True)
@dataclass(frozen=True)
class MathShepherd:
    """`question step ки`, then `step ки` on a line of its own for each further step, read at the tag's last token."""

    name: ClassVar[str] = "math-shepherd"

    tokenizer: Any

    def check(self, model: Any) -> None:
        check_writes(model)
        self._signs()  # raises ValueError if the signs are not one token each

    def _signs(self) -> tuple[int, int]:
        found = encoded(self.tokenizer, "+ -")
        if len(found) != 2:
            raise ValueError(
                f"its tokenizer reads “+ -” as {len(found)} tokens, and the format needs one for each sign"
            )
        return found[0], found[1]

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        bos = self.tokenizer.bos_token_id
        start = (() if bos is None else (bos,)) + encoded(self.tokenizer, question)
        first_step = [continued(self.tokenizer, question, f" {step}{TAG}") for step in steps[:1]]
        return [start, *first_step, *(continued(self.tokenizer, TAG, f"\n{step}{TAG}") for step in steps[1:])]

    def closing(self) -> Tokens:
        return ()

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return plus_against_minus(model, hidden, *self._signs())

    def served(self, config: Any) -> Signs:
        return Signs(*self._signs())
