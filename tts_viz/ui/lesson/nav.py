"""Navigation of the lesson as a gradio component: its steps, which of them are done, and the current one.

Progress is stored in the browser only. The address `?lesson=4` opens the fourth step.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.render.javascript import component
from tts_viz.ui.components.events import Payload
from tts_viz.ui.html.markup import html, join


class LessonGo(Payload):
    """The step that the learner clicked, or that is stored in their browser or named in the link."""

    step: int


class LessonNav(gr.HTML):
    """Its value is `place(…)`. `go` carries a `LessonGo`."""

    EVENTS = ["go"]  # noqa: RUF012

    def __init__(self, titles: Sequence[str], **kwargs: Any) -> None:
        buttons = join(
            html(
                '<li><button type="button" data-step="{0}" title="{1}"><span class="number">{0}</span><span class="title">{1}'
                "</span></button></li>"
            ).format(number, title)
            for number, title in enumerate(titles, 1)
        )
        super().__init__(
            place(1),
            html_template=html(
                '<nav class="lesson-nav" aria-label="Steps of the lesson"><ol>{}</ol><div class="tools">'
                '<span class="progress" role="status"></span><button type="button" data-do="link" title="Copy a link that opens '
                'the lesson at this step, for a class">Link to this step</button><button type="button" data-do="forget" '
                'title="Forget in this browser what was done">Begin anew</button></div></nav>'
            ).format(buttons),
            js_on_load=component(Path(__file__).with_name("lesson_nav.js")),
            apply_default_css=False,
            **kwargs,
        )


def place(at: int, done: Iterable[int] = ()) -> str:
    """The value of `LessonNav`: the current step and the steps just done."""
    return json.dumps({"at": at, "done": list(done)})
