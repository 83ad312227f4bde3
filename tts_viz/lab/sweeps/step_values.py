"""Monte-Carlo values of steps: the policy continues from a step many times, and the share that ends right is its value.

Process reward models are trained on such values (Snell et al. 2024, appendix D) and evaluated against them.
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
class Continuation:
    """One continuation of a step, in progress."""

    node: NodeId
    problem: Problem
    request: SampleRequest
    steps: list[ContextStep] = field(default_factory=list)


async def values(
    policy: Policy, trees: Sequence[Tree], paths: Sequence[Sequence[Node]], each: int
) -> list[dict[NodeId, float]]:
    """For each tree, the value of every step of its `paths`: the share of `each` continuations that end right.

    The value of a solution's last step is its correctness. A continuation that does not finish counts as wrong.
    """
    found: list[dict[NodeId, float]] = [{} for _ in trees]
    running: list[tuple[int, Continuation]] = []
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
                running.append((i, Continuation(node.id, problem, request, list(steps))))
    while running:
        answers = await policy.sample([one.request for _, one in running])
        remaining: list[tuple[int, Continuation]] = []
        for (i, one), answer in zip(running, answers, strict=True):
            candidate = answer.candidate
            if candidate is None or candidate.finish == "length" or len(one.steps) >= trees[i].max_depth:
                continue
            one.steps.append(ContextStep(candidate.text, candidate.tokens))
            if candidate.finish == "eos":
                found[i][one.node] += _right(one.problem, one.steps) / each
            else:
                one.request = _next(one)
                remaining.append((i, one))
        running = remaining
    if isinstance(policy, Remembering):
        for i in range(len(trees)):
            policy.close(_search(i))
    return found


def _next(one: Continuation) -> SampleRequest:
    before = one.request
    seed = request_seed(before.seed, f"{len(one.steps)}")
    return SampleRequest(
        before.prompt, tuple(one.steps), before.temperature, seed, before.max_tokens,
        search=before.search, asked=before.asked,
    )  # fmt: skip


def _search(tree: int) -> str:
    """The name for an engine's cache of a tree's continuations."""
    return f"rollouts-{tree}"


def _right(problem: Problem, steps: Sequence[ContextStep]) -> bool:
    return bool(get_task(problem.task).grade(problem, [s.text for s in steps]))
