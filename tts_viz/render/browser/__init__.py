"""The tree view as it runs in a browser: the texts of the files beside this one, and plotly's own plotly.min.js.

Knows nothing about who shows it. The code expects `element` (which has `tree_html` in it), `props`, whose `value` is the
text of a `wire.Stream`, `watch(name, act)` and `trigger(name, data)`; gradio gives these, and so does a page of ours.
"""

from __future__ import annotations

from pathlib import Path

import plotly

HERE = Path(__file__).parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PARTS = ("layout", "fold", "words", "draw", "camera", "hands", "save", "view")
"""The code is in tree_*.js, in this order."""


def text(name: str) -> str:
    """A file of this folder."""
    return (HERE / name).read_text(encoding="utf-8")


def tree_html() -> str:
    return text("tree_view.html")


def tree_css() -> str:
    """Rules to nest in the component's own."""
    return text("tree_view.css")


def tree_js() -> str:
    """The body of a function of `element`, `props`, `watch` and `trigger`. It waits for plotly."""
    return "\n".join(text(f"tree_{part}.js") for part in PARTS)
