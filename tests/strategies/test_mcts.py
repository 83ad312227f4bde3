"""MCTS against a slow one that counts whole subtrees anew at every look, as the formulas are written."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from math import exp, sqrt
from statistics import fmean
from typing import Any

import pytest

from tests.played import Dice, Whim
from tests.search.scripted import answer
from tests.search.test_steering import some_intervention
from tts_viz.core.budget import Budget
from tts_viz.core.events import MoreRequested, Settings, Started
from tts_viz.core.node import Node, in_order
from tts_viz.core.ops import Expand, Score, Search, SetValue, evaluate
from tts_viz.core.tree_view import TreeView
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES
from tts_viz.strategies.mcts_statistics import UNIT, exact, leaf_value
from tts_viz.tasks.countdown import Countdown


@dataclass(frozen=True)
class Slow:
    n: int
    m: int
    c: float
    k: int

    @property
    def generations(self) -> int:
        return self.n

    def search(self, tree: TreeView) -> Search:
        yield Score(tree.unscored())
        while leaf := self.select(tree):
            grown = yield Expand([leaf], self.m)
            if any(n.alive for n in grown):
                yield from evaluate(tree, self.k)
            for node in leaf.lineage():
                if node.kind == "step" and (heard := value(node)) is not None:
                    yield SetValue(node, heard)

    def select(self, tree: TreeView) -> Node | None:
        node = tree.root
        while not tree.is_open(node):
            children = in_order(node.children)
            ways = [c for c in children if any(tree.is_open(d) and self.affordable(tree, d) for d in below(c))]
            if not ways:
                return None
            total, seen = sum(map(prior, children)), sqrt(visits(node))
            node = max(ways, key=lambda child: self.bound(child, seen, total))
        return node if self.affordable(tree, node) else None

    def bound(self, child: Node, seen: float, total: float) -> float:
        exploit = value(child) if child.expanded else leaf_value(child)
        return (exploit or 0.0) + self.c * prior(child) / total * seen / (1 + visits(child))

    def affordable(self, tree: TreeView, node: Node) -> bool:
        return tree.sampled(node.depth + 1) + self.m * (self.k + 1) <= self.n


def below(node: Node) -> list[Node]:
    return [node, *(d for child in node.children if child.kind == "step" for d in below(child))]


def visits(node: Node) -> int:
    return sum(n.expanded for n in below(node))


def prior(node: Node) -> float:
    return exp(fmean(node.logprobs)) if node.logprobs else 1.0


def value(node: Node) -> float | None:
    words = [
        [w for c in n.children if c.kind == "step" and (w := leaf_value(c)) is not None]
        for n in below(node)
        if n.expanded
    ]
    return fmean(max(w) for w in words if w) if any(words) else None


def searched(seed: int, meddled: bool, **knobs: Any) -> Session:
    problem, pick = Countdown().problem("test", 1 + seed % 4, seed), random.Random(seed)
    session = Session(Started(problem.prompt, Settings("mcts", knobs, Budget(None), seed=seed)))
    while session.wants:
        if meddled and pick.random() < 0.1:
            some_intervention(session, pick)
        if session.wants:
            answer(session, pick.choice(session.wants) if meddled else session.wants[0], Dice(), Whim(seed))
    return session


@pytest.mark.parametrize("meddled", [False, True], ids=["alone", "steered"])
@pytest.mark.parametrize("seed", range(12))
def test_what_is_counted_as_it_grows_is_what_the_slow_one_counts(
    seed: int, meddled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    knobs = {"n": 8 + 4 * (seed % 3), "m": 1 + seed % 4, "c": (0.0, 0.5, 1.0, 3.0)[seed % 4], "k": int(seed % 5 == 0)}
    quick = searched(seed, meddled, **knobs).trace
    monkeypatch.setitem(STRATEGIES._entries, "mcts", _entry())
    slow = searched(seed, meddled, **knobs).trace
    assert len(quick) > 5
    assert quick == slow


def _entry() -> Any:
    return replace(STRATEGIES["mcts"], make=Slow)


def test_deeds_are_among_what_is_compared() -> None:
    done = [e for seed in range(12) for e in searched(seed, True, n=8, m=2, c=1.0, k=0).trace if e.by == "user"]
    assert len({type(e) for e in done}) >= 5
    assert any(isinstance(e, MoreRequested) for e in done)


@pytest.mark.parametrize("seed", range(20))
def test_no_sum_is_rounded(seed: int) -> None:
    pick = random.Random(seed)
    rewards = [pick.random() ** pick.choice([1, 5, 50, 500]) for _ in range(100)]
    assert sum(map(exact, rewards)) / UNIT / len(rewards) == fmean(rewards)
