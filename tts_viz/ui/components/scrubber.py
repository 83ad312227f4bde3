"""The scrubber as a gradio component: go to any moment of a run, or play it. What it shows is made by `playback`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.render.javascript import component

HERE = Path(__file__).parent


class Scrubber(gr.HTML):
    """`seek` carries {at}, the number of events to show; `play` carries {speed}, 0 to rest."""

    EVENTS = ["seek", "play"]  # noqa: RUF012

    def __init__(self, value: str = "", **kwargs: Any) -> None:
        super().__init__(
            value,
            html_template=(HERE / "scrubber.html").read_text(encoding="utf-8"),
            js_on_load=component(HERE / "scrubber.js"),
            apply_default_css=False,
            **kwargs,
        )
