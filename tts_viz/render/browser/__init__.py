"""The tree view as it runs in a browser: the texts of the files beside this one, and plotly's own plotly.min.js.

Knows nothing about who shows it. The code expects `element` (which has `tree_html` in it), `props`, whose `value` is the
text of a `wire.Stream`, `watch(name, act)` and `trigger(name, data)`; gradio gives these, and so does a page of ours.
"""

from __future__ import annotations

from pathlib import Path

import plotly

HERE = Path(__file__).parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PARTS = ("layout", "fold", "words", "draw", "camera", "pointer", "save", "view")
"""The code is in tree_*.js, in this order."""


def text(name: str) -> str:
    """A file of this folder."""
    return (HERE / name).read_text(encoding="utf-8")


def tree_html() -> str:
    return text("tree_view.html")


def tree_css() -> str:
    """Rules to nest in the component's own."""
    return text("tree_view.css")


def tools_js() -> str:
    """Functions and constants of which the view is made. They do nothing by themselves."""
    return "\n".join(text(f"tree_{part}.js") for part in PARTS[:-1])


def view_js() -> str:
    """The body of a function of `element`, `props`, `watch` and `trigger`, where `tools_js` is. It waits for plotly."""
    return text(f"tree_{PARTS[-1]}.js")


def tree_js() -> str:
    """Both, as one body."""
    return f"{tools_js()}\n{view_js()}"
