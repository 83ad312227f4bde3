"""The laws of tasks, over all that are registered; and no text is taken for a problem that it does not plainly state."""

from __future__ import annotations

import pytest

from tests.tasks import laws
from tts_viz.errors import ProblemError
from tts_viz.tasks import TASKS, error_kinds, recognise


@pytest.mark.parametrize("name", TASKS)
def test_every_task_keeps_the_laws(name: str) -> None:
    laws.check_all(TASKS[name], ready_made=not TASKS[name].sources)


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.self_recognising])
def test_no_task_takes_anothers_problems_for_its_own(name: str) -> None:
    for other in (task for task in TASKS.values() if task.name != name):
        for text in other.examples:
            assert not TASKS[name].recognises(text), text


@pytest.mark.parametrize(
    "text",
    [
        "Ann has 3 red and 4 blue marbles and takes 2 out. How many are left?",
        "24 3 3 8 2",
        "Make a list of the primes from 2 to 30 and add 7",
        "A train leaves at 9 and arrives at 12, having made 3 stops: how long from 9 to 12?",
        "use 3 4 5",
        "x + 3 = 5",
        "(3)",
        "hello",
        "",
    ],
)
def test_what_states_no_puzzle_is_taken_for_none(text: str) -> None:
    with pytest.raises(ProblemError, match="No task can tell"):
        recognise(text)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("make 24 from 3 3 8 2", "Make 24 from 2 3 3 8\n"),
        ("24: 3, 3, 8, 2", "Make 24 from 2 3 3 8\n"),
        ("Can you reach 24 with 3, 3, 8 and 2?", "Make 24 from 2 3 3 8\n"),
        ("use the numbers [3, 3, 8, 2] to get 24", "Make 24 from 2 3 3 8\n"),
        ("3 3 8 2, target 24", "Make 24 from 2 3 3 8\n"),
        ("what is 7×(2+5)+3?", "Evaluate 7*(2+5)+3\n"),
        ("20-4-2", "Evaluate 20-4-2\n"),
    ],
)
def test_what_states_one_plainly_is_recognised_however_it_is_put(text: str, prompt: str) -> None:
    assert recognise(text).prompt == prompt


@pytest.mark.parametrize(
    ("text", "words"),
    [("make 240 from 3 8 9", "from 1 to 99"), ("make 24 from 1 2 3 4 5 6 7", "at most 6 numbers"), ("8/2", "Division")],
)
def test_a_plain_problem_that_breaks_a_rule_is_refused_in_its_tasks_words(text: str, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        recognise(text)


def test_a_story_is_a_word_problem_and_no_other_puzzle() -> None:
    story = "Tom has 12 marbles. Eva has 9 more than Tom. How many marbles does Eva have?"
    assert (recognise(story).task, recognise(story).answer) == ("word_problems", "21")
    assert [name for name, task in TASKS.items() if task.recognises(story)] == ["word_problems"]


def test_only_the_tasks_that_are_named_are_asked() -> None:
    assert recognise("2+3", ["arithmetic"]).task == "arithmetic"
    with pytest.raises(ProblemError, match=r"such as “make 24 from 3 3 8 2” \(Countdown\)\.$"):
        recognise("2+3", ["countdown"])


def test_a_chosen_countdown_takes_a_bare_list_but_no_story() -> None:
    assert TASKS["countdown"].parse("24 3 3 8 2").prompt == "Make 24 from 2 3 3 8\n"
    with pytest.raises(ProblemError, match="no place for “Tom”"):
        TASKS["countdown"].parse("Tom has 12 marbles. Eva has 9 more than Tom, and Ann 3.")


def test_what_all_may_get_wrong_is_listed_last() -> None:
    assert list(error_kinds()) == ["arithmetic", "numbers", "unreachable", "format", "inherited"]
    assert list(error_kinds(["math500"])) == ["format", "inherited"]
