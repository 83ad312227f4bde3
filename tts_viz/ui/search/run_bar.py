"""The buttons that start, pause and stop a search, and which of them are enabled in which state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.search.live_run import RunState
from tts_viz.ui.html.status import READY


@dataclass(frozen=True, slots=True)
class RunBar:
    run: gr.Button
    pause: gr.Button
    resume: gr.Button
    step: gr.Button
    stop: gr.Button
    undo: gr.Button
    redo: gr.Button
    status: gr.HTML
    reply: gr.HTML
    """The answer to an Undo or a Redo."""

    @property
    def changing(self) -> list[gr.Button]:
        """The buttons that `looks` and `unchanged` update."""
        return [self.pause, self.resume, self.stop]

    def looks(self, state: RunState, resumable: bool) -> list[Any]:
        """Updates for a state: Pause and Resume share one place, and buttons without effect are disabled (all after a failure).

        The labels are repeated because inside a tab gradio blanks a button that is updated without one.
        """
        rests = state == "paused" or resumable
        return [
            gr.update(value="Pause", visible=not rests, interactive=state == "running"),
            gr.update(value="Resume", visible=rests),
            gr.update(value="Stop", interactive=rests or state in ("running", "held", "full")),
        ]

    @property
    def unchanged(self) -> list[Any]:
        return [gr.skip()] * len(self.changing)


def build_run_bar() -> RunBar:
    reply = gr.HTML("", elem_id="bar-reply", apply_default_css=False, render=False)
    with gr.Row(elem_id="run-bar"):
        bar = RunBar(
            run=gr.Button("▶ Run", variant="primary", elem_id="run", scale=0, min_width=110),
            pause=gr.Button("Pause", elem_id="pause", scale=0, min_width=100, interactive=False),
            resume=gr.Button("Resume", elem_id="resume", scale=0, min_width=100, visible=False),
            step=gr.Button("Step", elem_id="step", scale=0, min_width=80),
            stop=gr.Button("Stop", elem_id="stop", scale=0, min_width=80, interactive=False),
            undo=gr.Button("↶ Undo", elem_id="undo", scale=0, min_width=80, size="sm"),
            redo=gr.Button("↷ Redo", elem_id="redo", scale=0, min_width=80, size="sm"),
            status=gr.HTML(READY, elem_id="status", apply_default_css=False),
            reply=reply,
        )
    reply.render()
    return bar
