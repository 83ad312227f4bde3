"""A figure of the laboratory: how long solutions are."""

from collections.abc import Mapping

import plotly.graph_objects as go

from tts_viz.lab.figures.base import AGGREGATION, FIGURES, TASK, Drawn, Figure
from tts_viz.lab.metrics.arrays import SweepArrays


def draw(sweep: SweepArrays, given: Mapping[str, str]) -> Drawn:
    asked = sweep.of_task(given["task"])[sweep.problem]
    steps = sweep.whole("steps")[asked]
    return Drawn(go.Figure(go.Histogram(x=steps)), f"{len(steps)} solutions have {steps.sum()} steps.")


FIGURES.add(
    "lengths",
    Figure("Length", "How many steps has a solution?", draw, {"task": TASK, "aggregation": AGGREGATION}),
)
