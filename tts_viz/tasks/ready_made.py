"""Ready-made problems drawn at random, for a visitor or an examination; searches that are to be repeated name theirs."""

from __future__ import annotations

import random

from tts_viz.tasks.base import Problem, Split, Task

FIRST = 10_000
"""Problems of a level that are drawn from where there is no end to them."""


def draw(task: Task, split: Split, level: int, subject: str | None = None, count: int = 1) -> list[Problem]:
    """So many problems of this level, and of this subject where one is given; fewer where there are fewer.

    Raises ValueError where there is none, or where the problems cannot be read.
    """
    size = task.size(split, level)
    if size is None:
        return [task.problem(split, level, random.randrange(FIRST)) for _ in range(count)]
    all_of_level = (task.problem(split, level, i) for i in range(size))
    found = [problem for problem in all_of_level if subject in (None, problem.subject)]
    if not found:
        raise ValueError(f"{task.title} has no problem of level {level} in {subject or 'any subject'}.")
    return random.sample(found, min(count, len(found)))


def unseen(task: Task, level: int, count: int) -> list[Problem]:
    """So many problems that no policy of ours was trained on, nor measured on where that can be helped."""
    return draw(task, "validation" if "validation" in task.splits else "test", level, count=count)


def middle(task: Task) -> int | None:
    """The level in the middle; None for a task without levels."""
    return task.levels[len(task.levels) // 2] if task.levels else None


def first_example(task: Task, index: int = 0) -> str:
    """What a visitor finds typed: a test problem of the middle level, or an example where none can be had."""
    level = middle(task)
    try:
        if level is not None:
            return task.problem("test", level, index).question
    except (ValueError, IndexError):
        pass
    return task.examples[0] if task.examples else ""
