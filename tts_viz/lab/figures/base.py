"""What a figure of the laboratory is: a name, switches, and a function from a sweep to a plot and what it says.

Knows nothing about single figures, nor about pages. A point of a plot carries, as its `customdata`, the numbers of some of
the runs behind it (`sweep.started` makes them again), so that a click can open one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_viz.lab.metrics.arrays import SweepArrays, sweep_arrays
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.tasks import TASKS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Plot

TASK: tuple[str, ...] = ("all", *TASKS)
"""The values of the switch "task"."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot, and two sentences that were computed from the same data."""

    figure: Plot
    reading: str


@dataclass(frozen=True, slots=True)
class Figure:
    """`choices`: the values of each switch, the default first. `question`: what the figure answers, for a title above it."""

    name: str
    title: str
    question: str
    make: Callable[[SweepArrays, Mapping[str, str]], Drawn]
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def draw(self, sweep: Sweep, **choices: str) -> Drawn:
        """Raises ValueError for a switch or a value that there is not; where data are lacking, the reading says so."""
        for name, value in choices.items():
            if value not in self.choices.get(name, ()):
                known = ", ".join(self.choices.get(name, ())) or f"none; the switches are {', '.join(self.choices)}"
                raise ValueError(f"{self.name}: {name}={value!r} is not one of {known}")
        return self.make(sweep_arrays(sweep), {name: values[0] for name, values in self.choices.items()} | choices)
