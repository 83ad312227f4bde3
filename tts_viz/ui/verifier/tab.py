"""The verifier tab: examines a verifier on one solution, on many, or on a file of labelled ones."""

from __future__ import annotations

import gradio as gr

from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.search.tab import SearchTab
from tts_viz.ui.verifier.jobs import VerifierTabState
from tts_viz.ui.verifier.one_solution import build_desk
from tts_viz.ui.verifier.processbench_file import build_file_bench
from tts_viz.ui.verifier.worst_steps import build_finder, wire_finder

INTRO = html(
    '<p class="note">A verifier gives each step a score from 0 to 1: how likely it thinks, having read so far, that the solution '
    "ends right. Here it is held against an exact checker, which knows whether a step is true and the goal still in reach.</p>"
)


def build_verifier_tab(visitors: Visitors, models: OfferedModels, search: SearchTab, tabs: gr.Tabs) -> VerifierTabState:
    """Lay out the tab in the current container and connect its events."""
    bench = VerifierTabState(visitors, models)
    gr.HTML(INTRO, apply_default_css=False)
    with gr.Tabs(selected="bench-one", elem_id="bench-tabs") as inner:
        with gr.Tab("One solution", id="bench-one"):
            desk = build_desk(bench)
        with gr.Tab("Mistakes", id="bench-find"):
            finder, begin, cancel = build_finder(bench)
        with gr.Tab("ProcessBench", id="bench-file"):
            build_file_bench(bench)
    wire_finder(finder, begin, cancel, desk, inner, search, tabs)
    return bench
