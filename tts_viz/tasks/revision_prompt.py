"""How a policy is asked to revise: the one place that knows what earlier attempts look like in its context."""

from __future__ import annotations

from collections.abc import Sequence

MOST_ATTEMPTS = 4
"""As many earlier attempts as the embedded policies were trained to read (Snell et al. 2024, section 6)."""


def revision_prompt(prompt: str, attempts: Sequence[Sequence[str]]) -> str:
    """The problem's prompt followed by its last four wrong attempts, each a list of steps; the next one is to follow."""
    shown = attempts[-MOST_ATTEMPTS:]
    if not shown:
        return prompt
    return prompt + "".join("Wrong:\n" + "".join(f"{step}\n" for step in steps) for steps in shown) + "Try again:\n"
