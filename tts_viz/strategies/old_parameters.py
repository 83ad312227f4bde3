"""The parameters of the first release, in which all knobs were whole numbers, as the knobs are now.

For files that say they are of version 1: traces, libraries, sweeps and tables of choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PERCENT: dict[str, tuple[str, str]] = {
    "rebase": ("t", "balance_temperature"),
    "mcts": ("c", "c"),
    "adaptive_best_of_n": ("sure", "confidence"),
}
"""strategy: a knob that was in percent, and its name now"""


def upgraded(strategy: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """In the order in which they stood; what is no percentage stays as it is."""
    old, new = PERCENT.get(strategy, ("", ""))

    def pair(name: str, value: Any) -> tuple[str, Any]:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return (new, value / 100) if name == old and whole else (name, value)

    return dict(pair(name, value) for name, value in parameters.items())
