"""Texts as tokens, for whoever feeds a model piece by piece. Knows nothing about what the pieces mean."""

from __future__ import annotations

from typing import Any

Tokens = tuple[int, ...]


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
