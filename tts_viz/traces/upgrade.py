"""Upgrades events written by older versions. The caller knows the version of an event's line.

Version 1 is that of the first release: parameters were whole numbers, and a search looked up its table of choices while running.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tts_viz.core.events import Changed, Event, Noted, Settings, Started
from tts_viz.strategies import choice_table
from tts_viz.strategies.old_parameters import upgraded


def upgrade(event: Event) -> Event:
    """The current form of an event of version 1."""
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
    """The rows that the search would have found in the table of the first release."""
    task = str(started.problem.get("task", ""))
    return choice_table.lookup(task, started.policy, started.verifier, choice_table.SHIPPED)
