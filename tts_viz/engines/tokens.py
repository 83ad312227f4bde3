"""Tokenizes texts piece by piece. Knows nothing about what the pieces mean."""

from __future__ import annotations

from typing import Any

Tokens = tuple[int, ...]


def encoded(tokenizer: Any, text: str) -> Tokens:
    """The tokens of a text, without added special tokens; those spelled out in the text are kept."""
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def continued(tokenizer: Any, before: str, text: str) -> Tokens:
    """The tokens of `text` when it follows `before`: sentencepiece would add a space to `text` alone. If a token would span
    both texts, the tokens of `text` alone."""
    first, both = encoded(tokenizer, before), encoded(tokenizer, before + text)
    return both[len(first) :] if both[: len(first)] == first else encoded(tokenizer, text)


def single(tokenizer: Any, text: str) -> int:
    """The token of this text. Raises ValueError if it is not exactly one."""
    found = encoded(tokenizer, text)
    if len(found) != 1:
        raise ValueError(f"its tokenizer reads {text!r} as {len(found)} tokens, and the format needs one")
    return found[0]
