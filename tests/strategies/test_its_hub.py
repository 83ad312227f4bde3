"""Parity with its_hub (PyPI): the same scripted policy and verifier, the same survivors, the same best solution.

What differs on purpose (see the strategies' docstrings) is kept out of the way: its beam samples only N/B first steps where
ours samples N, so the script makes the surplus ones the worst; and its finished candidates go on competing, so all
solutions here are equally long.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.search.scripted import begin, finish, full, scattered
from tts_viz.strategies.particles import odds

hub = pytest.importorskip("its_hub", reason="its_hub is not installed: pip install its_hub")

from its_hub.api import AbstractLanguageModel, AbstractProcessRewardModel  # noqa: E402
from its_hub.core.algorithms.beam_search import BeamSearch as HubBeam  # noqa: E402
from its_hub.core.algorithms.particle_gibbs import _inv_sigmoid, _softmax  # noqa: E402
from its_hub.core.lms.step_generation import StepGeneration  # noqa: E402

DEPTH = 4


class Policy(AbstractLanguageModel):
    """Says the script: the next child of the node that the prefix leads to, in the order of asking."""

    def __init__(self, script: dict[str, str]) -> None:
        self.script = script
        self.asked = Counter[str]()
        self.calls = 0

    async def agenerate(self, messages: Any, stop: str | None = None, **_: Any) -> list[dict[str, str]]:
        self.calls += len(messages)
        return [{"role": "assistant", "content": self._next(conversation)} for conversation in messages]

    def _next(self, conversation: Any) -> str:
        said = conversation[-1].content.rstrip("\n").split("\n")[-1] if len(conversation) > 1 else "0"
        child = f"{said}.{self.asked[said]}"
        self.asked[said] += 1
        return self.script[child]


class Verifier(AbstractProcessRewardModel):
    def __init__(self, rewards: dict[str, float]) -> None:
        self.rewards = rewards

    async def ascore(self, prompt_or_messages: Any, steps: list[str]) -> list[float]:
        return [self.rewards[text.split("\n")[-1]] for text in steps]

    def score(self, prompt_or_messages: Any, steps: list[str]) -> list[float]:
        return asyncio.run(self.ascore(prompt_or_messages, steps))


@pytest.mark.parametrize(("kept", "m"), [(1, 4), (2, 2), (2, 3), (3, 4)])
def test_beam_search_keeps_the_same_and_finds_the_same(kept: int, m: int) -> None:
    n = kept * m
    script = full(DEPTH, n)
    rewards = scattered(script)
    for i in range(m, n):
        rewards[f"0.{i}"] = 0.0  # the first steps that its_hub does not sample
    policy = Policy(script)
    # Its steps are counted from zero; there is no stop token, the depth ends a solution.
    search = HubBeam(StepGeneration(DEPTH - 1, "\n"), Verifier(rewards), beam_width=kept)
    theirs = asyncio.run(search.ainfer(policy, "Prompt", n, return_response_only=False))
    ours = finish(begin("beam", n=n, m=m), script, rewards).session.tree

    end = max(ours.finished(), key=lambda node: node.reward or 0.0)
    assert theirs.the_one["content"].split("\n") == [node.text for node in end.path()]
    survivors = {r["content"].split("\n")[DEPTH - 2] for r in theirs.responses}
    assert survivors <= {id for d in ours.decisions if d.depth == DEPTH - 1 for id in d.kept}
    assert ours.generations == n
    assert policy.calls == m + n * (DEPTH - 1), "its_hub's first level costs N/B generations, ours N"


@pytest.mark.parametrize("scores", [[0.9, 0.5, 0.1], [0.2, 0.2], [1.0, 0.3, 0.0]])
def test_particles_are_weighted_alike(scores: list[float]) -> None:
    theirs = _softmax([_inv_sigmoid(s) for s in scores])
    ours = [odds(s) / sum(map(odds, scores)) for s in scores]
    assert ours == pytest.approx(list(theirs), abs=1e-5)
