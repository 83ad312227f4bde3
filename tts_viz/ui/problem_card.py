"""The strip at the top: which problem to solve. Examples by task and level, another one, or the visitor's own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem, ProblemError

TASKS = ("countdown", "arithmetic")
"""The tasks that the embedded policies have learned."""

FIRST = 5
"""The test problem of level 3 that a new visitor meets: one on which a beam has true, false and lost steps, and succeeds."""

EXAMPLES = 10_000
"""Test problems of a level that "Another one" draws from."""


@dataclass(frozen=True, slots=True)
class ProblemCard:
    task: gr.Radio
    level: gr.Radio
    another: gr.Button
    text: gr.Textbox


def build_problem_card() -> ProblemCard:
    first = get_task(TASKS[0])
    with gr.Row(elem_id="problem-card", equal_height=True):
        task = gr.Radio(
            [(get_task(name).title, name) for name in TASKS],
            value=TASKS[0],
            label="Puzzle",
            elem_id="task",
            scale=0,
            min_width=275,
        )
        level = gr.Radio(
            [(str(n), n) for n in first.levels],
            value=3,
            label="Level (1 easy … 5 hard)",
            elem_id="level",
            scale=0,
            min_width=320,
        )
        text = gr.Textbox(
            example(TASKS[0], 3, FIRST),
            label=f"Problem: take this one, or type your own, like {placeholders()}",
            elem_id="problem",
            scale=5,
            min_width=280,
            max_lines=1,
            max_length=200,
        )
        another = gr.Button("Another one", elem_id="another", scale=0, min_width=120)
    card = ProblemCard(task, level, another, text)
    for changed in (task.input, level.input, another.click):
        changed(draw, [task, level], [text], queue=False, show_progress="hidden", api_visibility="private")
    return card


def placeholders() -> str:
    return " or ".join(f"“{get_task(name).placeholder}”" for name in TASKS)


def example(task: str, level: int, index: int) -> str:
    """A test problem as a visitor would type it."""
    return get_task(task).problem("test", level, index).prompt.strip()


def draw(task: str, level: int) -> Any:
    """Another example of this task and level."""
    if task not in TASKS or level not in get_task(task).levels:
        return gr.skip()
    return example(task, level, random.randrange(EXAMPLES))


def read(task: str, text: str) -> Problem:
    """The problem that was typed: of the chosen task, or else of any other that can read it.

    Raises `ProblemError`, with the chosen task's words, where none can.
    """
    if task not in TASKS:
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
