"""The view of a tree for a search that starts again at the root, beside whole solutions left there by another search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tts_viz.core.events import Decided, Settings, Started
from tts_viz.core.node import Node
from tts_viz.core.tree import Applied
from tts_viz.core.tree_view import TreeView


class FreshView:
    """Shows the underlying tree with three differences: the root is open until this search has sampled from it; earlier
    solutions are not among the finished ones; samples per depth are counted from the view's creation.

    Create it only when no step is open, so that every later open step belongs to this search or to a person.
    """

    def __init__(self, whole: TreeView) -> None:
        self._whole = whole
        self._born = whole.length
        self._before = Counter({d: whole.sampled(d) for d in range(1, whole.max_depth + 1)})

    @property
    def root(self) -> Node:
        return self._whole.root

    @property
    def started(self) -> Started | None:
        return self._whole.started

    @property
    def settings(self) -> Settings:
        return self._whole.settings

    @property
    def decisions(self) -> Sequence[Decided]:
        return self._whole.decisions

    @property
    def interventions(self) -> Sequence[Applied]:
        return self._whole.interventions

    @property
    def length(self) -> int:
        return self._whole.length

    @property
    def max_depth(self) -> int:
        return self._whole.max_depth

    @property
    def generations(self) -> int:
        return max(map(self.sampled, range(1, self.max_depth + 1)))

    def sampled(self, depth: int) -> int:
        return self._whole.sampled(depth) - self._before[depth]

    def is_open(self, node: Node) -> bool:
        if node is self.root:
            return self.sampled(1) == 0 and all(child.born < self._born for child in node.children)
        return self._whole.is_open(node)

    def frontier(self) -> list[Node]:
        others = [node for node in self._whole.frontier() if node is not self.root]
        return [self.root, *others] if self.is_open(self.root) else others

    def open_steps(self) -> list[Node]:
        return self._whole.open_steps()

    def unscored(self) -> list[Node]:
        return self._whole.unscored()

    def finished(self) -> list[Node]:
        return [node for node in self._whole.finished() if node.born >= self._born]

    def rewards(self, node: Node) -> list[float] | None:
        return self._whole.rewards(node)

    def score(self, node: Node, aggregation: str | None = None) -> float | None:
        return self._whole.score(node, aggregation)
