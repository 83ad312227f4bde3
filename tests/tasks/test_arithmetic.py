"""Arithmetic: legal operations against Python's own arithmetic, the checker's words, and what people type."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_viz.errors import ProblemError
from tts_viz.tasks.arithmetic import DEEPER, LEVELS, Arithmetic, error_kind, first_error, moves, solve
from tts_viz.tasks.base import Problem

TASK, DEEP = Arithmetic(), Arithmetic(deeper=True)


@given(st.sampled_from(sorted(LEVELS)), st.integers(0, 10_000))
def test_every_legal_operation_leaves_an_expression_of_the_same_value(level: int, seed: int) -> None:
    expression = TASK.draw(random.Random(seed), level)
    value = eval(expression)
    options = moves(expression)
    assert options
    for *_, left in options:
        assert eval(left) == value


@given(st.sampled_from(sorted(LEVELS)), st.integers(0, 10_000))
def test_any_way_to_play_ends_at_the_answer(level: int, seed: int) -> None:
    rng = random.Random(seed)
    expression = TASK.draw(rng, level)
    asked = TASK.parse(expression)
    steps = solve(rng, expression)
    assert len(steps) == LEVELS[level][0]
    assert TASK.grade(asked, steps)
    assert TASK.extract(asked, steps) == str(eval(expression))
    assert all(t.valid and t.reachable for t in TASK.check(asked, steps))
    assert TASK.extract(asked, steps[:-1]) is None


@given(st.sampled_from(sorted(DEEPER)), st.integers(0, 10_000))
def test_deeper_levels_keep_to_the_same_rules(level: int, seed: int) -> None:
    rng = random.Random(seed)
    expression = DEEP.draw(rng, level)
    count, largest = DEEPER[level]
    numbers = [int(n) for n in re.findall(r"\d+", expression)]
    assert len(numbers) == count + 1
    assert max(numbers) <= largest
    assert 1 <= eval(expression) <= 99
    steps = solve(rng, expression)
    asked = Problem("arithmetic", "", "", f"Evaluate {expression}\n", level, str(eval(expression)))
    assert len(steps) == count
    assert DEEP.grade(asked, steps)
    assert all(t.valid for t in DEEP.check(asked, steps))


def test_the_levels_in_use_draw_the_problems_that_were_swept() -> None:
    assert TASK.problem("test", 5, 0).prompt == "Evaluate (35-33)*20+18+37-(27-14+23+11)\n"
    assert DEEP.problem("test", 5, 0).prompt != TASK.problem("test", 5, 0).prompt


def test_the_operations_that_may_come_next() -> None:
    assert [m[:3] for m in moves("20-4-2+3*5")] == [(20, "-", 4), (3, "*", 5)]
    assert [m[:3] for m in moves("7*(2+5)+3")] == [(2, "+", 5)]
    assert [m[4] for m in moves("(2+5)")] == ["7"]
    assert moves("3-9") == []  # below 1


@pytest.mark.parametrize(
    ("step", "reason", "at"),
    [
        ("2+5=8 -> 7*8+3", "2+5 is 7, not 8.", 4),
        ("5+3=8 -> 7*(2+8)", "5+3 is not in the expression: it is 7×(2+5)+3.", 0),
        ("2+5=7 -> 7*7+4", "What is left is 7×7+3, not 7×7+4.", 13),
        ("2+5=7", "It is not finished: 7×7+3 is left.", 4),
        ("what", "This is not a step: write it like “3+4=7 -> 7*(2+5)”.", 0),
    ],
)
def test_a_false_step_is_told_why_and_where(step: str, reason: str, at: int) -> None:
    (truth,) = TASK.check(TASK.parse("7*(2+5)+3"), [step])
    assert (truth.valid, truth.reason, truth.wrong_at) == (False, reason, at)


@pytest.mark.parametrize(
    ("expression", "step", "kind"),
    [
        ("7*(2+5)+3", "2+5=7 -> 7*7+3", None),
        ("7*(2+5)+3", "2+5=8 -> 7*8+3", "arithmetic"),
        ("90*(9+8)*(2+5)", "9+8=17 -> 90*17*(2+5)", None),
        ("90*17*7", "90*17=530 -> 530*7", "arithmetic"),
        ("7*(2+5)+3", "5+3=8 -> 7*(2+8)", "numbers"),
        ("2+3*4", "2+3=5 -> 5*4", "numbers"),
        ("7*(2+5)+3", "2+5=7 -> 7*7+4", "numbers"),
        ("7*(2+5)+3", "2+5=7", "format"),
        ("7*(2+5)+3", "2+5=07 -> 7*7+3", "format"),
        ("2+5", "2+5=7 -> 7", "format"),
        ("7*(2+5)+3", "what", "format"),
    ],
)
def test_what_is_wrong_with_a_step_is_of_one_kind(expression: str, step: str, kind: str | None) -> None:
    wrong, *_ = first_error(step, expression)
    assert (error_kind(step, expression) if wrong is not None else None) == kind


def test_the_checker_says_the_kind_and_what_follows_inherits() -> None:
    truths = TASK.check(TASK.parse("2+3+4"), ["2+3=6 -> 6+4", "6+4=10"])
    assert [t.kind for t in truths] == ["arithmetic", "inherited"]


def test_a_result_out_of_bounds_is_told_from_an_operation_that_must_wait() -> None:
    assert first_error("90*17=530 -> 530*7", "90*17*7")[1] == "90×17 is not a whole number from 1 to 999."


def test_an_operation_that_must_wait_is_told_so() -> None:
    (truth,) = TASK.check(TASK.parse("2+3*4"), ["2+3=5 -> 5*4"])
    assert truth.reason == "2+3 cannot be done yet: it is 2+3×4."


def test_a_right_answer_by_a_false_way_is_right_but_its_steps_are_not() -> None:
    asked = TASK.parse("2+3+4")
    steps = ["2+3=6 -> 6+4", "6+4=9"]
    assert TASK.grade(asked, steps)
    assert [t.valid for t in TASK.check(asked, steps)] == [False, False]


@pytest.mark.parametrize(
    ("typed", "prompt", "answer"),
    [
        ("(3+4)*(12-5)", "Evaluate (3+4)*(12-5)\n", "49"),
        ("Evaluate ( 3 + 4 ) × 2 = ?", "Evaluate (3+4)*2\n", "14"),
        ("what is 9 − 4", "Evaluate 9-4\n", "5"),
        ("2*(3)", "Evaluate 2*3\n", "6"),
    ],
)
def test_people_may_type_an_expression_in_many_ways(typed: str, prompt: str, answer: str) -> None:
    asked = TASK.parse(typed)
    assert (asked.prompt, asked.answer) == (prompt, answer)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "nothing to evaluate"),
        ("12", "nothing to evaluate"),
        ("8/2", "Division"),
        ("3 4 + 2", "only whole numbers"),
        ("2.5+1", "only whole numbers"),
        ("__import__('os')", "only whole numbers"),
        ("Tom has 12 marbles and Eva 9", "only whole numbers"),
        ("make 24 from 3 3 8 2", "only whole numbers"),
        ("(3+4", "do not match up"),
        ("3+*4", "do not match up"),
        ("-3+4", "do not match up"),
        ("5-9+10", "from 1 to 99"),
        ("999*9", "from 1 to 99"),
        ("0+4", "from 1 to 99"),
        ("1+1+1+1+1+1+1+1+1+1+1+1", "At most 10"),
        ("(" * 500, "nothing to evaluate"),
        ("1" + " " * 100_000 + "+1", "100,003 characters; at most 1,000"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_word_on_what_to_do(typed: str, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        TASK.parse(typed)
