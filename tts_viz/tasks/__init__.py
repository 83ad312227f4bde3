"""The tasks by name."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from tts_viz.tasks.base import Task

TASKS: dict[str, str] = {
    "countdown": "tts_viz.tasks.countdown:Countdown",
    "arithmetic": "tts_viz.tasks.arithmetic:Arithmetic",
    "math500": "tts_viz.tasks.math500:Math500",
    "word_problems": "tts_viz.tasks.word_problems:WordProblems",
}
"""name: module and class. Loaded when first asked for: MATH-500 reads a file that many never need."""


@cache
def get_task(name: str) -> Task:
    """The task of this name. Raises ValueError naming those there are."""
    if name not in TASKS:
        raise ValueError(f"there is no task {name!r}; choose one of {', '.join(TASKS)}")
    module, cls = TASKS[name].split(":")
    return getattr(import_module(module), cls)()
