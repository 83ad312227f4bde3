"""Buttons that save the run as a file, as a gradio component. The file is made in memory and saved by the browser, so that
nothing is written on the host."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import gradio as gr

from tts_viz.render.javascript import component
from tts_viz.ui.components.events import Payload

FileKind = Literal["html", "csv", "jsonl"]

BUTTONS = """
<div class="saver" role="group" aria-label="Save the run">Save the run:
  <button type="button" data-save="html"
    title="One file that needs nothing else: the tree, with every moment of the search">Web page</button>
  <button type="button" data-save="csv" title="One row a step, for spreadsheets and data frames">Table (CSV)</button>
  <button type="button" data-save="jsonl"
    title="Everything that happened, one event a line: python -m tts_viz open reads it">Trace (JSONL)</button>
</div>
"""


class SaveWish(Payload):
    kind: FileKind


class SaveButtons(gr.HTML):
    """`save` carries a `SaveWish`; its value is the file to save, made by `download.file`."""

    EVENTS = ["save"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "",
            html_template=BUTTONS,
            js_on_load=component(Path(__file__).with_name("save_buttons.js")),
            apply_default_css=False,
            **kwargs,
        )
