"""What a format of process reward models has to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor


class PRMFormat(Protocol):
    """How a solution is written for a verifier, piece by piece, so that what was read before need not be read again.

    The reward of a step is read from the hidden state at the last token of its piece.
    """

    def check(self, model: Any) -> None:
        """Raises ValueError, with what was found, where the model cannot be read in this format."""
        ...

    def prompt(self, tokenizer: Any, prompt: str) -> tuple[int, ...]:
        """Tokens before the first step."""
        ...

    def step(self, tokenizer: Any, text: str) -> tuple[int, ...]:
        """Tokens of one step, separator included; the same whatever steps came before."""
        ...

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        """A reward in [0, 1] for each hidden state [rows, size]."""
        ...
