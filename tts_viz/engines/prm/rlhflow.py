"""RLHFlow: a chat in which each user turn is a step and the model answers "+" or "-".

Source: RLHFlow/RLHF-Reward-Modeling and the cards of Llama3.1-8B-PRM-Deepseek-Data and -Mistral-Data. The two differ in how
they split a solution into steps ("\\n\\n" and "ки\\n"), but here the steps are already given. The reward is read before
the answer to a step; all earlier steps are assumed to have been answered with "+".
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
        self._signs()  # these raise ValueError for an unsuitable tokenizer
        self._turn("?")

    def _signs(self) -> tuple[int, int]:
        return single(self.tokenizer, "+"), single(self.tokenizer, "-")

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        before, between, after = self._turn(question)
        starts = [" ", *[between] * (len(steps) - 1)]
        turns = (encoded(self.tokenizer, start + step + after) for start, step in zip(starts, steps))
        return [encoded(self.tokenizer, before), *turns]

    def _turn(self, question: str) -> tuple[str, str, str]:
        """The texts before the space and the first step, from a step's end to the next step, and after a step."""
        first = ("user", f"{question} {HOLE}")
        one_turn = rendered(self.tokenizer, [first], True)
        two_turns = rendered(self.tokenizer, [first, ("assistant", "+"), ("user", HOLE)], True)
        if not two_turns.startswith(one_turn):
            raise ValueError("its chat template writes earlier turns anew, so that nothing read before can be kept")
        before, after = around(one_turn)
        return before.removesuffix(" "), around(two_turns)[0][len(one_turn) :], after

    def closing(self) -> Tokens:
        return ()

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        return plus_against_minus(model, hidden, *self._signs())

    def served(self, config: Any) -> Signs:
        return Signs(*self._signs())
