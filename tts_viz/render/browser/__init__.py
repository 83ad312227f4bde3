"""The tree view as it runs in a browser: the files beside this one, and plotly's own plotly.min.js.

Knows nothing about who shows it. `attach` in tree_view.js expects an element, which has `tree_html` in it, `props`, whose
`value` is the text of a `wire.Stream`, `trigger(name, data)` and `watch(name, act)`; gradio gives these, and so does a page
of ours.
"""

from __future__ import annotations

from pathlib import Path

import plotly

HERE = Path(__file__).parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
TREE_VIEW = HERE / "tree_view.js"


def tree_html() -> str:
    return (HERE / "tree_view.html").read_text(encoding="utf-8")


def tree_css() -> str:
    """Rules to nest in the component's own."""
    return (HERE / "tree_view.css").read_text(encoding="utf-8")
