"""The tree view as it runs in a browser: the files beside this one, and plotly's own plotly.min.js.

Knows nothing about the page around it. `attach` in tree_view.js expects an element that contains `tree_html`, `props` whose
`value` is the text of a `wire.Stream`, `trigger(name, data)` and `watch(name, act)`. Gradio provides these, and so does our
offline page.
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
    """CSS rules, to be nested in the component's own."""
    return (HERE / "tree_view.css").read_text(encoding="utf-8")
