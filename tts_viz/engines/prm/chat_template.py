"""Chat templates, taken apart at the place where a step goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HOLE = "⁂step⁂"
"""Stands for a step, which no template can know."""


def rendered(tokenizer: Any, turns: Sequence[tuple[str, str]], asking: bool) -> str:
    """The turns (role, text) by the tokenizer's own template; `asking`: up to where the assistant begins to write.

    Raises ValueError for a tokenizer without a template.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ValueError("its tokenizer has no chat template, which this format needs")
    messages = [{"role": role, "content": text} for role, text in turns]
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=asking)


def around(text: str) -> tuple[str, str]:
    """What stands before the last hole and after it. Raises ValueError where the template has swallowed it."""
    before, found, after = text.rpartition(HOLE)
    if not found:
        raise ValueError("its chat template does not show what is said in a turn")
    return before, after
