"""Whatever shows a run: what is new in it, clicks on a tree and its panels, and the scrubber."""

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
"""Seconds after which a view is looked at in any case."""


async def followed(visitors: Visitors, key: str, place: Place, view: View) -> AsyncIterator[dict[str, Any]]:
    """All parts of a view by name, each time that any has changed, for as long as this visitor watches it there.

    A large tree is looked at less often, so that it takes no more than half of a core from the searches; one in which
    nothing happens is not looked at.
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
    """Until the next look, after one that `began` then (`monotonic`) and is over now."""
    await asyncio.sleep(max(POLL, monotonic() - began))


def wire_watching(visitors: Visitors, parts: dict[str, Any], place: Place) -> None:
    """Clicks on a tree and its panels show the step; the scrubber moves."""

    def on_select(request: gr.Request, event: gr.EventData) -> Any:
        node, view = payload(event, NodeClick).id, visitors.view(key_of(request), place)
        shown = view.select(node) if view else None
        return gr.skip() if shown is None else shown

    on(parts["tree"], "node_click")(on_select, None, parts["inspector"], trigger_mode="always_last", **SHORT)
    for panel in clickable(parts):
        panel.click(on_select, None, parts["inspector"], trigger_mode="always_last", **SHORT)
    wire_scrubber(visitors, parts["scrubber"], place)


def wire_scrubber(visitors: Visitors, scrubber: Scrubber, place: Place) -> None:
    """Let it move what this visitor watches there."""

    def on_seek(request: gr.Request, event: gr.EventData) -> None:
        at = payload(event, Seek).at
        if view := visitors.view(key_of(request), place):
            view.playback.seek(at, len(view.trace))

    def on_play(request: gr.Request, event: gr.EventData) -> None:
        speed = payload(event, Play).speed
        if view := visitors.view(key_of(request), place):
            view.playback.play(speed, len(view.trace))

    on(scrubber, "seek")(on_seek, None, None, trigger_mode="always_last", **SHORT)
    on(scrubber, "play")(on_play, None, None, trigger_mode="multiple", **SHORT)
