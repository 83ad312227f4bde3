"""The solution up to the selected step, or else the chosen solution, typeset; only for tasks with formulas."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tts_viz.tasks import get_task
from tts_viz.ui.html.latex import DELIMITERS, typeset
from tts_viz.ui.panels.base import PANELS, Moment, PagePanel


def draw(moment: Moment) -> dict[str, Any]:
    node = moment.selected or (moment.tree.nodes[moment.solutions[0].node] if moment.solutions else None)
    if not (node and node.depth and moment.problem and get_task(moment.problem.task).latex):
        return {"visible": False, "__type__": "update"}
    text = "\n\n".join(step.text for step in node.path())
    return {"value": f"### Solution\n\n{typeset(text)}", "visible": True, "__type__": "update"}


def build(id: str) -> gr.Markdown:
    return gr.Markdown(elem_id=id, latex_delimiters=DELIMITERS, visible=False)


PANELS.add("typeset", PagePanel(draw, where="step", build=build))
