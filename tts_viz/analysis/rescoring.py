"""Other scores for a recorded search: its own, the exact truth, a share of them wrong, or another verifier's.

Each is a mapping from node to score, for `whatif`. Knows nothing about pages or about how a verifier runs.
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
"""Paths that a verifier is given at a time."""


def recorded(tree: Tree) -> dict[NodeId, float]:
    """The verifier's own scores, with a person's in their place where they gave one."""
    return {
        n.id: n.effective_reward for n in tree.nodes.values() if n.effective_reward is not None and not _overruled(n)
    }


def _overruled(node: Node) -> bool:
    """A person's word on a step also stands in place of what looking ahead from it found."""
    return node.kind == "rollout" and next(n for n in node.lineage() if n.kind != "rollout").override is not None


def oracle(tree: Tree, judge: Judge) -> dict[NodeId, float]:
    """1 where a step is true and the goal still in reach, else 0. Raises ValueError for a task without a checker."""
    if not judge.checks:
        raise ValueError("only a task with an exact checker knows which steps are true; choose other scores")
    truths = judge.truths(tree)
    return {id: float(promising(node, truths)) for id, node in tree.nodes.items() if id in truths}


def flipped(scores: Scores, share: float, seed: int = 0) -> dict[NodeId, float]:
    """A verifier that is wrong more often: about this share of the scores, by chance, become 1 - score.

    The same steps every time; those flipped at a share are also flipped at any larger one. Raises ValueError for a share
    that is not from 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share {share} must be from 0 to 1; try 0.2")
    return {id: 1 - score if _chance(seed, id) < share else score for id, score in scores.items()}


def _chance(seed: int, id: NodeId) -> float:
    """From 0 to less than 1, as if at random, and always the same."""
    digest = hashlib.blake2b(f"{seed} {id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53


@dataclass(frozen=True, slots=True)
class Rescored:
    """What another verifier said of every step, and what asking it cost."""

    scores: Scores
    cost: Cost


async def rescored(tree: Tree, verifier: Verifier, search: str = "", known: Scores | None = None) -> Rescored:
    """Have another verifier read every step and look ahead, live or not: one request for each path to a leaf.

    `known`: what it said of this search before; that is not asked again, and not in the cost. Raises EngineError, and
    ValueError where there are not as many rewards as steps.
    """
    scores, cost = dict(known or {}), Cost()
    questions = _questions(tree, scores, search)
    for i in range(0, len(questions), BATCH):
        batch = questions[i : i + BATCH]
        answers = await verifier.score([request for _, request in batch])
        for (steps, _), answer in zip(batch, answers, strict=True):
            scores.update(zip(steps, answer.rewards, strict=True))
            cost += answer.cost
    return Rescored(scores, cost)


def _questions(tree: Tree, known: Scores, search: str) -> list[tuple[list[NodeId], ScoreRequest]]:
    """The fewest requests that cover all steps that are not known, each with the steps that it asks for."""
    assert tree.started is not None
    problem = problem_of(tree.started)
    covered, questions = set(known), []
    # By place, neighbours share most of their path, and a verifier that remembers reads it once.
    for leaf in sorted(tree.nodes.values(), key=lambda n: n.place):
        path = leaf.path()
        first = next((i for i, n in enumerate(path) if n.id not in covered), None)
        if first is None or any(child.kind != "attempt" for child in leaf.children):
            continue
        wanted = [n.id for n in path[first:]]
        covered.update(wanted)
        texts = tuple(n.text for n in path)
        questions.append((wanted, ScoreRequest(tree.started.prompt, texts, len(wanted), problem, search)))
    return questions
