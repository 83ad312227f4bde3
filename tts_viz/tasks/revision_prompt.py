"""The revision prompt: the one place that knows how earlier attempts are written into a policy's context."""

from __future__ import annotations

from collections.abc import Sequence

MOST_ATTEMPTS = 4
"""The number of earlier attempts that the embedded policies were trained to read (Snell et al. 2024, section 6)."""

ATTEMPT, ANOTHER = "Attempt:", "Another attempt:"


def revision_prompt(prompt: str, attempts: Sequence[Sequence[str]]) -> str:
    """The problem's prompt followed by its last four wrong attempts, each a list of steps; the next one is to follow."""
    return _shown(prompt, attempts, "Wrong:", "Try again:")


def neutral_revision_prompt(prompt: str, attempts: Sequence[Sequence[str]]) -> str:
    """The same for a model that was trained on right and wrong attempts: nothing is said of what they are."""
    return _shown(prompt, attempts, ATTEMPT, ANOTHER)


def _shown(prompt: str, attempts: Sequence[Sequence[str]], each: str, then: str) -> str:
    shown = attempts[-MOST_ATTEMPTS:]
    if not shown:
        return prompt
    return prompt + "".join(f"{each}\n" + "".join(f"{step}\n" for step in steps) for steps in shown) + f"{then}\n"
