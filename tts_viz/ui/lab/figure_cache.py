"""The sweeps that the laboratory can show: the operator's, read on first use, and each visitor's own small sweep.

Each figure is drawn once for each setting of its switches. Knows nothing about components.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from tts_viz.lab.figures import FIGURES, Figure
from tts_viz.lab.sweeps.store import Sweep

Shown = tuple[str, str]
"""A figure's JSON and its reading (a sentence on what it shows)."""


@dataclass(slots=True)
class FigureCache:
    """Every method may be called from any thread; one figure is computed at a time, since each uses all cores."""

    path: Path | None = None
    _operators: Sweep | None = None
    _own: dict[str, Sweep] = field(default_factory=dict)
    _drawn: WeakKeyDictionary[Sweep, dict[object, Shown]] = field(default_factory=WeakKeyDictionary)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sweep(self, key: str, own: bool) -> Sweep | None:
        """The visitor's own sweep or the operator's; None if there is none. Raises OSError and ValueError for a bad file."""
        if own:
            return self._own.get(key)
        with self._lock:
            if self._operators is None and self.path:
                self._operators = Sweep(self.path)
            return self._operators

    def add(self, key: str, sweep: Sweep) -> None:
        self._own[key] = sweep

    def leave(self, key: str) -> None:
        self._own.pop(key, None)

    def drawn(self, sweep: Sweep, name: str, choices: Mapping[str, str]) -> Shown:
        """The figure, from the cache if possible. Raises ValueError for an unknown figure or switch."""
        with self._lock:
            known = self._drawn.setdefault(sweep, {})
            which = (name, *sorted(choices.items()))
            if which not in known:
                found = FIGURES.named(name).draw(sweep, **choices)
                known[which] = str(found.figure.to_json()), found.reading
            return known[which]


def switches(figure: Figure, sweep: Sweep | None) -> dict[str, tuple[str, ...]]:
    """A figure's switches with their values; a task switch offers only the sweep's tasks."""
    tasks = ("all", *(sweep.spec.tasks if sweep else ()))
    return {
        name: tuple(v for v in switch.values if v in tasks) if name == "task" else switch.values
        for name, switch in figure.switches.items()
    }
