"""Visits and values of a Monte Carlo tree search, kept up to date as the tree grows. Knows nothing about where to go next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp
from statistics import fmean

from tts_viz.core.node import Node, in_order
from tts_viz.core.tree_view import TreeView


def told(node: Node) -> float | None:
    """What was said of a step that has not been grown: a person's word, its rollout's end, or the verifier's own score."""
    return node.effective_reward if node.override is not None else node.rollout_end().effective_reward


UNIT = 2**1074
"""Rewards are summed as whole numbers of its inverse, of which every float is a multiple: so no sum is ever rounded."""


def exact(reward: float) -> int:
    numerator, denominator = reward.as_integer_ratio()
    return numerator * (UNIT // denominator)


@dataclass(slots=True)
class Branch:
    """Sums over a node and all steps below it. `visits`: how often the search came through, each time growing one step in
    it. `heard`: over the steps grown, the sum of the best reward among what grew from each, `of` how many have one.
    `growable`: the open steps that are affordable."""

    visits: int = 0
    heard: int = 0
    of: int = 0
    growable: int = 0

    def add(self, part: Branch) -> None:
        self.visits += part.visits
        self.heard += part.heard
        self.of += part.of
        self.growable += part.growable

    def less(self, part: Branch) -> Branch:
        return Branch(
            self.visits - part.visits, self.heard - part.heard, self.of - part.of, self.growable - part.growable
        )


@dataclass(slots=True)
class Known:
    """A node's own part in the sums, the sums, the policy's odds for it, and its children with the sum of theirs."""

    prior: float
    own: Branch = field(default_factory=Branch)
    branch: Branch = field(default_factory=Branch)
    children: list[Node] = field(default_factory=list)
    priors: float = 0.0


class Statistics:
    """What a tree search counts at every node, kept up to date from each leaf up to the root, as values are backed up.

    Sums are exact (the mean of a branch is the same in whatever order it grew). Where a person changed the tree meanwhile,
    all of it is counted anew.
    """

    def __init__(self, tree: TreeView, affordable: Callable[[TreeView, Node], bool]) -> None:
        self._tree, self._affordable = tree, affordable
        self._count_all()

    def visits(self, node: Node) -> int:
        return self._known[node].branch.visits

    def value(self, node: Node) -> float | None:
        """The mean, over all steps grown in its branch, of the best reward among what grew from each."""
        branch = self._known[node].branch
        return branch.heard / UNIT / branch.of if branch.of else None

    def growable(self, node: Node) -> bool:
        return self._known[node].branch.growable > 0

    def prior(self, node: Node) -> float:
        """How likely the policy thinks the step, per token, so that long steps are not punished for their length."""
        return self._known[node].prior

    def priors(self, node: Node) -> float:
        """The sum over its children."""
        return self._known[node].priors

    def children(self, node: Node) -> list[Node]:
        """In order, so that of equals the first one is taken, whichever answer came first."""
        return self._known[node].children

    def backup(self, leaf: Node) -> None:
        """The leaf was grown: count it and its children, up to the root; or everything, if anything was done by hand since."""
        if self._hands != self._done_by_hand():
            self._count_all()
            return
        change = Branch()
        for child in leaf.children:
            grown = self._renew(child)
            if child.kind == "step":
                change.add(grown)
        self._known[leaf].branch.add(change)
        change.add(self._renew(leaf))
        self._spread(leaf, change)
        if not self._affordable(self._tree, leaf):
            for node in self._open.pop(leaf.depth, ()):
                self._spread(node, self._renew(node))

    def _done_by_hand(self) -> tuple[int, int]:
        """What was done, and how much of it is undone: no two moments between which something was done by hand agree."""
        done = self._tree.interventions
        return len(done), sum(one.undone for one in done)

    def _count_all(self) -> None:
        self._hands = self._done_by_hand()
        self._known: dict[Node, Known] = {}
        self._open: dict[int, set[Node]] = defaultdict(set)
        """Those counted as growable, by depth."""
        waiting = [self._tree.root]
        while waiting:
            node = waiting.pop()
            self._spread(node, self._renew(node))
            waiting += node.children

    def _meet(self, node: Node) -> None:
        if node not in self._known:
            self._known[node] = Known(exp(fmean(node.logprobs)) if node.logprobs else 1.0)

    def _renew(self, node: Node) -> Branch:
        """Let a node's own part be what it is now, and say by how much that changed."""
        for one in (node, *node.children):
            self._meet(one)
        known, own = self._known[node], self._own(node)
        change = own.less(known.own)
        known.own = own
        known.branch.add(change)
        known.children = in_order(node.children)
        known.priors = sum(map(self.prior, known.children))
        return change

    def _spread(self, node: Node, change: Branch) -> None:
        """The change to all branches above that the node is in: a look ahead and another attempt are in none."""
        while node.kind == "step" and node.parent is not None:
            node = node.parent
            self._known[node].branch.add(change)

    def _own(self, node: Node) -> Branch:
        grown = [word for c in node.children if c.kind == "step" and (word := told(c)) is not None]
        best = max(grown) if node.expanded and grown else None
        growable = self._tree.is_open(node) and self._affordable(self._tree, node)
        if growable:
            self._open[node.depth].add(node)
        return Branch(int(node.expanded), exact(best or 0.0), int(best is not None), int(growable))
