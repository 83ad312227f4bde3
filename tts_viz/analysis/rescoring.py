"""Alternative scores for a recorded search: its own, the exact truth, its own with a share flipped, another verifier's.

Each is a mapping from node to score, for `what_if`. Knows nothing about pages or how a verifier runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tts_viz.analysis.judge import Judge, promising
from tts_viz.core.budget import Cost
from tts_viz.core.events import NodeId
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.engines.base import ScoreRequest, Verifier
from tts_viz.tasks.base import problem_of

Scores = Mapping[NodeId, float]

BATCH = 64
"""Paths per call of a verifier."""


def recorded(tree: Tree) -> dict[NodeId, float]:
    """The verifier's scores, or a person's where they overrode one."""
    return {
        n.id: n.effective_reward for n in tree.nodes.values() if n.effective_reward is not None and not _overridden(n)
    }


def _overridden(node: Node) -> bool:
    """Whether a person scored the step this rollout starts from; their score replaces the rollout's too."""
    return node.kind == "rollout" and next(n for n in node.lineage() if n.kind != "rollout").override is not None


def oracle(tree: Tree, judge: Judge) -> dict[NodeId, float]:
    """1 if a step is true and the goal still reachable, else 0. Raises ValueError for a task without a checker."""
    if not judge.checks:
        raise ValueError("only a task with an exact checker knows which steps are true; choose other scores")
    truths = judge.truths(tree)
    return {id: float(promising(node, truths)) for id, node in tree.nodes.items() if id in truths}


def flipped(scores: Scores, share: float, seed: int = 0) -> dict[NodeId, float]:
    """A verifier that is wrong more often: about this share of the scores, at random, become 1 - score.

    Deterministic; the steps flipped at one share are also flipped at any larger share. Raises ValueError for a share
    outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share {share} must be from 0 to 1; try 0.2")
    return {id: 1 - score if _chance(seed, id) < share else score for id, score in scores.items()}


def _chance(seed: int, id: NodeId) -> float:
    """A pseudo-random number in [0, 1) that depends only on its arguments."""
    digest = hashlib.blake2b(f"{seed} {id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53


@dataclass(frozen=True, slots=True)
class Rescored:
    """Another verifier's score of every step, and the cost of getting them."""

    scores: Scores
    cost: Cost


async def rescored(tree: Tree, verifier: Verifier, search: str = "", known: Scores | None = None) -> Rescored:
    """Have another verifier score every step and rollout, live or not: one request for each path to a leaf.

    `known`: its earlier scores of this search; these are not requested again and not in the cost. Raises EngineError, and
    ValueError if the numbers of rewards and steps differ.
    """
    scores, cost = dict(known or {}), Cost()
    requests = _requests(tree, scores, search)
    for i in range(0, len(requests), BATCH):
        batch = requests[i : i + BATCH]
        answers = await verifier.score([request for _, request in batch])
        for (steps, _), answer in zip(batch, answers, strict=True):
            scores.update(zip(steps, answer.rewards, strict=True))
            cost += answer.cost
    return Rescored(scores, cost)


def _requests(tree: Tree, known: Scores, search: str) -> list[tuple[list[NodeId], ScoreRequest]]:
    """The fewest requests that cover all steps not in `known`, each with the steps to be scored."""
    assert tree.started is not None
    problem = problem_of(tree.started)
    covered, requests = set(known), []
    # Sorted by place, neighbours share most of their path, so a verifier with a cache reads it once.
    for leaf in sorted(tree.nodes.values(), key=lambda n: n.place):
        path = leaf.path()
        first = next((i for i, n in enumerate(path) if n.id not in covered), None)
        if first is None or any(child.kind != "attempt" for child in leaf.children):
            continue
        wanted = [n.id for n in path[first:]]
        covered.update(wanted)
        texts = tuple(n.text for n in path)
        requests.append((wanted, ScoreRequest(tree.started.prompt, texts, len(wanted), problem, search)))
    return requests
