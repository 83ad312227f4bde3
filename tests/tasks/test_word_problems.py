"""Word problems: what is drawn has one right value a person, the checker's words, and what people type."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_viz.errors import ProblemError
from tts_viz.tasks import recognise, word_problems
from tts_viz.tasks.base import Problem
from tts_viz.tasks.calculation import LARGEST
from tts_viz.tasks.word_facts import NAMES, SAYINGS, THINGS, Fact, read, statement
from tts_viz.tasks.word_problems import LEVELS, WordProblems, solve, valid_steps

TASK = WordProblems()

STORY = (
    "Ann has 14 apples. Ben has 15 more than Ann. Cleo has twice as many as Ben. Dan has 4 fewer than Ben. "
    "Eva has as many as Ann and Ben together. Finn is 9 years old. How many apples does Cleo have?"
)
ASKED = TASK.parse(STORY)
SOLUTION = ["Ben has 15 more than Ann: 14+15=29", "Cleo has twice as many as Ben: 29*2=58"]


def drawn(level: int, seed: int) -> tuple[random.Random, Problem]:
    rng = random.Random(seed)
    return rng, TASK.parse(TASK.draw(rng, level))


@given(st.sampled_from(sorted(LEVELS)), st.integers(0, 10_000))
def test_any_order_that_the_facts_allow_ends_at_the_answer(level: int, seed: int) -> None:
    rng, asked = drawn(level, seed)
    story = word_problems.given(asked)
    steps = solve(rng, story, story.given())
    fewest, most = LEVELS[level].steps
    assert fewest <= len(steps) <= most
    assert TASK.grade(asked, steps)
    assert all(t.valid and t.reachable for t in TASK.check(asked, steps))
    assert TASK.extract(asked, steps[:-1]) is None
    assert all(1 <= int(step.rpartition("=")[2]) <= LARGEST for step in steps)


@given(st.sampled_from(sorted(LEVELS)), st.integers(0, 10_000))
def test_a_drawn_problem_is_read_as_it_was_written(level: int, seed: int) -> None:
    text = TASK.draw(random.Random(seed), level)
    assert TASK.parse(text).question == text


@given(st.sampled_from(sorted(LEVELS)), st.integers(0, 10_000))
def test_each_sentence_besides_is_one_that_the_answer_does_not_need(level: int, seed: int) -> None:
    _, asked = drawn(level, seed)
    story = word_problems.given(asked)
    used = {story.asked}
    for who in story.needed():
        used |= {who, *story.facts[who].of}
    assert asked.question.count(". ") - len(used) == LEVELS[level].beside


def test_every_way_to_say_a_fact_is_read_as_that_fact() -> None:
    for kind, ways in SAYINGS.items():
        of = () if kind == "given" else ("Ann", "Ben") if kind == "sum" else ("Ann",)
        fact = Fact("Cleo", kind, 7 if kind in ("given", "more", "fewer") else 0, of)
        for way in range(len(ways)):
            assert statement(fact.say("pears", way))[0] == fact


def test_no_name_or_thing_begins_another() -> None:
    for words in (NAMES, THINGS):
        assert not [(a, b) for a in words for b in words if a != b and b.startswith(a)]


def test_true_steps_are_told_so() -> None:
    assert [t.reason for t in TASK.check(ASKED, SOLUTION)] == ["It is true, and the answer needs it.", "It is solved."]
    assert TASK.extract(ASKED, SOLUTION) == ASKED.answer == "58"


@pytest.mark.parametrize(
    ("step", "reason", "at", "kind"),
    [
        ("Ben has 15 more than Ann: 14+15=30", "14+15 is 29, not 30.", 32, "arithmetic"),
        ("Ben has 15 more than Ann: 41+15=56", "Ann has 14, not 41.", 26, "numbers"),
        ("Ben has 15 more than Ann: 14-15=29", "It is to be worked out as 14+15.", 28, "numbers"),
        ("Ben has 51 more than Ann: 14+51=65", "The problem says that Ben has 15 more than Ann.", 8, "numbers"),
        ("Ben has 15 fewer than Ann: 14-15=1", "The problem says that Ben has 15 more than Ann.", 11, "numbers"),
        ("Ben has 15 more than Cleo: 14+15=29", "The problem says that Ben has 15 more than Ann.", 21, "numbers"),
        ("Cleo has twice as many as Ben: 14*2=28", "What Ben has is not known yet.", 0, "numbers"),
        ("Ann has 15 more than Ben: 14+15=29", "Ann has 14, as the problem says: nothing is to be worked out.", 0, "numbers"),
        ("Gus has 15 more than Ann: 14+15=29", "Nothing is said of the apples that Gus has.", 0, "numbers"),
        ("Ben has 15 more than Ann: 14+15=029", f"It is true, but must be written as “{SOLUTION[0]}”.", 32, "format"),
        ("14+15=29", "This is not a step: write it like “Ben has 15 more than Ann: 14+15=29”.", 0, "format"),
        ("Ben has 15 more than Ann", "This is not a step: write it like “Ben has 15 more than Ann: 14+15=29”.", 23, "format"),
        ("", "This is not a step: write it like “Ben has 15 more than Ann: 14+15=29”.", 0, "format"),
    ],
)  # fmt: skip
def test_a_false_step_is_told_why_and_where(step: str, reason: str, at: int, kind: str) -> None:
    (truth,) = TASK.check(ASKED, [step])
    assert (truth.valid, truth.reachable, truth.reason, truth.wrong_at, truth.kind) == (False, False, reason, at, kind)


def test_what_the_answer_does_not_need_is_told_so() -> None:
    for step in ("Dan has 4 fewer than Ben: 29-4=25", "Eva has as many as Ann and Ben together: 14+29=43"):
        truth = TASK.check(ASKED, [SOLUTION[0], step])[1]
        assert (truth.valid, truth.reason) == (False, f"The answer does not need what {step[:3]} has.")


def test_a_sum_is_looked_up_in_the_order_in_which_it_is_said() -> None:
    asked = TASK.parse(
        "Ann has 14 apples. Ben has 5 apples. Eva has as many as Ann and Ben together. How many has Eva?"
    )
    said = [
        TASK.check(asked, [f"Eva has as many as Ann and Ben together: {s}=19"])[0] for s in ("14+5", "5+14", "14+6")
    ]
    assert [t.reason for t in said] == ["It is solved.", "Ann has 14, not 5.", "Ben has 5, not 6."]


def test_what_follows_a_false_step_or_the_answer_is_not_taken() -> None:
    truths = TASK.check(ASKED, ["Ben has 15 more than Ann: 14+15=30", SOLUTION[1]])
    assert [t.kind for t in truths] == ["arithmetic", "inherited"]
    assert (
        TASK.check(ASKED, [*SOLUTION, "Dan has 4 fewer than Ben: 29-4=25"])[2].reason
        == "The question is answered already."
    )
    assert TASK.check(ASKED, [SOLUTION[0], SOLUTION[0]])[1].reason == "What Ben has is known already: 29."


@given(st.sampled_from(sorted(LEVELS)), st.integers(0, 10_000), st.integers(0, 40), st.sampled_from("0123456789BE+= "))
def test_no_valid_step_goes_on_from_the_first_wrong_character(level: int, seed: int, at: int, letter: str) -> None:
    _, asked = drawn(level, seed)
    story = word_problems.given(asked)
    options = valid_steps(story, story.given())
    step = next(iter(options))
    spoilt = step[:at] + letter + step[at + 1 :]
    (truth,) = TASK.check(asked, [spoilt])
    if spoilt in options:
        assert truth.valid
    else:
        assert truth.wrong_at is not None
        assert any(o.startswith(spoilt[: truth.wrong_at]) for o in options)
        assert not any(
            o.startswith(spoilt[: truth.wrong_at + 1]) and len(o) > truth.wrong_at + 1 < len(spoilt) for o in options
        )


@pytest.mark.parametrize(
    ("typed", "step"),
    [
        ("Ben", SOLUTION[0]),
        ("ben: 14+15", SOLUTION[0]),
        ("Ben: 14 + 15 = 30", "Ben has 15 more than Ann: 14+15=30"),
        ("Ben has 15 more than Ann", SOLUTION[0]),
        ("Ben has 15 more apples than Ann: 14+15=29.", SOLUTION[0]),
        ("Ben has 16 more than Ann", "Ben has 16 more than Ann: 14+16=30"),
        (SOLUTION[0], SOLUTION[0]),
    ],
)
def test_a_step_may_be_typed_in_short(typed: str, step: str) -> None:
    assert TASK.complete(ASKED, [], typed) == step
    assert TASK.complete(ASKED, [SOLUTION[0]], "Cleo") == SOLUTION[1]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", r"whose number can be worked out now \(Ben\)"),
        ("14+15=29", "begin with a person"),
        ("Ann", "begin with a person"),
        ("Cleo", "What Ben has is not known yet"),
        ("Ben: many", "is no sum"),
        ("Ben: 14-15", "not a whole number from 1 to 99"),
        ("Ben went home", "not understood"),
    ],
)
def test_what_is_no_step_is_refused_with_a_word_on_what_to_do(typed: str, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        TASK.complete(ASKED, [], typed)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("Tom has 12 marbles. Eva has 9 more than Tom. How many marbles does Eva have?", "21"),
        ("tom has twelve marbles, and eva has nine more marbles than tom.\nhow many has eva", "21"),
        ("How many coins does Kim have? Kim has half as many as Leo; Leo owns 8 coins", "4"),
        ("Ann had 1 apple. Ben has three times as many as Ann does. How many does Ben have?", "3"),
        ("Ann has 9 apples. Ben has 9 pears. Cleo has 2 less pears than Ben. How many pears does Cleo have?", "7"),
        (
            "Ann has 9 apples and Ben has 5 apples. Cleo has as many as Ann and Ben combined. How many apples has Cleo?",
            "14",
        ),
    ],
)
def test_people_may_type_a_problem_in_many_ways(typed: str, answer: str) -> None:
    asked = TASK.parse(typed)
    assert asked.answer == answer
    assert TASK.parse(asked.question).prompt == asked.prompt


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "no question"),
        ("make 24 from 3 3 8 2", "“make 24 from 3 3 8 2” is not understood"),
        ("(3+4)*(12-5)", "not understood"),
        ("Ann has 9 apples. She ate 2. How many apples does Ann have?", "“She ate 2” is not understood"),
        ("Ann has 9 apples. Ben has 2 more than Ann.", "no question"),
        ("Ann has 9 apples. How many apples does Ann have?", "The answer is given, 9"),
        ("Ann has 9 apples. How many apples does Ben have?", "Nothing says what Ben has"),
        ("Ben has 2 more than Ann. How many apples does Ben have?", "Nothing says how many apples Ann has"),
        ("Ann has 9 apples. Ann has 8 apples. How many has Ann?", "second sentence on what Ann has"),
        ("Ann has 9 apples. Ben has 2 more than Ann. How many has Ben? How many has Ann?", "one question only"),
        (
            "Ann has 9 kiwis. Ben has 2 more than Ann. How many has Ben?",
            "Kiwis are not among the things that are known",
        ),
        ("Zoltan has 9 apples. Ben has 2 more than Zoltan. How many has Ben?", "Zoltan is not among the names"),
        ("Ann has 9 apples. Ben has 20 fewer than Ann. How many has Ben?", "makes 9−20, which is not a whole number"),
        ("Ann has 9 apples. Ben has half as many as Ann. How many has Ben?", "makes 9÷2"),
        ("Ann has 900 apples. Ben has 2 more than Ann. How many has Ben?", "from 1 to 99; 900 is not"),
        (
            "Ann has 2 more than Ben. Ben has 2 fewer than Ann. How many apples has Ben?",
            "Ann and Ben only refer to each other",
        ),
        (
            "Ann has 9 apples. Ben has 2 pears. Cleo has 2 more than Ben. How many has Cleo?",
            "what is counted: apples or pears",
        ),
        (
            "Ann has 9 apples. Ben has 2 more than Ann. How many pears has Ann?",
            "Ann has apples, but the question is about pears",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_word_on_what_to_do(typed: str, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        TASK.parse(typed)


def test_a_text_is_recognised_that_states_one_even_if_it_breaks_a_rule() -> None:
    assert recognise(STORY) == ASKED
    assert TASK.recognises("Ann has 9 apples. Ben has half as many as Ann. How many has Ben?")
    for text in (
        "make 24 from 3 3 8 2",
        "(3+4)*2",
        "Ann has 9 apples.",
        "How many?",
        "Ann ate 9 apples. How many has Ann?",
        "",
    ):
        assert not TASK.recognises(text)
    with pytest.raises(ProblemError, match="makes 9÷2"):
        recognise("Ann has 9 apples. Ben has half as many as Ann. How many has Ben?")


def test_longer_problems_than_the_models_know_are_refused() -> None:
    chain = "Ann has 9 apples. " + "".join(f"{b} has 2 more than {a}. " for a, b in pairwise(NAMES[:14]))
    with pytest.raises(ProblemError, match="takes 13 steps; at most 12"):
        TASK.parse(f"{chain}How many apples does {NAMES[13]} have?")


def test_the_story_of_a_prompt_is_what_its_sentences_say() -> None:
    story, _ = read(STORY)
    assert story.facts["Dan"] == Fact("Dan", "fewer", 4, ("Ben",))
    assert (story.thing, story.asked, story.needed()) == ("apples", "Cleo", {"Ben", "Cleo"})
