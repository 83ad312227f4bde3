"""Named things of one kind that anyone may add to: strategies, tasks, PRM formats, figures, … Knows none of them.

Ours are added when their module is imported. Another package adds its own by an entry point of the registry's group,

    [project.entry-points."tts_viz.strategies"]
    mine = "my_package.my_strategy"

which is loaded when the registry is first read. Loading it may register it (a module that uses our decorator); an entry
that has not registered itself is added under the entry point's name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from types import ModuleType
from typing import Generic, TypeVar

from tts_viz.errors import InputError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Name → thing, in the order in which they were added; those of other packages come last.

    `kind` is the singular word for messages ("strategy"), `group` the entry-point group ("tts_viz.strategies").
    """

    def __init__(self, kind: str, group: str) -> None:
        self.kind, self.group = kind, group
        self.broken: dict[str, str] = {}
        """Entry points that could not be loaded: name, and why. They are logged once and cost nothing but themselves."""
        self._entries: dict[str, T] = {}
        self._discovered = False

    def add(self, name: str, entry: T) -> T:
        """Returns the entry. Raises ValueError for a name that is taken."""
        if name in self._entries:
            raise InputError(f"there is a {self.kind} {name!r} already; give yours another name")
        self._entries[name] = entry
        return entry

    def replace(self, name: str, entry: T) -> T:
        """Another thing in place of the one of this name, from now on. Returns it. Raises ValueError where there is none."""
        self.named(name)
        self._entries[name] = entry
        return entry

    def named(self, name: str) -> T:
        """Raises ValueError, naming those there are, for a name that is not among them."""
        self._discover()
        if name not in self._entries:
            raise InputError(f"there is no {self.kind} {name!r}; choose one of {', '.join(self._entries)}")
        return self._entries[name]

    def __getitem__(self, name: str) -> T:
        self._discover()
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        """Of anything: what is no text, or cannot be hashed, is no name."""
        self._discover()
        return isinstance(name, str) and name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(self._entries)

    def __len__(self) -> int:
        self._discover()
        return len(self._entries)

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True  # before loading: what is loaded may read the registry
        for point in entry_points(group=self.group):
            before = len(self._entries)
            try:
                loaded = point.load()
                if len(self._entries) == before and not isinstance(loaded, ModuleType):
                    self.add(point.name, loaded)
            except Exception as error:  # whatever another package raises must not take this one down
                self.broken[point.name] = f"{type(error).__name__}: {error}"
                log.warning("the %s %r of another package cannot be loaded: %s", self.kind, point.name, error)
