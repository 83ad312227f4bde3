"""Builds panels as components of a tab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts_viz.ui.components.panel import Panel
from tts_viz.ui.panels import PANELS
from tts_viz.ui.panels.base import PageTab, Where


def build_panels(tab: PageTab, prefix: str = "", where: Where | None = None) -> dict[str, Any]:
    """Lay out a tab's panels at this place (default: at all places) in the current container; returns them by name.

    `prefix` keeps element ids unique when one page shows several runs.
    """
    return {name: build_panel(name, prefix) for name in named(tab, where)}


def named(tab: PageTab, where: Where | None = None) -> list[str]:
    return [name for name, panel in PANELS.items() if tab in panel.tabs and where in (None, panel.where)]


def build_panel(name: str, prefix: str = "") -> Any:
    panel = PANELS[name]
    return panel.build(prefix + name) if panel.build else Panel(panel.empty, elem_id=prefix + name)


def clickable(parts: Mapping[str, Any]) -> list[Panel]:
    """The parts of a tab whose buttons select a step."""
    return [part for part in parts.values() if isinstance(part, Panel)]
