"""The strip at the top: which problem to solve. Examples by task and level, another one, or the visitor's own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.engines.embedded import EMBEDDED
from tts_viz.errors import ProblemError
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem
from tts_viz.tasks.math500 import LONGEST, SUBJECTS, Math500
from tts_viz.ui.components.events import warning
from tts_viz.ui.forms.offered import TASKS
from tts_viz.ui.html.latex import DELIMITERS, typeset

FIRST = 5
"""The test problem of level 3 that a new visitor meets: one on which a beam has true, false and lost steps, and succeeds."""

EXAMPLES = 10_000
"""Test problems of a level that "Another one" draws from."""

ANY = "Any subject"


@dataclass(frozen=True, slots=True)
class ProblemForm:
    task: gr.Radio
    level: gr.Radio
    another: gr.Button
    text: gr.Textbox


def build_problem_form(tasks: Sequence[str], notice: gr.HTML) -> ProblemForm:
    """Lay it out in the current container, and wire it. What cannot be drawn is said in the `notice`."""
    first = get_task(tasks[0])
    wordy = "math500" in tasks
    with gr.Row(elem_id="problem-card", equal_height=True):
        task = gr.Radio(
            [(get_task(name).title, name) for name in tasks],
            value=tasks[0],
            label="Puzzle",
            elem_id="task",
            scale=0,
            min_width=275 + 125 * wordy,
        )
        level = gr.Radio(
            [(str(n), n) for n in first.levels],
            value=3,
            label="Level (1 easy … 5 hard)",
            elem_id="level",
            scale=0,
            min_width=320,
        )
        subject = gr.Dropdown(
            [ANY, *SUBJECTS],
            value=ANY,
            label="Subject",
            elem_id="subject",
            visible=False,
            filterable=False,
            min_width=200,
            scale=0,
        )
        text = gr.Textbox(
            example(tasks[0], 3, FIRST),
            label=f"Problem: take this one, or type your own, like {placeholders(tasks)}",
            elem_id="problem",
            scale=5,
            min_width=520 if wordy else 280,
            max_lines=6 if wordy else 1,
            max_length=LONGEST if wordy else 200,
        )
        another = gr.Button("Another one", elem_id="another", scale=0, min_width=120)
    if wordy:
        shown = gr.Markdown(elem_id="question", latex_delimiters=DELIMITERS, visible=False)
        text.change(_shown, [task, text], shown, queue=False, show_progress="hidden", api_visibility="private")
        task.input(
            lambda task: gr.update(visible=task == "math500"), task, subject, queue=False, api_visibility="private"
        )

    def on_draw(task: str, level: int, subject: str) -> tuple[Any, Any]:
        if task not in tasks or level not in get_task(task).levels:
            return gr.skip(), gr.skip()
        try:
            return draw(task, level, None if subject == ANY else subject), ""
        except ValueError as error:
            return gr.skip(), warning(str(error))

    for changed in (task.input, level.input, subject.input, another.click):
        changed(
            on_draw,
            [task, level, subject],
            [text, notice],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )
    return ProblemForm(task, level, another, text)


def _shown(task: str, text: str) -> Any:
    """A wordy problem as it would be printed."""
    return gr.update(value=typeset(text), visible=True) if task == "math500" else gr.update(visible=False)


def placeholders(tasks: Sequence[str]) -> str:
    return " or ".join(f"“{get_task(name).placeholder}”" for name in tasks if name in TASKS)


def example(task: str, level: int, index: int) -> str:
    """A test problem as a visitor would type it."""
    return get_task(task).problem("test", level, index).question


def draw(task: str, level: int, subject: str | None = None) -> str:
    """Another example of this task and level, and of this subject where the task has subjects.

    Raises ValueError where there is none, or where the problems cannot be read.
    """
    chosen = get_task(task)
    if not isinstance(chosen, Math500):
        return example(task, level, random.randrange(EXAMPLES))
    found = chosen.matching(level, subject)
    if not found:
        raise ValueError(f"{chosen.title} has no problem of level {level} in {subject or 'any subject'}.")
    return random.choice(found).question


def read(tasks: Sequence[str], task: str, text: str) -> Problem:
    """The problem that was typed: of the chosen task, or else of any other that can read it.

    Raises `ProblemError`, with the chosen task's words, where none can.
    """
    if task not in tasks:
        raise ProblemError("Choose a puzzle from the list.")
    try:
        return get_task(task).parse(text)
    except ProblemError:
        for other in TASKS:
            if other != task:
                try:
                    return get_task(other).parse(text)
                except ProblemError:
                    continue
        raise


def check_taught(policy: str, problem: Problem) -> None:
    """Raises ValueError where an embedded policy is given what it has never learned."""
    if policy in EMBEDDED and problem.task not in TASKS:
        raise ValueError(
            f"{policy} has only learned Countdown and arithmetic. Choose a language model under “Models, seed and speed”, "
            "or another puzzle."
        )
