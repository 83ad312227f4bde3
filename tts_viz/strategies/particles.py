"""Particle filtering: a population of partial solutions, resampled by the verifier's odds after every step."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass

from tts_viz.core.node import Node, in_order
from tts_viz.core.ops import Expand, Op, Parallel, Score, Search, Select
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy
from tts_viz.strategies.knobs import count, knob

SURE = 1 - 1e-6
"""Scores are taken as at most this, so that odds stay finite."""


def odds(score: float | None) -> float:
    """The weight whose logarithm is the logit of the score (Puri et al. 2025; its_hub's particle filter)."""
    p = min(score or 0.0, SURE)
    return max(p, 1 - SURE) / (1 - p)


@strategy(
    "particles",
    "Particle filter",
    "N partial solutions take a step each; then chance, weighted by the verifier, decides which are copied and which die.",
    cost=lambda search: search.n + (search.i - 1) * (search.n - 1),
    size="n",
    also=["particle-based Monte Carlo", "sequential Monte Carlo"],
    paper="Puri et al. 2025, arXiv 2502.01618",
)
@dataclass(frozen=True, slots=True)
class Particles:
    """Particle-based Monte Carlo (Puri et al. 2025). Budget: N generations, less what finished particles leave unused; with
    Gibbs iterations i, at most N + (i − 1)·(N − 1).

    A finished solution stays in the population with as many copies as it drew; a tree shows it once. The draws come from
    the search's seed and the number of decisions before, so that the same search resamples alike. Weights are those of its_hub's
    particle filter, resampled multinomially at every step; a step with all its copies is one node, so a particle that is
    copied is not sampled twice. A further Gibbs iteration begins anew beside one solution of the last, drawn by weight,
    which cannot die and which others may take the place of from any step on.
    """

    n: int = count("Particles N", "How many partial solutions there are at a time.")
    i: int = knob(
        1, 1, 8, "Gibbs iterations", "How often the whole filter is run, each time beside a solution of the last."
    )

    def search(self, tree: TreeView) -> Search:
        if tree.is_open(tree.root):
            yield Expand([tree.root], self.n)
        yield Score(tree.unscored())
        last = yield from self.filter(tree, tree.open_steps() + tree.finished(), [])
        for _ in range(self.i - 1):
            if not last or self.n == 1:
                return
            kept = self.chance(tree, "kept").choices(last, [odds(tree.score(node)) for node in last])[0]
            fresh = yield Expand([tree.root], self.n - 1)
            yield Score(fresh)
            last = yield from self.filter(tree, fresh, kept.path())

    def filter(self, tree: TreeView, particles: list[Node], kept: list[Node]) -> Generator[Op, list[Node], list[Node]]:
        """Step by step until no particle is open; `kept` is the path of the one that cannot die. Returns the finished."""
        copies: Counter[str] = Counter()
        for depth in itertools.count():
            others = tree.open_steps() if not kept else []
            particles = [n for n in {**dict.fromkeys(particles), **dict.fromkeys(others)} if n.alive]
            beside = kept[min(depth, len(kept) - 1)] if kept else None
            population = [n for n in particles if tree.is_open(n) or n.finished] + ([beside] if beside else [])
            if not any(tree.is_open(n) for n in particles):
                return [n for n in population if n.finished]
            weights = [odds(tree.score(node)) * max(1, copies[node.id]) for node in population]
            drawn = self.chance(tree, "drawn").choices(population, weights, k=self.n - bool(beside))
            # Whoever is pinned stays, so it must go on as well.
            copies = Counter([node.id for node in drawn] + [n.id for n in population if n.pinned and n not in drawn])
            growing = [n for n in population if copies[n.id] and not n.finished]
            rivals = [n for n in population if n is not beside]
            yield Select([n for n in rivals if n in growing or n.finished], rivals)
            grown: list[Node] = []
            yield Parallel([self.grow(node, copies[node.id], grown) for node in growing])
            particles = [n for n in particles if n.finished] + in_order(grown)
        raise AssertionError("a count has no end")

    def grow(self, node: Node, n: int, grown: list[Node]) -> Search:
        children = yield Expand([node], n)
        grown += children
        yield Score([child for child in children if child.alive])

    def chance(self, tree: TreeView, what: str) -> random.Random:
        return random.Random(f"{tree.settings.seed}/particles/{what}/{len(tree.decisions)}")
