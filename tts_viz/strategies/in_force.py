"""From a search's settings to the strategy that carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from tts_viz.core import aggregation
from tts_viz.core.events import Settings
from tts_viz.errors import InputError
from tts_viz.strategies.base import STRATEGIES, Strategy, make
from tts_viz.strategies.choice_table import check, rows


def from_settings(settings: Settings, table: Mapping[str, Any] | None = None) -> Strategy:
    """The strategy of these settings. `table`: the rows that the search was started with, if any (see `choice_table`).

    Raises ValueError for a value that no search could go by.
    """
    if not 0 <= settings.temperature < inf:
        raise InputError(f"temperature={settings.temperature} must be a finite number from 0 up; try 1")
    aggregation.steps([0.0], settings.aggregation)
    aggregation.rank([], settings.vote)
    chosen = make(settings.strategy, settings.parameters)
    if STRATEGIES[settings.strategy].looks_up:
        if not table:
            raise InputError(
                f"{settings.strategy} goes by a table of choices, and this search was started without one: start another, "
                "with what `choice_table.lookup` gives as its start's table"
            )
        check(rows(table))
    return chosen
