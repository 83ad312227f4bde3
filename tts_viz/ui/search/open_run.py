"""Opens a run in the search tab from a button elsewhere, optionally with one of its steps selected."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from tts_viz.core.events import NodeId
from tts_viz.traces.entry import RunId
from tts_viz.ui.components.events import LIVE, Listener, key_of
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.runs.start import reopen
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.search.tab import SearchTab

OpenRequest = Callable[[str, gr.EventData], tuple[RunId | None, NodeId | None]]
"""From a visitor's key and an event to the run to open (None: nothing to open) and a step of it."""


def wire_opening(
    event: Listener, wish: OpenRequest, visitors: Visitors, models: OfferedModels, search: SearchTab, tabs: gr.Tabs
) -> None:
    """Let an event open the run that `wish` reads from it."""

    async def on_open(request: gr.Request, data: gr.EventData) -> AsyncIterator[list[Any]]:
        key = key_of(request)
        run, node = wish(key, data)
        if run is None:
            yield [gr.skip()] * (1 + len(search.moving))  # gradio blanks the outputs of a generator that yields nothing
            return
        yield [gr.Tabs(selected="search"), *[gr.skip()] * len(search.moving)]
        async for update in search.watch(key, lambda: _opened(visitors, models, key, run, node)):
            yield [gr.skip(), *update]

    event(on_open, None, [tabs, *search.moving], **LIVE)


def _opened(visitors: Visitors, models: OfferedModels, key: str, run: RunId, node: NodeId | None) -> View:
    view = reopen(visitors, models, key, run)
    if node is not None:
        view.point_at(node)
    return view
