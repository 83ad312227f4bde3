"""Other scores for a recorded search, and what it takes to ask another verifier for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.played import KNOBS, PROBLEM, REWARDS, SCRIPT, Whim, played, rolled
from tts_viz.analysis import rescoring
from tts_viz.analysis.judge import Judge
from tts_viz.analysis.rescoring import flipped, oracle, recorded, rescored
from tts_viz.core.budget import Cost
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.search import steering


class Listed(Whim):
    """Remembers what it was asked."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.asked: list[list[ScoreRequest]] = []

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        self.asked.append(list(requests))
        return await super().score(requests)


def test_the_recorded_scores_are_the_verifiers_and_a_persons_in_their_place() -> None:
    session = played()
    assert recorded(session.tree) == REWARDS
    session.intervene(steering.override(session.tree, "0.0", 0.35))
    assert recorded(session.tree) == {**REWARDS, "0.0": 0.35}


def test_the_truth_is_one_where_the_goal_is_in_reach() -> None:
    tree = played().tree
    scores = oracle(tree, Judge.of(tree))
    assert {id for id, score in scores.items() if score == 1.0} == {"0.0", "0.1", "0.1.0"}
    assert set(scores) == set(SCRIPT) and set(scores.values()) == {0.0, 1.0}
    with pytest.raises(ValueError, match="exact checker"):
        oracle(tree, Judge(None))


def test_the_truth_is_told_of_this_moment_only() -> None:
    session = played()
    judge = Judge.of(session.tree)
    judge.truths(session.tree)
    assert set(oracle(Tree.fold(session.trace[:4]), judge)) < set(SCRIPT)


MANY = {f"0.{i}": i / 1000 for i in range(1000)}


@given(st.floats(0, 1), st.floats(0, 1), st.integers())
def test_more_flips_are_the_same_ones_and_others(one: float, other: float, seed: int) -> None:
    few, many = (
        {id for id, s in flipped(MANY, share, seed).items() if s != MANY[id]} for share in sorted((one, other))
    )
    assert few <= many


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_about_that_share_is_flipped(share: float) -> None:
    scores = flipped(MANY, share, seed=3)
    turned = {id for id in MANY if scores[id] != MANY[id]}
    assert len(turned) == pytest.approx(1000 * share, abs=50)
    assert all(scores[id] == 1 - MANY[id] for id in turned)
    assert turned != {id for id, s in flipped(MANY, share, seed=4).items() if s != MANY[id]}


def test_none_and_all_are_flipped_at_the_ends() -> None:
    assert flipped(MANY, 0.0) == MANY
    assert flipped(MANY, 1.0) == {id: 1 - s for id, s in MANY.items()}
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match="from 0 to 1"):
            flipped(MANY, share)


def test_another_verifier_reads_each_leafs_path_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescoring, "BATCH", 3)
    tree, verifier = played().tree, Listed()
    read = asyncio.run(rescored(tree, verifier, "search"))
    asked = [request for batch in verifier.asked for request in batch]
    assert [len(batch) for batch in verifier.asked] == [3, 3, 2]
    assert [(request.steps[-1], request.wanted) for request in asked] == [
        (SCRIPT["0.0"], 1),
        (SCRIPT["0.1.0"], 2),
        (SCRIPT["0.1.1.0"], 2),
        (SCRIPT["0.1.1.1"], 1),
        (SCRIPT["0.2.0.0"], 3),
        (SCRIPT["0.2.0.1"], 1),
        (SCRIPT["0.2.1"], 1),
        (SCRIPT["0.3"], 1),
    ]
    assert asked[3].steps == (SCRIPT["0.1"], SCRIPT["0.1.1"], SCRIPT["0.1.1.1"])
    assert {(r.prompt, r.problem, r.search) for r in asked} == {(PROBLEM.prompt, PROBLEM, "search")}
    assert read.cost == Cost(verifier_calls=8)
    assert set(read.scores) == set(SCRIPT)


def test_what_it_said_before_is_not_asked_again() -> None:
    session = played()
    before = Tree.fold(session.trace[:-8])
    first = asyncio.run(rescored(before, Listed()))
    verifier = Listed()
    second = asyncio.run(rescored(session.tree, verifier, known=first.scores))
    whole = asyncio.run(rescored(session.tree, Listed()))
    assert second.scores == whole.scores
    assert 0 < sum(r.wanted for batch in verifier.asked for r in batch) == len(SCRIPT) - len(first.scores)
    assert second.cost.verifier_calls == len(verifier.asked[0])
    again = Listed()
    assert asyncio.run(rescored(session.tree, again, known=second.scores)).cost == Cost()
    assert again.asked == []


def test_too_few_rewards_are_an_error() -> None:
    class Short(Whim):
        async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
            return await super().score([replace(r, wanted=1) for r in requests])

    with pytest.raises(ValueError, match="zip"):
        asyncio.run(rescored(played().tree, Short()))


@settings(max_examples=30)
@given(st.sampled_from(sorted(KNOBS)), st.integers(0, 40))
def test_the_same_verifier_says_the_same_again(name: str, seed: int) -> None:
    tree, verifier = rolled(name, seed, **KNOBS[name]).tree, Listed(seed)
    read = asyncio.run(rescored(tree, verifier))
    steps = {n.id: n for n in tree.nodes.values() if n.kind in ("step", "rollout")}
    assert set(read.scores) == set(steps)
    assert all(read.scores[id] == n.reward for id, n in steps.items() if n.reward is not None)
    leaves = [n for n in steps.values() if not any(c.kind != "attempt" for c in n.children)]
    assert sum(len(batch) for batch in verifier.asked) == len(leaves) == read.cost.verifier_calls
    assert sum(r.wanted for batch in verifier.asked for r in batch) == len(steps)
