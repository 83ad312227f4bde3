"""What people type as a solution: how it is cut into steps, what is completed, and what is refused."""

from __future__ import annotations

import pytest

from tts_viz.tasks import get_task
from tts_viz.verifier_eval.solution import read_solution, split_steps

SUM = get_task("arithmetic").parse("(3+4)*(2+5)")
PUZZLE = get_task("countdown").parse("make 61 from 2 3 14 25")
STORY = get_task("math500").parse("What is 2 + 2 - 1?")


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("one\r\n\r\n  two  \r\n", ["one", "two"]),
        ("1. one\n2) two\nStep 3: three", ["one", "two", "three"]),
        ("one\n2. two", ["one", "2. two"]),
        ("one\nstill one\n\ntwo", ["one\nstill one", "two"]),
        ("", []),
        (" \n \n", []),
    ],
)
def test_a_text_is_cut_into_steps(text: str, steps: list[str]) -> None:
    assert split_steps(text) == steps


def test_steps_of_the_tasks_form_are_taken_as_they_are_false_ones_too() -> None:
    reading = read_solution(PUZZLE, "25*2=52 left 3 14 52\n14-3=11 left 11 52")
    assert reading.solution.steps == ("25*2=52 left 3 14 52", "14-3=11 left 11 52")
    assert reading.completed == ()


def test_what_stands_for_a_step_is_completed_and_said() -> None:
    reading = read_solution(SUM, "3 + 4\n2+5=7 -> 7*7\n7×7")
    assert reading.solution.steps == ("3+4=7 -> 7*(2+5)", "2+5=7 -> 7*7", "7*7=49")
    assert reading.completed == ((0, "3 + 4"), (2, "7×7"))


def test_what_stands_for_no_step_is_kept_for_the_verifier_to_read() -> None:
    reading = read_solution(SUM, "<b>no idea</b>\n3+4=7 -> 7*(2+5)")
    assert reading.solution.steps[0] == "<b>no idea</b>"
    assert reading.completed == ()


def test_a_solution_in_words_is_kept_in_paragraphs() -> None:
    reading = read_solution(STORY, "First, $2+2=4$.\nSo far so good.\n\nThen $4-1=3$, so \\boxed{3}.")
    assert len(reading.solution.steps) == 2
    assert reading.solution.steps[0].endswith("\nSo far so good.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no step to score yet"),
        ("\n".join(["3+4=7 -> 7*(2+5)"] * 61), "has 61 steps; at most 60"),
        ("x\n" * 60_001, "has 120,002 characters; at most 120,000"),
        ("x" * 2001, "Step 1 has 2,001 characters; at most 2,000"),
        ("3+4\n2+5\x00=7", r"Step 2 has a character that cannot be read \(U\+0000\)"),
        ("3+4\n\ud800", r"Step 2 has a character that cannot be read \(U\+D800\)"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_solution(SUM, text)
