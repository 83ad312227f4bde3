"""The row at the top that sets the problem: an example by task and level, another one, or the visitor's own.

Knows no task by name: it uses the levels, subjects and examples that each task declares.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.engines.embedded import TAUGHT, may_solve
from tts_viz.errors import ProblemError
from tts_viz.tasks import get_task, parse
from tts_viz.tasks.base import Problem, Task
from tts_viz.tasks.ready_made import draw, first_example, middle
from tts_viz.ui.components.events import warning
from tts_viz.ui.html.latex import DELIMITERS, typeset

FIRST = 5
"""The test problem shown first: beam search on it has true, false and lost steps, and succeeds."""

ANY = "Any subject"

SHORT = 40
"""Most characters of an example that a label quotes."""

QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True, slots=True)
class ProblemForm:
    task: gr.Radio
    level: gr.Radio
    another: gr.Button
    text: gr.Textbox


def build_problem_form(tasks: Sequence[str], notice: gr.HTML) -> ProblemForm:
    """Lay it out in the current container and connect its events. The `notice` says why no problem could be drawn."""
    offered = [get_task(name) for name in tasks]
    first = offered[0]
    with gr.Row(elem_id="problem-card", equal_height=True):
        task = build_task_choice(tasks, "task")
        level = gr.Radio(elem_id="level", scale=0, min_width=320, **levels_of(first))
        subject = gr.Dropdown(elem_id="subject", filterable=False, min_width=200, scale=0, **subjects_of(first))
        text = build_problem_text(offered, "problem")
        another = gr.Button("Another one", elem_id="another", scale=0, min_width=120)
    if any(one.latex for one in offered):
        printed = gr.Markdown(elem_id="question", latex_delimiters=DELIMITERS, visible=False)

        def on_text(task: Any, text: str) -> Any:
            """Typeset a problem with formulas."""
            latex = task in tasks and get_task(task).latex
            return gr.update(value=typeset(text), visible=True) if latex else gr.update(visible=False)

        text.change(on_text, [task, text], printed, **QUIET)

    def on_task(task: Any, level: Any) -> list[Any]:
        if task not in tasks:
            return [gr.skip()] * 4
        chosen = get_task(task)
        levels = levels_of(chosen, level)
        return [gr.update(**levels), gr.update(**subjects_of(chosen)), *drawn(chosen, levels["value"])]

    def on_draw(task: Any, level: Any, subject: Any) -> list[Any]:
        return drawn(get_task(task), level, subject) if task in tasks else [gr.skip()] * 2

    task.input(on_task, [task, level], [level, subject, text, notice], **QUIET)
    for changed in (level.input, subject.input, another.click):
        changed(on_draw, [task, level, subject], [text, notice], **QUIET)
    return ProblemForm(task, level, another, text)


def build_task_choice(tasks: Sequence[str], elem_id: str) -> gr.Radio:
    return gr.Radio(
        [(get_task(name).title, name) for name in tasks], value=tasks[0], label="Puzzle", elem_id=elem_id, scale=0,
        min_width=25 + 125 * len(tasks),
    )  # fmt: skip


def build_problem_text(offered: Sequence[Task], elem_id: str) -> gr.Textbox:
    """A field for a problem of any of these tasks; it starts with one of the first task."""
    sentences = any(one.natural_language for one in offered)
    return gr.Textbox(
        first_example(offered[0], FIRST), label=f"Problem: take this one, or type your own{_like(offered)}",
        elem_id=elem_id, scale=5, min_width=520 if sentences else 280, max_lines=6 if sentences else 1,
        max_length=max(one.longest for one in offered),
    )  # fmt: skip


def levels_of(task: Task, wanted: Any = None, brief: bool = False) -> dict[str, Any]:
    """Properties of the level control for this task; `wanted` stays chosen if the task has it."""
    easiest, hardest = (task.levels[0], task.levels[-1]) if task.levels else ("", "")
    return {
        "choices": [(str(n), n) for n in task.levels],
        "value": wanted if wanted in task.levels else middle(task),
        "label": "Level" if brief else f"Level ({easiest} easy … {hardest} hard)",
        "visible": len(task.levels) > 1,
    }


def subjects_of(task: Task) -> dict[str, Any]:
    """Properties of the subject control for this task."""
    return {"choices": [ANY, *task.subjects], "value": ANY, "label": "Subject", "visible": bool(task.subjects)}


def drawn(task: Task, level: Any, subject: Any = ANY) -> list[Any]:
    """Updates of the problem's text and of the notice: another example of this level and subject, or why there is none."""
    if not task.levels:
        return [random.choice(task.examples or ("",)), ""]
    if level not in task.levels:
        return [gr.skip(), gr.skip()]
    try:
        return [draw(task, "test", level, subject if subject in task.subjects else None)[0].question, ""]
    except ValueError as error:
        return [gr.skip(), warning(str(error))]


def _like(offered: Sequence[Task]) -> str:
    """Examples for a label: the first one of each task, if it is short enough."""
    examples = [one.examples[0] for one in offered if one.examples and len(one.examples[0]) <= SHORT]
    return f", like {' or '.join(f'“{example}”' for example in examples)}" if examples else ""


def read(tasks: Sequence[str], task: Any, text: Any) -> Problem:
    """Parse the typed problem with the chosen task, or else with another task that recognises it.

    Raises `ProblemError`, with the chosen task's message, if none can parse it.
    """
    if task not in tasks:
        raise ProblemError("Choose a puzzle from the list.")
    typed = str(text or "")
    try:
        return parse(task, typed)
    except ProblemError:
        others = [name for name in tasks if name != task and get_task(name).recognises(typed)]
        if not others:
            raise
        return parse(others[0], typed)


def check_taught(policy: str, problem: Problem) -> None:
    """Raises ValueError if the policy is an embedded one that was not trained on this task."""
    if not may_solve(policy, get_task(problem.task)):
        learned = " and ".join(get_task(name).title for name in TAUGHT[policy])
        raise ValueError(
            f"{policy} has only learned {learned}. Choose a language model under “Models, seed and speed”, or another puzzle."
        )
