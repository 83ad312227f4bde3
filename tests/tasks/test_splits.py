"""Train, validation and test never share a problem, whatever is drawn."""

from __future__ import annotations

import random

import pytest

from tts_viz.tasks import get_task
from tts_viz.tasks.base import SPLITS
from tts_viz.training import corpus
from tts_viz.training.sources import SOURCES


@pytest.mark.slow
@pytest.mark.parametrize("name", ["countdown", "arithmetic", "word_problems"])
def test_the_splits_of_a_task_share_no_problem(name: str) -> None:
    task = get_task(name)
    seen = {s: {task.problem(s, level, i).prompt for level in task.levels for i in range(150)} for s in SPLITS}
    assert not seen["train"] & seen["test"]
    assert not seen["train"] & seen["validation"]
    assert not seen["validation"] & seen["test"]


def test_what_the_models_learn_from_is_in_neither_held_out_split() -> None:
    rng = random.Random(3)
    drawn = {corpus.draw(rng).problem.prompt for _ in range(3000)}
    for source in SOURCES.values():
        task = source.task
        for split in ("validation", "test"):
            assert not drawn & {task.problem(split, level, i).prompt for level in (1, 2) for i in range(300)}


def test_a_problem_is_the_same_every_time_and_has_a_stable_id() -> None:
    task = get_task("countdown")
    assert task.problem("test", 3, 17) == task.problem("test", 3, 17)
    assert task.problem("test", 3, 17).id == "countdown/test/3/17"
    with pytest.raises(IndexError):
        task.problem("test", 3, -1)
    with pytest.raises(ValueError, match="level 9"):
        task.problem("test", 9, 0)


def test_an_unknown_task_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match="countdown, arithmetic, math500"):
        get_task("chess")
