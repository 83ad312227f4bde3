"""A file made in memory and saved by the visitor's browser, so that nothing is written on the host. Knows nothing about
its content."""

from __future__ import annotations

import json
from base64 import b64encode
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.render.javascript import component

_numbers = count()


class Download(gr.HTML):
    """An invisible component; the browser saves each new value, made by `file`, at once."""

    def __init__(self, **kwargs: Any) -> None:
        code = component(Path(__file__).with_name("download.js"))
        super().__init__("", html_template="<span></span>", js_on_load=code, apply_default_css=False, **kwargs)


def file(name: str, type: str, content: str | bytes) -> str:
    """A value for a component that saves files. Each value is numbered, so that the same file can be saved twice."""
    inside = {"text": content} if isinstance(content, str) else {"base64": b64encode(content).decode()}
    made = {"name": name, "type": type, "number": next(_numbers), **inside}
    return json.dumps(made).replace("<", "\\u003c")
