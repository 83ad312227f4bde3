"""What a strategy asks for, as values, and the short words that strategies are written in.

A strategy is a generator of ops. It learns the answers by reading the tree again after each `yield`; a stale local
would miss what a person changed meanwhile. (`yield Expand` and `yield Revise` also hand over the nodes that came of it, for
searches that run side by side from one node and must tell their own children from one another's.)
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tts_viz.core.node import Node
from tts_viz.core.tree_view import TreeView


@dataclass(frozen=True, slots=True)
class Expand:
    """Ask the policy for `n` children of each node, at the temperature in force, or greedily."""

    nodes: Sequence[Node]
    n: int = 1
    greedy: bool = False


@dataclass(frozen=True, slots=True)
class Rollout:
    """Ask the policy for one more greedy step of each node's rollout. Rollout steps never join the frontier."""

    nodes: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Score:
    """Ask the verifier for the rewards of all steps up to each node."""

    nodes: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Select:
    """Keep `best`, prune the other rivals; the scores of all are recorded with the decision. `places`: how many were
    kept for being the best, where it is the rank that decides."""

    best: Sequence[Node]
    rivals: Sequence[Node]
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Revise:
    """Begin an attempt after each of these: ends of solutions, which it is to revise with all before them as context, or
    the root, where a first one begins. Asks no model for anything."""

    ends: Sequence[Node]


@dataclass(frozen=True, slots=True)
class SetValue:
    """Set what the search believes of a node, where that is not what the verifier said of it."""

    node: Node
    value: float


@dataclass(frozen=True, slots=True)
class Note:
    """Say in a sentence what comes next and why; `strategy` and `parameters` where the search goes on by another one."""

    why: str
    strategy: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parallel:
    """Run searches side by side, each going on as soon as its own answers are in, and wait for all of them."""

    searches: Sequence[Search]


Op = Expand | Rollout | Score | Select | Revise | SetValue | Note | Parallel
Search = Generator[Op, list[Node], object]


def top(tree: TreeView, rivals: Sequence[Node], k: int) -> list[Node]:
    """The k rivals with the highest scores; earlier ones win ties, unscored ones come last."""

    def score_or_worst(node: Node) -> float:
        score = tree.score(node)
        return float("-inf") if score is None else score

    return sorted(rivals, key=score_or_worst, reverse=True)[:k]


def evaluate(tree: TreeView, lookahead: int = 0) -> Search:
    """Score every live step that has no score; with lookahead k, by the score at the end of k further greedy steps.

    Snell et al. 2024, section 5.2. The verifier's word on the step itself is recorded on the way (`reward`); what
    the search goes by is the rollout's end (`value`).
    """
    fresh = tree.unscored()
    if not fresh:
        return
    for k in range(1, lookahead + 1):
        tips = [(n, n.rollout_end()) for n in fresh if n.alive]
        yield Rollout([tip for n, tip in tips if tip.finish == "step" and tip.depth - n.depth < k])
    yield Score([n.rollout_end() for n in fresh])
    for node in fresh:
        tip = node.rollout_end()
        if tip is not node and tip.reward is not None:
            yield SetValue(node, tip.reward)
