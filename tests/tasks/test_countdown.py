"""Countdown: the rules, the exact checker against brute force, what people type, and how solutions vote."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_viz.errors import ProblemError
from tts_viz.tasks.base import Problem
from tts_viz.tasks.countdown import LEVELS, Countdown, moves, totals

TASK = Countdown()


def problem(text: str) -> Problem:
    return TASK.parse(text)


def brute(numbers: tuple[int, ...]) -> set[int]:
    """All totals, by playing every game to its end."""
    if len(numbers) == 1:
        return {numbers[0]}
    return set().union(*(brute(left) for *_, left in moves(numbers)), set())


@given(st.lists(st.integers(1, 30), min_size=2, max_size=4))
def test_the_bit_set_of_totals_is_what_playing_every_game_finds(numbers: list[int]) -> None:
    bits = totals(tuple(sorted(numbers)))
    assert {n for n in range(1, 100) if bits >> n & 1} == brute(tuple(sorted(numbers)))


@pytest.mark.parametrize("level", LEVELS)
def test_drawn_problems_have_a_solution_that_grades_as_right(level: int) -> None:
    rng = random.Random(level)
    for _ in range(50):
        (target, *numbers), steps = TASK.draw(rng, level)
        drawn = problem(f"make {target} from {' '.join(map(str, numbers))}")
        assert TASK.grade(drawn, steps)
        assert all(t.valid and t.reachable for t in TASK.check(drawn, steps))
        assert not TASK.grade(drawn, steps[:-1])
        assert (len(numbers), max(numbers) <= LEVELS[level][1]) == (LEVELS[level][0], True)


@pytest.mark.parametrize(
    ("step", "reason", "at"),
    [
        ("25*3=85 left 2 14 85", "25×3 is 75, not 85.", 5),
        ("25*9=75 left 2 14 75", "9 is not among the numbers left.", 3),
        ("2*25=50 left 3 14", "The numbers left are 3 14 50.", 16),
        ("25*2=50 left 3 14 51", "The numbers left are 3 14 50.", 19),
        ("25*14=350 left 2 3 350", "25×14 is not a whole number from 1 to 99.", 2),
        ("25/2=12 left 3 12 14", "25÷2 is not a whole number from 1 to 99.", 2),
        ("hello", "This is not a step: write it like “25*2=50 left 3 14 50”.", 0),
    ],
)
def test_a_false_step_is_told_why_and_where(step: str, reason: str, at: int) -> None:
    (truth,) = TASK.check(problem("make 57 from 2 3 14 25"), [step])
    assert (truth.valid, truth.reachable, truth.reason, truth.wrong_at) == (False, False, reason, at)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("25*2=50 left 3 14 50", None),
        ("25*3=85 left 2 14 85", "arithmetic"),
        ("25*14=350 left 2 3 350", "arithmetic"),
        ("25/2=12 left 3 12 14", "arithmetic"),
        ("25*9=75 left 2 14 75", "numbers"),
        ("25+25=50 left 2 3 14 50", "numbers"),
        ("2*25=50 left 3 14", "numbers"),
        ("25*2=50 left 3 14 51", "numbers"),
        ("25*2=50 left 14 3 50", "format"),
        ("25*2=050 left 3 14 50", "format"),
        ("hello", "format"),
        ("25-14=11 left 2 3 11", "unreachable"),
    ],
)
def test_what_is_wrong_with_a_step_is_of_one_kind(step: str, kind: str | None) -> None:
    (truth,) = TASK.check(problem("make 61 from 2 3 14 25"), [step])
    assert truth.kind == kind
    assert (truth.kind is None) == (truth.valid and truth.reachable)


def test_what_follows_a_false_step_only_inherits_its_error_and_what_follows_a_lost_goal_is_as_lost() -> None:
    asked = problem("make 24 from 4 6 1")
    false = TASK.check(asked, ["6*4=25 left 1 25", "25-1=24 left 24"])
    lost = TASK.check(asked, ["6+4=10 left 1 10", "10+1=11 left 11"])
    assert [t.kind for t in false] == ["arithmetic", "inherited"]
    assert [t.kind for t in lost] == ["unreachable", "unreachable"]


def test_a_true_step_can_lose_the_goal_and_what_follows_a_false_one_is_false() -> None:
    asked = problem("make 24 from 4 6 1")
    lost, _ = TASK.check(asked, ["6+4=10 left 1 10", "10+1=11 left 11"])
    assert (lost.valid, lost.reachable, lost.reason) == (True, False, "There is no way from 1, 10 to 24.")
    truths = TASK.check(asked, ["6*4=25 left 1 25", "25-1=24 left 24"])
    assert [t.valid for t in truths] == [False, False]
    assert not TASK.grade(asked, ["6*4=25 left 1 25", "25-1=24 left 24"])


@pytest.mark.parametrize(
    ("typed", "prompt"),
    [
        ("make 24 from 3 3 8 2", "Make 24 from 2 3 3 8\n"),
        ("24: 3, 3, 8, 2", "Make 24 from 2 3 3 8\n"),
        ("from 3 8 1 get 24", "Make 24 from 1 3 8\n"),
        ("MAKE 10 OUT OF 5 AND 2", "Make 10 from 2 5\n"),
    ],
)
def test_people_may_type_a_problem_in_many_ways(typed: str, prompt: str) -> None:
    assert problem(typed).prompt == prompt


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "needs a target"),
        ("make 24 from 3", "needs a target"),
        ("(3+4)*2", "needs a target"),
        ("make 240 from 3 8 9", "from 1 to 99"),
        ("make 24 from 0 8 9", "from 1 to 99"),
        ("make 24 from 2.5 8 9", "from 1 to 99"),
        ("make 24 from -3 8 9", "from 1 to 99"),
        ("make 24 from 1 2 3 4 5 6 7", "at most 6 numbers; you gave 7"),
        ("make 24 from 99999999999999999999 2", "from 1 to 99"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_word_on_what_to_do(typed: str, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        problem(typed)


def test_solutions_vote_by_the_expression_they_build() -> None:
    asked = problem("make 57 from 7 2 25")
    one = TASK.extract(asked, ["25*2=50 left 7 50", "50+7=57 left 57"])
    other = TASK.extract(asked, ["2*25=50 left 7 50", "7+50=57 left 57"])
    assert one == other is not None
    assert one != TASK.extract(asked, ["25+7=32 left 2 32", "32*2=64 left 64"])
    assert TASK.extract(asked, ["25*2=50 left 7 50"]) is None
    assert TASK.extract(asked, ["nonsense"]) is None


def test_every_order_of_a_sum_is_a_vote_for_the_same_expression() -> None:
    asked = problem("make 6 from 1 2 3")
    answers = {
        TASK.extract(asked, [f"{a}+{b}={a + b} left {' '.join(map(str, sorted((c, a + b))))}", f"{c}+{a + b}=6 left 6"])
        for a, b, c in itertools.permutations((1, 2, 3))
    }
    assert len(answers) == 3  # which pair came first still tells solutions apart


@pytest.mark.parametrize(
    ("typed", "words"), [("make 99 from 1 1 2", "99 cannot be made from 1, 1, 2"), ("make 24 from 3 3 8 2", None)]
)
def test_a_problem_that_has_no_answer_is_told_from_one_that_has(typed: str, words: str | None) -> None:
    said = TASK.impossible(TASK.parse(typed))
    assert (words in said) if words and said else said is words
