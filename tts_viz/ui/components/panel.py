"""A part of the page whose HTML is made in Python (see `markup`). Clicks on its `data-node` buttons are events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.render.javascript import component
from tts_viz.ui.components.events import Payload


class NodeClick(Payload):
    """A click on a node, or on a button that stands for it."""

    id: str


class Panel(gr.HTML):
    """`click` carries a `NodeClick` with the node whose button was pressed."""

    def __init__(self, value: Any = "", **kwargs: Any) -> None:
        super().__init__(
            value, js_on_load=component(Path(__file__).with_name("panel.js")), apply_default_css=False, **kwargs
        )
