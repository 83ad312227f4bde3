"""Particle filtering: a population of partial solutions, resampled by the verifier's odds after every step."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from tts_viz.node import Node
from tts_viz.ops import Expand, Keep, Parallel, Search, evaluate
from tts_viz.strategies.base import check_ranges, knob, strategy
from tts_viz.strategies.rebase import grow
from tts_viz.tree import Tree

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
)
@dataclass(frozen=True, slots=True)
class Particles:
    """Particle-based Monte Carlo (Puri et al. 2025). Budget: N generations, less what finished particles leave unused.

    A finished solution stays in the population with as many copies as it drew; a tree shows it once. The draws come from
    the search's seed and the depth, so that the same search resamples alike.
    """

    n: int = knob(16, 1, 256, "Particles N", "How many partial solutions there are at a time.")

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def generations(self) -> int:
        return self.n

    def search(self, tree: Tree) -> Search:
        if tree.is_open(tree.root):
            yield Expand([tree.root], self.n)
        copies: Counter[str] = Counter()
        while True:
            yield from evaluate(tree)
            population = tree.open_steps() + tree.finished()
            if not tree.open_steps():
                return
            weights = [odds(tree.score(node)) * max(1, copies[node.id]) for node in population]
            drawn = random.Random(f"{tree.settings.seed}/particles/{len(tree.decisions)}").choices(
                population, weights, k=self.n
            )
            copies = Counter(node.id for node in drawn)
            growing: list[Node] = [node for node in tree.open_steps() if copies[node.id]]
            yield Keep([*growing, *tree.finished()], population)
            yield Parallel([grow(node, copies[node.id]) for node in growing])
