"""The lesson's searches show what each step is about, with the embedded models; and the exercise can be done, but not by
spending the same on everything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import pytest

from tts_viz.analysis.judge import Judge, Solution
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings, Started
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.lesson import exercise, outcomes
from tts_viz.lesson.exercise import Attempts, attempt, check
from tts_viz.lesson.outcomes import Before, Outcome
from tts_viz.lesson.steps import POLICY, STEPS, VERIFIER
from tts_viz.search.scheduler import LiveRun, drive
from tts_viz.search.session import Session
from tts_viz.tasks.base import Problem

if not all(folder.is_dir() for folder in EMBEDDED.values()):
    pytest.skip("the embedded models are not here: python -m tts_viz train all", allow_module_level=True)

pytestmark = pytest.mark.slow  # every search of the lesson is really made

Search = Callable[[Problem, Settings], Outcome]


@pytest.fixture(scope="module")
def search() -> Search:
    from tts_viz.engines.load.policy import load_policy
    from tts_viz.engines.load.verifier import load_verifier

    engines = load_policy(POLICY), load_verifier(VERIFIER)

    def searched(problem: Problem, settings: Settings) -> Outcome:
        run = LiveRun(Session(Started(problem.prompt, settings, problem=asdict(problem))), *engines)
        asyncio.run(drive([run]))
        assert run.error is None
        return Outcome(run.session.tree, Judge(problem), run.session.trace)

    return searched


@pytest.fixture(scope="module")
def toured(search: Search) -> dict[tuple[int, int], tuple[Outcome, str]]:
    """Every search of the lesson, in order, with what is said of it; by step and trial, both from 1."""
    seen: dict[str, Before] = {}
    found = {}
    for number, step in enumerate(STEPS, 1):
        for i, trial in enumerate(step.trials, 1):
            outcome = search(trial.ask(), trial.settings())
            found[number, i] = outcome, " ".join(trial.reading(outcome, seen))
            seen[outcomes.key_of(outcome)] = outcomes.remembered(outcome)
    return found


Toured = dict[tuple[int, int], tuple[Outcome, str]]


def chosen(outcome: Outcome) -> Solution:
    return outcome.solutions[0]


def test_one_sample_is_wrong_and_a_few_are_right(toured: Toured) -> None:
    outcome, said = toured[1, 1]
    assert 2 <= outcome.right <= 4
    assert not outcome.judge.verdict(
        next(n for n in outcome.tree.nodes.values() if n.finished and n.id.startswith("0.0"))
    )[1]
    assert f"{outcome.right} of 8 samples are right" in said
    assert "which is wrong: had you asked once" in said


def test_a_minority_of_right_samples_wins_the_vote(toured: Toured) -> None:
    outcome, said = toured[2, 1]
    assert chosen(outcome).correct
    assert outcome.right * 2 < 16
    assert "no other answer has more than" in said


def test_the_verifier_is_right_where_the_vote_is_wrong(toured: Toured) -> None:
    outcome, said = toured[3, 1]
    assert chosen(outcome).correct
    assert not outcome.judge.solutions(outcome.tree, vote="majority")[0].correct
    assert "A vote would choose 68 (4 votes), which is wrong." in said


def test_solutions_break_early_and_the_verifier_notices(toured: Toured) -> None:
    outcome, said = toured[4, 1]
    assert outcome.right <= 2
    assert "work for nothing" in said
    before, after = (float(x.rstrip(",.")) for x in said.partition("goes from ")[2].split()[:3:2])
    assert before - after > 0.3


def test_the_beam_is_right_where_independent_samples_were_not_and_costs_the_same(toured: Toured) -> None:
    outcome, said = toured[5, 1]
    assert chosen(outcome).correct
    assert outcome.right >= 12
    assert outcome.tree.generations == toured[4, 1][0].tree.generations
    assert f"Your independent samples cost as much: {toured[4, 1][0].right} of 16 were right." in said


def test_looking_ahead_finds_what_the_beam_lost_and_costs_three_times_as_much(toured: Toured) -> None:
    (without, lost), (ahead, said) = toured[6, 1], toured[6, 2]
    assert without.right == 0
    assert "The right path was lost at depth 1" in lost
    assert chosen(ahead).correct
    assert ahead.tree.generations == 3 * without.tree.generations
    assert "would have been given up" in said
    assert "0 of 16 were right" in said


def test_the_beam_is_fooled_where_independent_samples_are_not(toured: Toured) -> None:
    (beam, said), (samples, _) = toured[7, 1], toured[7, 2]
    best = chosen(beam)
    assert not best.correct and best.score is not None and best.score > 0.85
    assert "is false: what is left is" in said
    assert chosen(samples).correct


def test_revising_mends_more_than_it_spoils_on_this_problem(toured: Toured) -> None:
    outcome, said = toured[8, 1]
    assert chosen(outcome).correct
    assert "1 of 4 first attempts is right; after reading it again, 3 of 4." in said
    assert "2 wrong attempts mended, 0 right ones spoiled" in said


# --- the exercise -------------------------------------------------------------------------------------------------------


def tried(search: Search, number: int, strategy: str, parameters: dict[str, int], left: int) -> exercise.Attempt:
    vote = "majority" if strategy in ("greedy", "majority") else "weighted"
    settings = Settings(strategy, parameters, Budget(generations=left), vote=vote, seed=0)
    return attempt(number, search(exercise.problems()[number], settings))


def test_who_spends_where_it_pays_passes(search: Search) -> None:
    desk = Attempts()
    for number, strategy, parameters in ((0, "greedy", {}), (1, "best_of_n", {"n": 4}), (2, "beam", {"n": 16, "m": 4})):
        desk.made.append(tried(search, number, strategy, parameters, desk.left))
    verdict = check(desk)
    assert verdict.passed
    assert verdict.lines[0] == "3 of 3 right, for 21 of 32 generations."
    assert "1, 4, 16" in verdict.lines[1]


def test_who_spends_the_same_on_everything_has_nothing_left_for_the_last(search: Search) -> None:
    desk = Attempts()
    for number in range(2):
        desk.made.append(tried(search, number, "beam", {"n": 16, "m": 4}, desk.left))
    assert desk.left == 0
    verdict = check(desk)
    assert not verdict.passed
    assert verdict.lines[0] == "2 of 3 right, for 32 of 32 generations."
    assert "Sum 3: not tried yet." in verdict.lines
    assert any("Start over" in line for line in verdict.lines)


def test_what_went_wrong_is_said_by_what_the_run_really_did(search: Search) -> None:
    desk = Attempts([tried(search, 1, "majority", {"n": 8}, 32), tried(search, 2, "best_of_n", {"n": 8}, 24)])
    said = " ".join(check(desk).lines)
    assert "Sum 2: Majority vote found a right solution, but the vote went to another one" in said
    assert "Sum 3: Best of N found no right solution." in said
    assert "the model never found the way" in said
    cut = tried(search, 2, "beam", {"n": 16, "m": 4}, 8)
    assert cut.generations == 8
    assert not cut.right
