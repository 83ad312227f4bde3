"""Phrases shared by the sentences about a search: counts, names of steps, ranks, budgets. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from tts_viz.core.budget import Budget
from tts_viz.core.events import Decided, NodeId
from tts_viz.core.tree import Tree


def count(n: int, thing: str) -> str:
    """ "1 solution", "3 solutions" """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def and_more(first: str, others: int) -> str:
    """ "“25*2=50” and 2 more"; only the first if there are no others."""
    return f"{first} and {others} more" if others > 0 else first


def named(tree: Tree, nodes: Sequence[NodeId], most: int) -> str:
    """The quoted texts of at most `most` steps, and how many more there are."""
    texts = [f"“{tree.nodes[id].text}”" if tree.nodes[id].text else "the problem" for id in nodes[:most]]
    return and_more(" and ".join(texts), len(nodes) - most)


def rank_in(decision: Decided, node: NodeId) -> int:
    """The rank, from 1, of a rival that had a score. Kept rivals rank before pruned ones with the same score."""
    mine, pruned = decision.scores[node], node in decision.pruned
    return 1 + sum(s > mine or (s == mine and pruned and id in decision.kept) for id, s in decision.scores.items())


def budget_text(budget: Budget) -> str:
    """ "64 generations and 10,000 tokens"; "" if nothing is capped."""
    caps = [(f.name, cap) for f in fields(budget) if (cap := getattr(budget, f.name)) is not None]
    return " and ".join(f"{cap_text(cap)} {name}" for name, cap in caps)


def cap_text(cap: float | None) -> str:
    """ "64", "1e+09", "none" """
    return "none" if cap is None else f"{cap:,}" if isinstance(cap, int) else f"{cap:.3g}"
