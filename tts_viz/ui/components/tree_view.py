"""The live tree as a gradio component. Its value is the text of a `render.wire.Stream`; "" is the empty state.

Draws in the browser with the plotly.js that is packaged with plotly, served from here; the code that runs there is in
`render.browser`. Knows nothing about searches: it shows what the text says.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import gradio as gr

from tts_viz.render import browser
from tts_viz.render.javascript import component


class TreeView(gr.HTML):
    """`node_click` fires when a visitor clicks a node or presses Enter on it, and carries a `NodeClick`.

    While the value grows by whole lines, the tree grows. A value that is not a longer version of the last one is shown
    instead of it; zoom and selection stay if its run is the same.
    """

    EVENTS = ["node_click"]  # noqa: RUF012

    def __init__(self, value: str = "", press: str = "Run", **kwargs: Any) -> None:
        """`press`: the name of the button that starts a search, for the empty state."""
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
    """Let the page fetch plotly.js, and nothing else, from this host."""
    gr.set_static_paths([browser.PLOTLY])
