"""The search tree as a strategy may see it: what it can read, and nothing that changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tts_viz.core.events import Decided, Settings, Started
from tts_viz.core.node import Node
from tts_viz.core.tree import Applied


class TreeView(Protocol):
    """`Tree` is one, and says what each of these is; so is whatever shows a strategy only a part of a tree."""

    @property
    def root(self) -> Node: ...

    @property
    def started(self) -> Started | None: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def decisions(self) -> Sequence[Decided]: ...

    @property
    def interventions(self) -> Sequence[Applied]: ...

    @property
    def length(self) -> int: ...

    @property
    def max_depth(self) -> int: ...

    @property
    def generations(self) -> int: ...

    def sampled(self, depth: int) -> int: ...

    def is_open(self, node: Node) -> bool: ...

    def frontier(self) -> list[Node]: ...

    def open_steps(self) -> list[Node]: ...

    def unscored(self) -> list[Node]: ...

    def finished(self) -> list[Node]: ...

    def rewards(self, node: Node) -> list[float] | None: ...

    def score(self, node: Node, aggregation: str | None = None) -> float | None: ...
