"""What a search came to, as plain data: what the command line's --json prints and what a `Run` in Python gives."""

from __future__ import annotations

from typing import Any

from tts_viz.analysis.judge import Judge
from tts_viz.core.tree import Tree

VERDICT = {True: "right", False: "wrong", None: "not graded"}
"""What a solution's `correct` is called."""


def result(tree: Tree, judge: Judge) -> dict[str, Any]:
    """The result of a search. `nodes` counts every sampled step, of solutions and look-aheads; `seconds` are the
    models' own. `correct` is null where nothing was found or nothing is known to grade against."""
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
    """What the search has spent so far, by what it is counted in."""
    spent = tree.spent
    return {
        "generations": tree.generations,
        "policy_tokens": spent.generated,
        "prefill_tokens": spent.prefilled,
        "verifier_tokens": spent.verifier_tokens,
        "flops": spent.flops,
        "seconds": spent.seconds,
    }
