"""Visits and values of a Monte Carlo tree search, updated as the tree grows. Knows nothing about how nodes are selected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp
from statistics import fmean

from tts_viz.core.node import Node, in_order
from tts_viz.core.tree_view import TreeView


def leaf_value(node: Node) -> float | None:
    """The value of a step that has not been expanded: a person's override, its rollout's value, or the verifier's score."""
    return node.effective_reward if node.override is not None else node.rollout_end().effective_reward


UNIT = 2**1074
"""Rewards are summed as integer multiples of 1/UNIT. Every float is such a multiple, so sums are never rounded."""


def exact(reward: float) -> int:
    numerator, denominator = reward.as_integer_ratio()
    return numerator * (UNIT // denominator)


@dataclass(slots=True)
class Branch:
    """Sums over a node and all steps below it. `visits`: the number of expanded steps. `total`: the sum, over the expanded
    steps, of the best reward among each one's children, in units of 1/UNIT; `of`: how many have such a reward. `growable`:
    the number of open steps that are affordable."""

    visits: int = 0
    total: int = 0
    of: int = 0
    growable: int = 0

    def add(self, part: Branch) -> None:
        self.visits += part.visits
        self.total += part.total
        self.of += part.of
        self.growable += part.growable

    def less(self, part: Branch) -> Branch:
        return Branch(
            self.visits - part.visits, self.total - part.total, self.of - part.of, self.growable - part.growable
        )


@dataclass(slots=True)
class Known:
    """A node's own contribution to the sums, its branch's sums, its prior, its children, and the sum of their priors."""

    prior: float
    own: Branch = field(default_factory=Branch)
    branch: Branch = field(default_factory=Branch)
    children: list[Node] = field(default_factory=list)
    priors: float = 0.0


class Statistics:
    """The counts of a tree search at every node, updated from the expanded leaf up to the root.

    Sums are exact, so the mean of a branch does not depend on the order in which it grew. After a person changed the tree,
    everything is counted again.
    """

    def __init__(self, tree: TreeView, affordable: Callable[[TreeView, Node], bool]) -> None:
        self._tree, self._affordable = tree, affordable
        self._count_all()

    def visits(self, node: Node) -> int:
        return self._known[node].branch.visits

    def value(self, node: Node) -> float | None:
        """The mean, over all expanded steps of its branch, of the best reward among each one's children."""
        branch = self._known[node].branch
        return branch.total / UNIT / branch.of if branch.of else None

    def growable(self, node: Node) -> bool:
        return self._known[node].branch.growable > 0

    def prior(self, node: Node) -> float:
        """The policy's probability of the step per token (geometric mean), so that long steps are not penalized."""
        return self._known[node].prior

    def priors(self, node: Node) -> float:
        """The sum of its children's priors."""
        return self._known[node].priors

    def children(self, node: Node) -> list[Node]:
        """Its children in tree order, so that ties do not depend on the order in which answers arrived."""
        return self._known[node].children

    def backup(self, leaf: Node) -> None:
        """Count an expanded leaf and its children, up to the root; or everything, if a person intervened since."""
        if self._counted != self._fingerprint():
            self._count_all()
            return
        change = Branch()
        for child in leaf.children:
            grown = self._recount(child)
            if child.kind == "step":
                change.add(grown)
        self._known[leaf].branch.add(change)
        change.add(self._recount(leaf))
        self._spread(leaf, change)
        if not self._affordable(self._tree, leaf):
            for node in self._open.pop(leaf.depth, ()):
                self._spread(node, self._recount(node))

    def _fingerprint(self) -> tuple[int, int]:
        """The numbers of interventions and of undone ones: a fingerprint that every intervention, undo or redo changes."""
        applied = self._tree.interventions
        return len(applied), sum(one.undone for one in applied)

    def _count_all(self) -> None:
        self._counted = self._fingerprint()
        self._known: dict[Node, Known] = {}
        self._open: dict[int, set[Node]] = defaultdict(set)
        """The nodes counted as growable, by depth."""
        waiting = [self._tree.root]
        while waiting:
            node = waiting.pop()
            self._spread(node, self._recount(node))
            waiting += node.children

    def _ensure_known(self, node: Node) -> None:
        if node not in self._known:
            self._known[node] = Known(exp(fmean(node.logprobs)) if node.logprobs else 1.0)

    def _recount(self, node: Node) -> Branch:
        """Recompute a node's own contribution and return the change."""
        for one in (node, *node.children):
            self._ensure_known(one)
        known, own = self._known[node], self._own(node)
        change = own.less(known.own)
        known.own = own
        known.branch.add(change)
        known.children = in_order(node.children)
        known.priors = sum(map(self.prior, known.children))
        return change

    def _spread(self, node: Node, change: Branch) -> None:
        """Add the change to all branches above that contain the node; rollouts and other attempts are in none."""
        while node.kind == "step" and node.parent is not None:
            node = node.parent
            self._known[node].branch.add(change)

    def _own(self, node: Node) -> Branch:
        values = [value for c in node.children if c.kind == "step" and (value := leaf_value(c)) is not None]
        best = max(values) if node.expanded and values else None
        growable = self._tree.is_open(node) and self._affordable(self._tree, node)
        if growable:
            self._open[node.depth].add(node)
        return Branch(int(node.expanded), exact(best or 0.0), int(best is not None), int(growable))
