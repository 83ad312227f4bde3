"""What a step is worth, by sampling: the policy goes on from it many times, and the share that ends right is its value.

Monte-Carlo values are what process reward models are trained on (Snell et al. 2024, appendix D) and measured against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tts_viz.core.events import NodeId
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.engines.base import ContextStep, Policy, Remembering, SampleRequest
from tts_viz.search.request import request_seed
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem, problem_of


@dataclass(slots=True)
class Going:
    """One continuation of a step that is being written."""

    node: NodeId
    problem: Problem
    request: SampleRequest
    steps: list[ContextStep] = field(default_factory=list)


async def values(
    policy: Policy, trees: Sequence[Tree], paths: Sequence[Sequence[Node]], each: int
) -> list[dict[NodeId, float]]:
    """For each tree, the value of every step of its `paths`: the share of `each` continuations that end right.

    The value of a solution's last step is its truth. One that comes to no end counts as wrong.
    """
    found: list[dict[NodeId, float]] = [{} for _ in trees]
    going: list[tuple[int, Going]] = []
    for i, (tree, nodes) in enumerate(zip(trees, paths, strict=True)):
        assert tree.started is not None
        problem = problem_of(tree.started)
        assert problem
        for node in {n.id: n for n in nodes}.values():
            found[i][node.id] = 0.0
            steps = [ContextStep(n.text, n.tokens) for n in node.path()]
            if node.finish != "step":
                found[i][node.id] = float(_right(problem, steps) and node.finished)
                continue
            for k in range(each):
                seed = request_seed(tree.settings.seed, f"{node.id}/rollout/{k}")
                request = SampleRequest(
                    problem.prompt, tuple(steps), tree.settings.temperature, seed, tree.started.max_tokens,
                    search=_search(i), asked=problem.asked,
                )  # fmt: skip
                going.append((i, Going(node.id, problem, request, list(steps))))
    while going:
        answers = await policy.sample([one.request for _, one in going])
        still: list[tuple[int, Going]] = []
        for (i, one), answer in zip(going, answers, strict=True):
            candidate = answer.candidate
            if candidate is None or candidate.finish == "length" or len(one.steps) >= trees[i].max_depth:
                continue
            one.steps.append(ContextStep(candidate.text, candidate.tokens))
            if candidate.finish == "eos":
                found[i][one.node] += _right(one.problem, one.steps) / each
            else:
                one.request = _next(one)
                still.append((i, one))
        going = still
    if isinstance(policy, Remembering):
        for i in range(len(trees)):
            policy.close(_search(i))
    return found


def _next(one: Going) -> SampleRequest:
    before = one.request
    seed = request_seed(before.seed, f"{len(one.steps)}")
    return SampleRequest(
        before.prompt, tuple(one.steps), before.temperature, seed, before.max_tokens,
        search=before.search, asked=before.asked,
    )  # fmt: skip


def _search(tree: int) -> str:
    """The name under which an engine keeps what it read of a tree's continuations."""
    return f"rollouts-{tree}"


def _right(problem: Problem, steps: Sequence[ContextStep]) -> bool:
    return bool(get_task(problem.task).grade(problem, [s.text for s in steps]))
