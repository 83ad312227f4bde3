"""The results of a search, graded by its task: ranked solutions, and the truth of every step.

Knows nothing about models or pages. A page calls it at every update, so a `Judge` caches: each step is checked once and
each solution graded once. Only votes and scores, which can change later, are recomputed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from tts_viz.core import aggregation as aggregate
from tts_viz.core.events import Finish, NodeId
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.tasks import get_task
from tts_viz.tasks.base import CheckedTask, Problem, StepTruth, problem_of


@dataclass(frozen=True, slots=True)
class Solution:
    """A finished solution. `score`: None if the verifier did not read it; `weight`: the weight of its answer in the vote;
    `correct`: None if there is no reference to grade against."""

    node: NodeId
    text: str
    answer: str | None
    score: float | None
    weight: float
    correct: bool | None


class Judge:
    """Grades one search as it grows. Accepts the tree at any moment of that search, earlier ones too."""

    def __init__(self, problem: Problem | None) -> None:
        """`problem` is None if the problem is unknown: then no step has a truth and no solution an answer.

        Raises ValueError for a task that does not exist.
        """
        self.problem = problem
        self._task = get_task(problem.task) if problem else None
        self._truths: dict[NodeId, StepTruth] = {}
        self._verdicts: dict[NodeId, tuple[str | None, bool | None]] = {}
        self._seen = 0

    @classmethod
    def of(cls, tree: Tree) -> Judge:
        """The judge for a tree, from the problem in its Started event."""
        return cls(problem_of(tree.started))

    @property
    def checks(self) -> bool:
        """Whether the task has an exact checker for every step."""
        return isinstance(self._task, CheckedTask)

    @property
    def impossible(self) -> str | None:
        """Why no answer can be right; None if one can, or if the task does not know."""
        if self.problem and isinstance(self._task, CheckedTask):
            return self._task.impossible(self.problem)
        return None

    def truths(self, tree: Tree) -> Mapping[NodeId, StepTruth]:
        """The exact checker's result for every step and rollout step; empty for a task without a checker."""
        if self.problem and isinstance(self._task, CheckedTask):
            # Newest first, so that one check of a leaf's path covers all new steps on it.
            for node in reversed(list(islice(tree.nodes.values(), self._seen, None))):
                if node.kind != "root" and node.id not in self._truths:
                    path = node.path()
                    checked = self._task.check(self.problem, [n.text for n in path])
                    self._truths.update(zip((n.id for n in path), checked, strict=True))
            self._seen = max(self._seen, len(tree.nodes))
        return self._truths

    def written(self, before: Node, text: str) -> tuple[str, Finish]:
        """A step that a person typed after `before`, in the task's own form, and how it finishes ("eos": the solution ends).

        Raises ValueError, worded for that person, if the text is not a step.
        """
        if not (self.problem and self._task):
            return text, "step"
        steps = [n.text for n in before.path()]
        if isinstance(self._task, CheckedTask):
            text = self._task.complete(self.problem, steps, text)
        return text, "step" if self._task.extract(self.problem, [*steps, text]) is None else "eos"

    def solutions(self, tree: Tree, aggregation: str | None = None, vote: str | None = None) -> list[Solution]:
        """The finished live solutions, the chosen one first. Uses the current aggregation and vote unless others are given."""
        return self.ranked(tree.finished(), lambda n: tree.score(n, aggregation), vote or tree.settings.vote)

    def ranked(self, ends: Iterable[Node], score: Callable[[Node], float | None], vote: str) -> list[Solution]:
        """The solutions that end at these nodes (live or not), ranked by the given scores, the chosen one first.

        Raises ValueError for an unknown vote.
        """
        nodes = {n.id: n for n in ends}
        ballots = [aggregate.Ballot(n.id, self.verdict(n)[0], score(n), chain_id(n)) for n in nodes.values()]
        return [
            Solution(b.node, _text(nodes[b.node]), b.answer, b.score, ranked.weight, self.verdict(nodes[b.node])[1])
            for ranked in aggregate.rank(ballots, vote)
            for b in (ranked.ballot,)
        ]

    def verdict(self, node: Node) -> tuple[str | None, bool | None]:
        """Answer and grade of the solution that ends at `node`; None for what is unknown."""
        if not (self.problem and self._task):
            return None, None
        if node.id not in self._verdicts:
            steps = [n.text for n in node.path()]
            answer = self._task.extract(self.problem, steps)
            self._verdicts[node.id] = answer, self._task.grade(self.problem, steps)
        return self._verdicts[node.id]


def promising(node: Node, truths: Mapping[NodeId, StepTruth]) -> bool:
    """Whether every step up to the node is true and the goal still reachable. True for the root."""
    truth = truths.get(node.id)
    return truth is None or (truth.valid and truth.reachable)


def chain_id(node: Node) -> NodeId | None:
    """The chain of revisions a solution belongs to, identified by the end of its first attempt; None if it is in no chain."""
    earlier = node.earlier()
    revised = any(child.kind == "attempt" for child in node.children)
    return earlier[0].id if earlier else node.id if revised else None


def _text(node: Node) -> str:
    return "\n".join(n.text for n in node.path())
