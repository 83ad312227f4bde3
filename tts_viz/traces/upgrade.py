"""Events as older versions wrote them, as this one would have: whoever reads an event says of which version its line is.

Version 1 is the first release's: parameters were whole numbers, and a search looked its table of choices up as it went.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tts_viz.core.events import Changed, Event, Noted, Settings, Started
from tts_viz.strategies import choice_table
from tts_viz.strategies.old_parameters import upgraded


def upgrade(event: Event) -> Event:
    """An event of version 1."""
    match event:
        case Started():
            return replace(event, settings=_settings(event.settings), table=_table(event))
        case Changed():
            return replace(event, settings=_settings(event.settings))
        case Noted(strategy=str(name)):
            return replace(event, parameters=upgraded(name, event.parameters))
        case _:
            return event


def _settings(settings: Settings) -> Settings:
    return replace(settings, parameters=upgraded(settings.strategy, settings.parameters))


def _table(started: Started) -> dict[str, Any]:
    """What the search would have found in the table that came with the first release."""
    task = str(started.problem.get("task", ""))
    return choice_table.lookup(task, started.policy, started.verifier, choice_table.SHIPPED)
