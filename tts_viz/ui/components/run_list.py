"""The list of runs as a gradio component: HTML from `run_list`, with events for its buttons and name fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import gradio as gr

from tts_viz.render.javascript import component
from tts_viz.ui.components.events import Payload


class RunWish(Payload):
    """An action on a run; `name` is the new name when renaming."""

    do: Literal["open", "left", "right", "star", "rename", "delete", "restore"]
    run: str
    name: str = ""


class RunList(gr.HTML):
    """`open`, `compare` and `act` carry a `RunWish`."""

    EVENTS = ["open", "compare", "act"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "", js_on_load=component(Path(__file__).with_name("run_list.js")), apply_default_css=False, **kwargs
        )
