"""Saves the run that a visitor watches as a file: web page, table or trace."""

from __future__ import annotations

import re

import gradio as gr

from tts_viz.exports.csv_table import table
from tts_viz.exports.html_page import page
from tts_viz.traces.schema import THIS, encode
from tts_viz.ui.components.download import file
from tts_viz.ui.components.events import key_of, on, payload, warning
from tts_viz.ui.components.save_buttons import FileKind, SaveButtons, SaveWish
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors

TYPES: dict[FileKind, str] = {"html": "text/html", "csv": "text/csv", "jsonl": "application/jsonl"}


def file_of(view: View, kind: FileKind) -> str:
    """The file as a value for `SaveButtons`."""
    events = list(view.trace)
    title = view.problem.question if view.problem else "A search"
    match kind:
        case "html":
            text = page(events, title)
        case "csv":
            text = table(events)
        case "jsonl":
            text = "".join(encode(event) + "\n" for event in (THIS, *events))
    return file(f"{_named(title, view.tree.settings.strategy)}.{kind}", TYPES[kind], text)


def _named(title: str, strategy: str) -> str:
    """A file name such as "tts_viz-Make-24-from-3-3-8-2-beam", which distinguishes files of several runs."""
    return re.sub(r"[^\w.]+", "-", f"tts_viz {title[:60]} {strategy}").strip("-")


def wire_saver(saver: SaveButtons, visitors: Visitors, notice: gr.HTML) -> None:
    def on_save(request: gr.Request, event: gr.EventData) -> tuple[object, object]:
        wish = payload(event, SaveWish)
        view = visitors.view(key_of(request))
        if view is None or not view.trace:
            return gr.skip(), warning("There is nothing to save yet: run a search first.")
        return file_of(view, wish.kind), ""

    on(saver, "save")(
        on_save, None, [saver, notice], concurrency_limit=4, show_progress="hidden", api_visibility="private"
    )
