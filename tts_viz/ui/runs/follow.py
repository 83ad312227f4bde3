"""Following a run on the page: updates when it changes, clicks on a tree and its panels, and the scrubber."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import gradio as gr

from tts_viz.search.bell import rung
from tts_viz.ui.components.events import POLL, SHORT, key_of, on, payload
from tts_viz.ui.components.panel import NodeClick
from tts_viz.ui.components.scrubber import Play, Scrubber, Seek
from tts_viz.ui.panels.build import clickable
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Place, Visitors

LONGEST = 30.0
"""Seconds after which a view is refreshed even if nothing rang."""


async def followed(visitors: Visitors, key: str, place: Place, view: View) -> AsyncIterator[dict[str, Any]]:
    """Yields all parts of a view by name whenever one has changed, for as long as this visitor watches it there.

    A large tree is refreshed less often, so that drawing takes at most half of a core from the searches; a tree in which
    nothing happens is not refreshed.
    """
    with view.changed.listening() as rings:
        while visitors.view(key, place) is view:
            began = monotonic()
            rings.clear()
            if parts := await asyncio.to_thread(view.refresh):
                yield parts
            await rest(began)
            await rung(rings, POLL if view.playing else LONGEST)


async def rest(began: float) -> None:
    """Sleep until the next refresh: at least as long as the last one took, which `began` at that `monotonic` time."""
    await asyncio.sleep(max(POLL, monotonic() - began))


def wire_watching(visitors: Visitors, parts: dict[str, Any], place: Place) -> None:
    """Let clicks on a tree and its panels select a step, and connect the scrubber."""

    def on_select(request: gr.Request, event: gr.EventData) -> Any:
        node, view = payload(event, NodeClick).id, visitors.view(key_of(request), place)
        shown = view.select(node) if view else None
        return gr.skip() if shown is None else shown

    on(parts["tree"], "node_click")(on_select, None, parts["inspector"], trigger_mode="always_last", **SHORT)
    for panel in clickable(parts):
        panel.click(on_select, None, parts["inspector"], trigger_mode="always_last", **SHORT)
    wire_scrubber(visitors, parts["scrubber"], place)


def wire_scrubber(visitors: Visitors, scrubber: Scrubber, place: Place) -> None:
    """Let the scrubber control the view that this visitor watches there."""

    def on_seek(request: gr.Request, event: gr.EventData) -> None:
        at = payload(event, Seek).at
        if view := visitors.view(key_of(request), place):
            view.seek(at)

    def on_play(request: gr.Request, event: gr.EventData) -> None:
        speed = payload(event, Play).speed
        if view := visitors.view(key_of(request), place):
            view.play(speed)

    on(scrubber, "seek")(on_seek, None, None, trigger_mode="always_last", **SHORT)
    on(scrubber, "play")(on_play, None, None, trigger_mode="multiple", **SHORT)
