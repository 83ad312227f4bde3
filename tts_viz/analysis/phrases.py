"""Phrases that sentences about a search share: counts, names of steps, ranks, budgets. Pure functions."""

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
    """ "“25*2=50” and 2 more"; the first alone where there are no others."""
    return f"{first} and {others} more" if others > 0 else first


def named(tree: Tree, nodes: Sequence[NodeId], most: int) -> str:
    """Steps by their text in quotation marks, at most so many of them, and how many more."""
    texts = [f"“{tree.nodes[id].text}”" if tree.nodes[id].text else "the problem" for id in nodes[:most]]
    return and_more(" and ".join(texts), len(nodes) - most)


def rank_in(decision: Decided, node: NodeId) -> int:
    """The rank of a rival that had a score, from 1. A tie between a kept and a pruned rival went to the kept one."""
    mine, pruned = decision.scores[node], node in decision.pruned
    return 1 + sum(s > mine or (s == mine and pruned and id in decision.kept) for id, s in decision.scores.items())


def budget_text(budget: Budget) -> str:
    """ "64 generations and 10,000 tokens"; "" without any cap."""
    caps = [(f.name, cap) for f in fields(budget) if (cap := getattr(budget, f.name)) is not None]
    return " and ".join(f"{cap_text(cap)} {name}" for name, cap in caps)


def cap_text(cap: float | None) -> str:
    """ "64", "1e+09", "none" """
    return "none" if cap is None else f"{cap:,}" if isinstance(cap, int) else f"{cap:.3g}"
