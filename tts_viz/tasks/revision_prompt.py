"""The revision prompt: the one place that knows how earlier attempts are written into a policy's context."""

from __future__ import annotations

from collections.abc import Sequence

MOST_ATTEMPTS = 4
"""The number of earlier attempts that the embedded policies were trained to read (Snell et al. 2024, section 6)."""


def revision_prompt(prompt: str, attempts: Sequence[Sequence[str]]) -> str:
    """The problem's prompt followed by its last four attempts (lists of steps), marked as wrong; a new one is to follow."""
    shown = attempts[-MOST_ATTEMPTS:]
    if not shown:
        return prompt
    return prompt + "".join("Wrong:\n" + "".join(f"{step}\n" for step in steps) for steps in shown) + "Try again:\n"
