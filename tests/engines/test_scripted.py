"""Engines that say what they were told: every answer and cost can be worked out by hand."""

from __future__ import annotations

import asyncio

import pytest

from tts_viz.budget import Cost
from tts_viz.engines.base import Candidate, SampleRequest, ScoreRequest, Step
from tts_viz.engines.scripted import ScriptedPolicy, ScriptedVerifier

SCRIPT = ScriptedPolicy({(): [("a b", "step"), ("c", "eos")], ("a b",): [("d e f", "eos")]}, parameters=10)


def said(*steps: str, seed: int = 0, most: int = 9) -> tuple[Candidate | None, Cost]:
    (answer,) = asyncio.run(SCRIPT.sample([SampleRequest("?", tuple(map(Step, steps)), 1.0, seed, most)]))
    return answer.candidate, answer.cost


def test_the_seed_chooses_among_the_lines() -> None:
    found = [said(seed=seed)[0] for seed in range(4)]
    assert [c.text for c in found if c] == ["a b", "c", "a b", "c"]
    assert [c.finish for c in found if c] == ["step", "eos", "step", "eos"]
    assert next(c.pieces for c in found if c) == ("a", "b")


def test_a_word_is_a_token() -> None:
    candidate, cost = said("a b")
    assert candidate is not None and candidate.text == "d e f"
    assert (cost.policy_calls, cost.generated, cost.policy_flops) == (1, 3, 2 * 10 * 3)


def test_a_line_longer_than_allowed_is_cut() -> None:
    candidate, cost = said("a b", most=2)
    assert candidate is not None and (candidate.text, candidate.finish, cost.generated) == ("d e", "length", 2)


def test_off_the_script_there_is_nothing_to_say() -> None:
    assert said("x") == (None, Cost(policy_calls=1))
    with pytest.raises(ValueError, match="leave the path out"):
        ScriptedPolicy({(): []})


def test_rewards_are_those_of_the_last_steps() -> None:
    verifier = ScriptedVerifier(lambda steps: 1 / len(steps), parameters=5)
    (answer,) = asyncio.run(verifier.score([ScoreRequest("?", ("a b", "c", "d e f"), 2)]))
    assert answer.rewards == (1 / 2, 1 / 3)
    assert (answer.cost.verifier_calls, answer.cost.verifier_tokens, answer.cost.verifier_flops) == (1, 4, 40)
    with pytest.raises(ValueError, match="from 0 to 1"):
        asyncio.run(ScriptedVerifier(lambda steps: 2.0).score([ScoreRequest("?", ("a",), 1)]))
