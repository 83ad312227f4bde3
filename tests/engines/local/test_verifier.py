"""The verifier with its kept keys and values against a naive reading; and the verifiers that know the truth."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import torch

from tests.engines.local.models import naive_rewards, prm
from tests.engines.local.tokenizer import encode, tokenizer
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.local.verifier import TransformersVerifier
from tts_viz.engines.oracle import Oracle
from tts_viz.engines.prm.trl import TRL
from tts_viz.errors import EngineError
from tts_viz.tasks import get_task

PROMPT = "Make 57 from 2 3 14 25\n"
STEPS = ("25*2=50 left 3 14 50", "14/2=7 left 3 7", "50+7=57 left 57", "1+1=2 left 2")


def verifier(**options: Any) -> TransformersVerifier:
    return TransformersVerifier(prm(), TRL(tokenizer()), "tiny", **options)


def score(engine: Any, *requests: ScoreRequest) -> list[Rewards]:
    return asyncio.run(engine.score(requests))


@pytest.mark.parametrize("kv_bytes", [1 << 30, 1], ids=["kept", "forgotten"])
def test_rewards_along_a_tree_are_those_of_reading_the_whole_text(kv_bytes: int) -> None:
    engine = verifier(kv_bytes=kv_bytes)
    paths = [STEPS[:1], STEPS[1:2], STEPS[:2], STEPS[:3], (STEPS[0], STEPS[3]), STEPS, STEPS[::-1]]
    for batch in (paths[:3], paths[3:], paths):
        answers = score(engine, *(ScoreRequest(PROMPT, steps, len(steps)) for steps in batch))
        for steps, answer in zip(batch, answers):
            assert list(answer.rewards) == pytest.approx(naive_rewards(engine.model, PROMPT, steps), abs=1e-5)


def test_only_the_wanted_rewards_come_and_only_new_steps_are_read() -> None:
    engine = verifier()
    score(engine, ScoreRequest(PROMPT, STEPS[:2], 2))
    (answer,) = score(engine, ScoreRequest(PROMPT, STEPS[:3], 1))
    assert len(answer.rewards) == 1
    assert answer.cost.verifier_tokens == len(encode(STEPS[2] + "\n"))
    assert answer.cost.verifier_flops == 2 * engine.parameters * answer.cost.verifier_tokens
    (again,) = score(engine, ScoreRequest(PROMPT, STEPS[:3], 1))
    assert again.rewards == answer.rewards
    assert (again.cost.verifier_tokens, again.cost.verifier_calls) == (0, 1)


def test_no_more_rewards_are_wanted_than_there_are_steps() -> None:
    few, none = score(verifier(), ScoreRequest(PROMPT, STEPS[:1], 5), ScoreRequest(PROMPT, (), 1))
    assert (len(few.rewards), len(none.rewards)) == (1, 0)


def test_a_reward_that_is_no_number_is_an_error() -> None:
    engine = verifier()
    with torch.no_grad():
        engine.model.score.weight[0, 0] = float("nan")
    with pytest.raises(EngineError, match="no number from 0 to 1"):
        score(engine, ScoreRequest(PROMPT, STEPS, 1))


def test_a_solution_that_is_too_long_is_refused_in_words() -> None:
    with pytest.raises(EngineError, match="at most 160 tokens"):
        score(verifier(), ScoreRequest(PROMPT, STEPS * 6, 1))


def test_the_oracle_knows_what_is_true_and_what_can_still_be_reached() -> None:
    problem = get_task("countdown").parse("make 24 from 4 6 1")
    steps = ("6*4=24 left 1 24", "24*1=24 left 24")
    ask = ScoreRequest(problem.prompt, steps, 2, problem)
    assert score(Oracle(), ask)[0].rewards == (1.0, 1.0)
    lost = ScoreRequest(problem.prompt, ("6+4=10 left 1 10", "10+1=12 left 12"), 2, problem)
    assert score(Oracle(), lost)[0].rewards == (0.0, 0.0)
    half = ScoreRequest(problem.prompt, (steps[0], "24-1=24 left 24"), 1, problem)
    assert score(Oracle(), half)[0].rewards == (0.0,)
    with pytest.raises(EngineError, match="exact checker"):
        score(Oracle(), ScoreRequest(problem.prompt, steps, 2))


def test_noise_puts_its_share_of_rewards_on_the_wrong_side_and_is_the_same_every_time() -> None:
    task = get_task("countdown")
    asks = []
    for i in range(400):
        problem = task.problem("test", 2, i)
        a, b, c = map(int, problem.prompt.split(" from ")[1].split())
        asks.append(
            ScoreRequest(
                problem.prompt, (f"{c}+{b}={c + b} left {' '.join(map(str, sorted((a, c + b))))}",), 1, problem
            )
        )
    truth = [r.rewards[0] for r in score(Oracle(), *asks)]
    noisy = [r.rewards[0] for r in score(Oracle(0.2), *asks)]
    assert noisy == [r.rewards[0] for r in score(Oracle(0.2), *reversed(asks))][::-1]
    wrong = sum((n > 0.5) != (t > 0.5) for n, t in zip(noisy, truth)) / len(truth)
    assert wrong == pytest.approx(0.2, abs=0.06)
    assert all(0 <= n <= 1 for n in noisy)
