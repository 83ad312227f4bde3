"""The live tree as a gradio component. Its value is the text of a `render.wire.Stream`; "" is the empty state.

The browser draws it with the plotly.js that comes with plotly, served from this host, and the code in `render.browser`.
Knows nothing about searches: it shows what the text describes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import gradio as gr

from tts_viz.render import browser
from tts_viz.render.javascript import component


class TreeView(gr.HTML):
    """`node_click` fires when a visitor clicks a node or presses Enter on it, and carries a `NodeClick`.

    When lines are appended to the value, the tree grows. Any other new value replaces the tree; zoom and selection are
    kept if the run is the same.
    """

    EVENTS = ["node_click"]  # noqa: RUF012

    def __init__(self, value: str = "", press: str = "Run", **kwargs: Any) -> None:
        """`press`: label of the button that starts a search, shown in the empty state."""
        serve_plotly()
        super().__init__(
            value,
            html_template=browser.tree_html().replace("Press Run", f"Press {press}"),
            css_template=browser.tree_css(),
            js_on_load=component(browser.TREE_VIEW),
            head=f'<script src="gradio_api/file={browser.PLOTLY.as_posix()}"></script>',
            apply_default_css=False,
            **kwargs,
        )


@cache
def serve_plotly() -> None:
    """Allow the page to fetch plotly.js, and no other file, from this host."""
    gr.set_static_paths([browser.PLOTLY])
