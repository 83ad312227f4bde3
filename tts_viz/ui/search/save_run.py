"""The run that a visitor watches as a file: web page, table or trace."""

from __future__ import annotations

import json
import re
from itertools import count

import gradio as gr

from tts_viz.exports.csv_table import table
from tts_viz.exports.html_page import page
from tts_viz.traces.schema import THIS, encode
from tts_viz.ui.components.events import key_of, warning
from tts_viz.ui.components.save_buttons import SaveButtons
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors

KINDS = {"html": "text/html", "csv": "text/csv", "jsonl": "application/jsonl"}

_numbers = count()


def file_of(view: View, kind: str) -> str:
    """What `SaveButtons` takes. Raises ValueError for another kind of file."""
    if kind not in KINDS:
        raise ValueError("Choose one of the kinds of file.")
    events = list(view.trace)
    title = view.problem.question if view.problem else "A search"
    match kind:
        case "html":
            text = page(events, title)
        case "csv":
            text = table(events)
        case _:
            text = "".join(encode(event) + "\n" for event in (THIS, *events))
    made = {
        "name": f"{_named(title, view.tree.settings.strategy)}.{kind}",
        "type": KINDS[kind],
        "text": text,
        "number": next(_numbers),
    }
    return json.dumps(made).replace("<", "\\u003c")


def _named(title: str, strategy: str) -> str:
    """As "tts_viz-Make-24-from-3-3-8-2-beam", so that files of several runs can be told apart."""
    return re.sub(r"[^\w.]+", "-", f"tts_viz {title[:60]} {strategy}").strip("-")


def wire_saver(saver: SaveButtons, visitors: Visitors, notice: gr.HTML) -> None:
    def on_save(request: gr.Request, event: gr.EventData) -> tuple[object, object]:
        view = visitors.view(key_of(request))
        if view is None or not view.trace:
            return gr.skip(), warning("There is nothing to save yet: run a search first.")
        try:
            return file_of(view, str(event._data.get("kind"))), ""
        except ValueError as error:
            return gr.skip(), warning(str(error))

    saver.save(on_save, None, [saver, notice], concurrency_limit=4, show_progress="hidden", api_visibility="private")  # type: ignore[attr-defined]
