"""The list of runs as a gradio component: HTML from `run_list` whose buttons and names can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.render.javascript import component


class RunList(gr.HTML):
    """`open`, `compare` and `act` carry {do, run}, and {name} to rename."""

    EVENTS = ["open", "compare", "act"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "", js_on_load=component(Path(__file__).with_name("run_list.js")), apply_default_css=False, **kwargs
        )
