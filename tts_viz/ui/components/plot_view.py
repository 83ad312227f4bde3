"""A plotly figure as a gradio component. `gr.Plot` has no event for clicks on points, and loses the zoom.

The value is the figure's JSON, or "" for no figure. Like the tree, it uses the plotly.js that comes with plotly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.render import browser
from tts_viz.render.javascript import component
from tts_viz.ui.components.events import Payload
from tts_viz.ui.components.tree_view import serve_plotly

HERE = Path(__file__).parent

TEMPLATE = """
<div class="plot" role="img" aria-label="The figure; what it says is written below it"></div>
<div class="saver" role="group" aria-label="Save the figure">Save the figure:
  <button type="button" data-save="png">PNG</button> <button type="button" data-save="svg">SVG</button></div>
"""


class PointClick(Payload):
    """A click on a point; `runs` is the point's customdata, the numbers of its runs."""

    runs: list[int]


class PlotView(gr.HTML):
    """`point` carries a `PointClick`."""

    EVENTS = ["point"]  # noqa: RUF012

    def __init__(self, value: str = "", **kwargs: Any) -> None:
        serve_plotly()
        super().__init__(
            value,
            html_template=TEMPLATE,
            js_on_load=component(HERE / "plot_view.js"),
            head=f'<script src="gradio_api/file={browser.PLOTLY.as_posix()}"></script>',
            apply_default_css=False,
            **kwargs,
        )
