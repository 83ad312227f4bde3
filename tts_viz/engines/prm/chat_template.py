"""Chat templates, split at the place of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HOLE = "⁂step⁂"
"""Placeholder for a step; no template contains it."""


def rendered(tokenizer: Any, turns: Sequence[tuple[str, str]], asking: bool) -> str:
    """The turns (role, text) in the tokenizer's chat template; `asking`: with the prompt for an assistant's turn.

    Raises ValueError for a tokenizer without a template.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ValueError("its tokenizer has no chat template, which this format needs")
    messages = [{"role": role, "content": text} for role, text in turns]
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=asking)


def around(text: str) -> tuple[str, str]:
    """The text before the last hole and after it. Raises ValueError if the template dropped the hole."""
    before, found, after = text.rpartition(HOLE)
    if not found:
        raise ValueError("its chat template does not show what is said in a turn")
    return before, after
