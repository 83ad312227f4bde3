"""What a format of process reward models has to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

from torch import Tensor

Tokens = tuple[int, ...]


class PRMFormat(Protocol):
    """How a solution is written for a verifier, piece by piece, so that what was read before need not be read again.

    The reward of a step is read from the hidden state at the last token of its piece, or of `closing` after it.
    """

    name: ClassVar[str]

    def check(self, model: Any) -> None:
        """Raises ValueError, with what was found, where the model cannot be read in this format."""
        ...

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        """The tokens before the first step, then those of each step, its separator included.

        A piece is the same whatever comes after it. `prompt` is what the policy reads, `question` the problem alone.
        """
        ...

    def closing(self) -> Tokens:
        """Tokens after the last step that are read for its reward and are no part of what goes on; often none."""
        ...

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        """A reward in [0, 1] for each hidden state [rows, size]."""
        ...


@runtime_checkable
class Labelled(Protocol):
    """A format whose model sorts tokens into `labels` classes (one: how good it is), as a server can tell of them."""

    labels: ClassVar[int]

    def good(self, config: Any) -> int:
        """Which label means "right so far". `config` is the model's; None where it is not known."""
        ...


@runtime_checkable
class Signing(Protocol):
    """A format whose model is a language model, and writes "+" or "-" after a step."""

    def signs(self) -> tuple[int, int]:
        """The tokens of the two. Raises ValueError for a tokenizer that has no such tokens."""
        ...


def encoded(tokenizer: Any, text: str) -> Tokens:
    """Without the special tokens that a tokenizer puts around a text; those written in the text are kept."""
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def continued(tokenizer: Any, before: str, text: str) -> Tokens:
    """The tokens of `text` as they are after `before`, from which some tokenizers cannot be cut free by themselves:
    sentencepiece puts a space before every text. Where the two would merge, the text by itself."""
    first, both = encoded(tokenizer, before), encoded(tokenizer, before + text)
    return both[len(first) :] if both[: len(first)] == first else encoded(tokenizer, text)


def single(tokenizer: Any, text: str) -> int:
    """The one token that this text is. Raises ValueError where it is more."""
    found = encoded(tokenizer, text)
    if len(found) != 1:
        raise ValueError(f"its tokenizer reads {text!r} as {len(found)} tokens, and the format needs one")
    return found[0]
