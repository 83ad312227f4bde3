"""Requests that wait for an answer, and which of them the budget covers, kept up to date as answers and requests come.

The rule (see `core.budget`): of the children wanted at one depth, the oldest are covered, as many as the cap on
generations leaves; none where another cap is spent. Scores are always covered. Each depth has an account, so that an
answer costs the same however many requests wait. Knows nothing about strategies: a request belongs to some process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Generic, Literal, TypeVar

from tts_viz.core.events import NodeId
from tts_viz.core.tree import Tree
from tts_viz.search.request import Request

P = TypeVar("P")

Key = tuple[Literal["child", "score"], NodeId]


@dataclass(slots=True)
class Account:
    """The requests for children at one depth, oldest first: those that may be sent, and those that are held back."""

    covered: dict[Key, int] = field(default_factory=dict)
    held: dict[Key, int] = field(default_factory=dict)
    """By key, the number that each has in the order of asking."""


class Pending(Generic[P]):
    """The requests of a session. `settle` must be called when the budget has become another one."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._entries: dict[Key, tuple[int, Request, P]] = {}
        self._numbers = count()
        self._accounts: dict[int, Account] = {}
        self._depths: dict[Key, int] = {}
        """Of the requests for children; a depth is found once, since for a rollout it means a walk."""
        self._wanted: dict[Key, tuple[int, Request]] = {}
        self._in_order = True
        self._open = True
        """Is no cap spent that holds back every child, whatever its depth?"""

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Key) -> bool:
        return key in self._entries

    def __getitem__(self, key: Key) -> tuple[Request, P]:
        _, request, process = self._entries[key]
        return request, process

    def processes(self) -> Iterator[P]:
        return (process for _, _, process in self._entries.values())

    # --- what the budget covers ------------------------------------------------------------------------------------

    @property
    def any_wanted(self) -> bool:
        return bool(self._wanted)

    def wanted(self, most: int | None = None) -> list[Request]:
        """The covered requests, oldest first."""
        if not self._in_order:
            self._wanted = dict(sorted(self._wanted.items(), key=lambda item: item[1][0]))
            self._in_order = True
        return [request for _, request in islice(self._wanted.values(), most)]

    # --- what comes and goes ---------------------------------------------------------------------------------------

    def add(self, request: Request, process: P) -> None:
        key: Key = (request.want, request.node)
        number = next(self._numbers)
        self._entries[key] = (number, request, process)
        if request.want == "score":
            self._wanted[key] = (number, request)
            return
        depth = self._tree.charged_depth(self._tree.nodes[request.parent], request.kind)
        self._depths[key] = depth
        self._accounts.setdefault(depth, Account()).held[key] = number
        self._settle_depth(depth)

    def answered(self, key: Key) -> None:
        """Its answer is in the tree. KeyError if it was not asked for."""
        depth = self._depths.get(key)
        self._remove(key)
        was_open, self._open = self._open, self._is_open()
        if self._open != was_open:
            self.settle()
        elif depth is not None:
            self._settle_depth(depth)

    def keep(self, wanted: Callable[[P], bool]) -> None:
        """Take back the requests of all other processes."""
        for key in [key for key, (_, _, process) in self._entries.items() if not wanted(process)]:
            self._remove(key)
        self.settle()

    def settle(self) -> None:
        """Look at all requests anew: the budget is another one."""
        self._open = self._is_open()
        for depth in self._accounts:
            self._settle_depth(depth)

    # --- keeping the accounts --------------------------------------------------------------------------------------

    def _remove(self, key: Key) -> None:
        del self._entries[key]
        self._wanted.pop(key, None)
        if (depth := self._depths.pop(key, None)) is not None:
            account = self._accounts[depth]
            account.covered.pop(key, None)
            account.held.pop(key, None)

    def _is_open(self) -> bool:
        return self._tree.settings.budget.covers(self._tree.generations, self._tree.spent)

    def _settle_depth(self, depth: int) -> None:
        account, cap = self._accounts[depth], self._tree.settings.budget.generations
        allowed = len(account.covered) + len(account.held)
        if cap is not None:
            allowed = min(allowed, max(0, cap - self._tree.sampled(depth)))
        if not self._open:
            allowed = 0
        back: list[tuple[Key, int]] = []
        while len(account.covered) > allowed:
            back.append(account.covered.popitem())
            del self._wanted[back[-1][0]]
        if back:
            account.held = {**dict(reversed(back)), **account.held}
        while len(account.covered) < allowed:
            key = next(iter(account.held))
            number = account.covered[key] = account.held.pop(key)
            if self._wanted and number < next(reversed(self._wanted.values()))[0]:
                self._in_order = False
            self._wanted[key] = (number, self._entries[key][1])
