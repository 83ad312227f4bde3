"""The result of a search as plain data: printed by the command line's --json and returned by a `Run` in Python."""

from __future__ import annotations

from typing import Any

from tts_viz.analysis.judge import Judge
from tts_viz.core.tree import Tree

VERDICT = {True: "right", False: "wrong", None: "not graded"}
"""The words for a solution's `correct`."""


def result(tree: Tree, judge: Judge) -> dict[str, Any]:
    """The result of a search. `nodes` counts every sampled step, rollouts included; `seconds` is the models' time.
    `correct` is None if nothing was found or there is no reference to grade against."""
    solutions = judge.solutions(tree)
    return {
        "answer": solutions[0].answer if solutions else None,
        "correct": solutions[0].correct if solutions else None,
        "strategy": tree.settings.strategy,
        "notes": [{"why": n.why, "strategy": n.strategy, "parameters": n.parameters} for n in tree.notes],
        "nodes": len(tree.nodes) - 1,
        "cost": cost(tree),
        "solutions": [
            {"node": s.node, "text": s.text, "answer": s.answer, "score": s.score, "correct": s.correct}
            for s in solutions
        ],
    }


def cost(tree: Tree) -> dict[str, Any]:
    """The cost of the search so far, in every unit."""
    spent = tree.spent
    return {
        "generations": tree.generations,
        "policy_tokens": spent.generated,
        "prefill_tokens": spent.prefilled,
        "verifier_tokens": spent.verifier_tokens,
        "flops": spent.flops,
        "seconds": spent.seconds,
    }
