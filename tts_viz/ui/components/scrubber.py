"""The scrubber as a gradio component: go to any moment of a run, or play it. `playback` makes its value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import Field

from tts_viz.render.javascript import component
from tts_viz.ui.components.events import Payload

HERE = Path(__file__).parent


class Seek(Payload):
    """The number of events to show."""

    at: int


class Play(Payload):
    """The speed of the replay; 0 stops it."""

    speed: float = Field(ge=0, le=100)


class Scrubber(gr.HTML):
    """`seek` carries a `Seek`, `play` a `Play`."""

    EVENTS = ["seek", "play"]  # noqa: RUF012

    def __init__(self, value: str = "", **kwargs: Any) -> None:
        super().__init__(
            value,
            html_template=(HERE / "scrubber.html").read_text(encoding="utf-8"),
            js_on_load=component(HERE / "scrubber.js"),
            apply_default_css=False,
            **kwargs,
        )
