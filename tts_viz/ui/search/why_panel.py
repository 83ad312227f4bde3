"""The panel under the tree that explains decisions and answers "what if"."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.core.aggregation import STEP_AGGREGATIONS, VOTES
from tts_viz.errors import EngineError
from tts_viz.ui.components.events import key_of, warning
from tts_viz.ui.components.panel import Panel
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html
from tts_viz.ui.panels.build import build_panels
from tts_viz.ui.runs.visitors import Visitors

SAME = "as it was"


@dataclass(frozen=True, slots=True)
class WhyPanel:
    """`panels` explain the decision about the selected step; `answer` shows what other scores would have decided."""

    panels: dict[str, Any]
    source: gr.Dropdown
    flipped: gr.Slider
    aggregation: gr.Dropdown
    vote: gr.Dropdown
    ask: gr.Button
    answer: Panel


def build_why_panel(models: OfferedModels) -> WhyPanel:
    others = [(f"another verifier: {name}", name) for name in models.verifiers if name != "oracle"]
    with gr.Accordion("Why, and what if", open=False, elem_id="why"):
        panels = build_panels("search", where="why")
        gr.Markdown(
            "**What if** the scores had been others? Nothing is sampled again: the recorded steps are decided anew."
        )
        with gr.Row():
            source = gr.Dropdown(
                [("as recorded", "recorded"), ("the exact truth (oracle)", "oracle"), *others], value="oracle",
                label="Scores from", filterable=False, elem_id="whatif-source", min_width=220,
            )  # fmt: skip
            flipped = gr.Slider(
                0, 100, 0, step=5, label="Scores turned upside down (%)", elem_id="whatif-flipped", min_width=220
            )
            aggregation = gr.Dropdown(
                [SAME, *STEP_AGGREGATIONS],
                value=SAME,
                label="Step aggregation",
                filterable=False,
                elem_id="whatif-steps",
                min_width=120,
            )
            vote = gr.Dropdown(
                [SAME, *VOTES], value=SAME, label="Vote", filterable=False, elem_id="whatif-vote", min_width=120
            )
        ask = gr.Button("What if?", elem_id="whatif", size="sm")
        answer = Panel(elem_id="whatif-answer")
    return WhyPanel(panels, source, flipped, aggregation, vote, ask, answer)


def wire_why_panel(panel: WhyPanel, visitors: Visitors, models: OfferedModels) -> None:
    """The question may need another verifier to read the tree, so it goes through the queue; the view keeps the scores."""

    async def on_ask(request: gr.Request, source: Any, flipped: Any, steps: Any, vote: Any) -> Any:
        view = visitors.view(key_of(request))
        if view is None:
            return html('<p class="note">Run a search first.</p>')
        try:
            other = None if source in ("recorded", "oracle") else await asyncio.to_thread(models.verifier, str(source))
            share = float(flipped) / 100
            return await view.what_if(
                str(source), other, share, _choice(steps, STEP_AGGREGATIONS), _choice(vote, VOTES)
            )
        except (ValueError, EngineError) as error:
            return warning(str(error))

    panel.ask.click(
        on_ask, [panel.source, panel.flipped, panel.aggregation, panel.vote], panel.answer, concurrency_limit=4,
        api_visibility="private",
    )  # fmt: skip


def _choice(value: Any, known: Collection[str]) -> str | None:
    if value == SAME:
        return None
    if value not in known:
        raise ValueError("Choose from the lists.")
    return str(value)
