"""The operations that a strategy can yield, as values, and small helpers that strategies are built from.

A strategy is a generator of ops. After each `yield` it must read the answers from the tree: a local variable kept from
before would miss what a person changed meanwhile. (`yield Expand` and `yield Revise` also return the new nodes, for parallel
searches that start from one node and must tell apart their children.)
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tts_viz.core.node import Node
from tts_viz.core.tree_view import TreeView


@dataclass(frozen=True, slots=True)
class Expand:
    """Ask the policy for `n` children of each node, at the current temperature or greedily."""

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
    """Keep `best` and prune the other rivals; the decision records all their scores. `places`: how many were kept for
    their rank, if the decision goes by rank."""

    best: Sequence[Node]
    rivals: Sequence[Node]
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Revise:
    """Begin a new attempt after each of these nodes: the end of a solution, which the attempt revises with all earlier
    attempts as context, or the root, for a first attempt. Makes no request to a model."""

    ends: Sequence[Node]


@dataclass(frozen=True, slots=True)
class SetValue:
    """Set the search's own estimate of a node, where it differs from the verifier's score."""

    node: Node
    value: float


@dataclass(frozen=True, slots=True)
class Note:
    """State in a sentence what comes next and why; `strategy` and `parameters` if the search continues as another one."""

    why: str
    strategy: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parallel:
    """Run searches in parallel, each continuing as soon as its own answers are in, and wait for all of them."""

    searches: Sequence[Search]


Op = Expand | Rollout | Score | Select | Revise | SetValue | Note | Parallel
Search = Generator[Op, list[Node], object]


def top(tree: TreeView, rivals: Sequence[Node], k: int) -> list[Node]:
    """The k rivals with the highest scores; ties go to the earlier one, and unscored rivals come last."""

    def score_or_worst(node: Node) -> float:
        score = tree.score(node)
        return float("-inf") if score is None else score

    return sorted(rivals, key=score_or_worst, reverse=True)[:k]


def evaluate(tree: TreeView, lookahead: int = 0) -> Search:
    """Score every live step that has no score; with lookahead k, by the score after k further greedy steps.

    Snell et al. 2024, section 5.2. The verifier's score of the step itself is recorded too (`reward`), but the search
    uses the score at the end of the rollout (`value`).
    """
    fresh = tree.unscored()
    if not fresh:
        return
    for k in range(1, lookahead + 1):
        ends = [(n, n.rollout_end()) for n in fresh if n.alive]
        yield Rollout([end for n, end in ends if end.finish == "step" and end.depth - n.depth < k])
    yield Score([n.rollout_end() for n in fresh])
    for node in fresh:
        end = node.rollout_end()
        if end is not node and end.reward is not None:
            yield SetValue(node, end.reward)
