"""The type of the laboratory's figures: a title, switches, and a function from a sweep to a plot and sentences on it.

Knows nothing about single figures or pages. Each point of a plot has the numbers of some of its runs as `customdata`, so
that a click can open one (`sweeps.run.first_event` reproduces it).

To add one: `FIGURES.add(name, Figure(…))` in a file beside this one that `__init__` imports, or an entry point of the group
`tts_viz.figures` in another package. The page's list and the command line read what is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tts_viz.core.aggregation import STEP_AGGREGATIONS, VOTES
from tts_viz.core.registry import Registry
from tts_viz.errors import InputError
from tts_viz.lab.metrics.arrays import AXES, SweepArrays, sweep_arrays
from tts_viz.lab.metrics.difficulty import DIFFICULTIES
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.tasks import TASKS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Plot


@dataclass(frozen=True, slots=True)
class Switch:
    """One option of a figure; `label` and `help` are shown to people.

    Its values are the `fixed` ones, then all names in the `registry`. The first is the default.
    """

    label: str
    help: str
    fixed: tuple[str, ...] = ()
    registry: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.fixed, *self.registry)))


AXIS = Switch("Cost", "what the horizontal axis counts", tuple(AXES))
TASK = Switch("Puzzle", "which problems count", ("all",), TASKS)
AGGREGATION = Switch("Step aggregation", "how a solution's step scores become one score", registry=STEP_AGGREGATIONS)
VOTE = Switch("Vote", "how solutions settle on one answer", registry=VOTES)
DIFFICULTY = Switch(
    "Difficulty",
    "oracle: by the share of right samples; predicted: by the verifier's mean score",
    tuple(DIFFICULTIES),
)


def budget_switch(*values: str) -> Switch:
    return Switch("Budget", "in generations, full answers' worth of sampling", values)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot, and two sentences computed from the same data."""

    figure: Plot
    reading: str


@dataclass(frozen=True, slots=True)
class Figure:
    """`question`: the question the figure answers, shown above it. `make` takes the value of each of its `switches`."""

    title: str
    question: str
    make: Callable[[SweepArrays, Mapping[str, str]], Drawn]
    switches: Mapping[str, Switch] = field(default_factory=dict)

    def draw(self, sweep: Sweep, **choices: str) -> Drawn:
        """Draw the figure. Raises ValueError for an unknown switch or value; if data are missing, the reading says so."""
        values = {name: switch.values for name, switch in self.switches.items()}
        for name, value in choices.items():
            if value not in values.get(name, ()):
                known = ", ".join(values.get(name, ())) or f"none; the switches are {', '.join(values)}"
                raise InputError(f"{self.title}: {name}={value!r} is not one of {known}")
        return self.make(sweep_arrays(sweep), {name: those[0] for name, those in values.items()} | choices)


FIGURES: Registry[Figure] = Registry("figure", "tts_viz.figures")
"""All figures, in the order of their numbers."""
