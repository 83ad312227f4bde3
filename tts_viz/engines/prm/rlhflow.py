"""RLHFlow: a chat in which the user says a step a turn and the model answers "+" or "-".

Source: RLHFlow/RLHF-Reward-Modeling and the cards of Llama3.1-8B-PRM-Deepseek-Data and -Mistral-Data. The two differ in how
they cut a solution into steps ("\\n\\n" and "ки\\n"), which has been done here. The reward is read before the "+", so
it depends on no answer but the "+" that all earlier steps are taken to have got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor
from transformers import AutoModelForCausalLM

from tts_viz.engines.prm.base import Checkpoint, Signs, prm_format
from tts_viz.engines.prm.chat_template import HOLE, around, rendered
from tts_viz.engines.prm.plus_minus import check_writes, plus_against_minus
from tts_viz.engines.tokens import Tokens, encoded, single


def recognises(checkpoint: Checkpoint) -> str:
    name = checkpoint.name.lower()
    theirs = "rlhflow" in name or ("prm" in name and "deepseek-data" in name) or "mistral-data" in name
    return "its name says so" if checkpoint.writes and theirs else ""


@prm_format(AutoModelForCausalLM, recognises)
@dataclass(frozen=True)
class RLHFlow:
    """The first turn is the question, a space and the first step."""

    name: ClassVar[str] = "rlhflow"

    tokenizer: Any

    def check(self, model: Any) -> None:
        check_writes(model)
        self._signs()  # these raise ValueError where they cannot be had
        self._turn("?")

    def _signs(self) -> tuple[int, int]:
        return single(self.tokenizer, "+"), single(self.tokenizer, "-")

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        before, between, after = self._turn(question)
        starts = [" ", *[between] * (len(steps) - 1)]
        told = (encoded(self.tokenizer, start + step + after) for start, step in zip(starts, steps))
        return [encoded(self.tokenizer, before), *told]

    def _turn(self, question: str) -> tuple[str, str, str]:
        """What stands before the space and the first step, between a step's end and the next step, and after a step."""
        first = ("user", f"{question} {HOLE}")
        asked = rendered(self.tokenizer, [first], True)
        again = rendered(self.tokenizer, [first, ("assistant", "+"), ("user", HOLE)], True)
        if not again.startswith(asked):
            raise ValueError("its chat template writes earlier turns anew, so that nothing read before can be kept")
        before, after = around(asked)
        return before.removesuffix(" "), around(again)[0][len(asked) :], after

    def closing(self) -> Tokens:
        return ()

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return plus_against_minus(model, hidden, *self._signs())

    def served(self, config: Any) -> Signs:
        return Signs(*self._signs())
