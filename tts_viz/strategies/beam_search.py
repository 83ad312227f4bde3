"""Beam search over steps against a process reward model, and lookahead search, which is beam search that peeks."""

from __future__ import annotations

from dataclasses import dataclass

from tts_viz.core.ops import Expand, Search, Select, evaluate, top
from tts_viz.core.tree_view import TreeView
from tts_viz.errors import InputError
from tts_viz.strategies.base import strategy
from tts_viz.strategies.knobs import count, lookahead, width

GROWS = "How many next steps each kept candidate grows; N/M candidates are kept."


def beam_search(tree: TreeView, n: int, m: int, k: int) -> Search:
    """Score the candidates; keep the best N/M; expand each M times; until none is open or N solutions are finished.

    Snell et al. 2024, section 5.2: sample N first steps; at most 40 rounds (the tree's depth limit). The paper does
    not say what becomes of a candidate that ends a solution while others go on: here it is set aside, holds no place
    in the beam, and the search stops once N are finished. In search-and-learn it is set aside too, but the others then
    share its places; in its_hub it goes on competing and is copied, so that the N finals may be few different ones. its_hub
    also samples only M first steps, not N.
    """
    while True:
        yield from evaluate(tree, k)
        rivals = tree.frontier()
        if not rivals or len(tree.finished()) >= n:
            return
        if len(rivals) > n // m:
            yield Select(top(tree, rivals, n // m), rivals, n // m)
        yield Expand(tree.frontier(), n if rivals == [tree.root] else m)


def check_width(n: int, m: int) -> None:
    """Raises ValueError unless n is a multiple of m."""
    if n % m:
        raise InputError(f"n={n} must be a multiple of m={m}; try {max(n // m, 1) * m} or {(n // m + 1) * m}")


@strategy(
    "beam",
    "Beam search",
    "Compare N partial solutions after every step; the verifier keeps the best N/M, and each grows M new next steps.",
    becomes={"k": "lookahead"},
    also=["step-level beam search", "stepwise beam search"],
    paper="Snell et al. 2024, arXiv 2408.03314, section 5.2",
)
@dataclass(frozen=True, slots=True)
class BeamSearch:
    """Budget: N generations. Steps sampled at each depth: N, while no candidate has ended a solution."""

    n: int = count("Candidates N", "How many candidate steps are compared at each depth.")
    m: int = width(GROWS)

    def __post_init__(self) -> None:
        check_width(self.n, self.m)

    def search(self, tree: TreeView) -> Search:
        yield from beam_search(tree, self.n, self.m, k=0)


@strategy(
    "lookahead",
    "Lookahead",
    "Beam search that first plays each candidate k steps ahead and judges it by where that leads.",
    cost=lambda search: search.n * (search.k + 1),
    size="n",
    also=["lookahead search"],
    paper="Snell et al. 2024, arXiv 2408.03314, section 5.2",
)
@dataclass(frozen=True, slots=True)
class Lookahead:
    """Budget: N·(k+1) generations: each candidate pays for its k rollout steps. k = 0 is beam search."""

    n: int = count("Candidates N", "How many candidate steps are compared at each depth.")
    m: int = width(GROWS)
    k: int = lookahead(1, "How many steps ahead each candidate is played, greedily, before it is scored.")

    def __post_init__(self) -> None:
        check_width(self.n, self.m)

    def search(self, tree: TreeView) -> Search:
        yield from beam_search(tree, self.n, self.m, self.k)
