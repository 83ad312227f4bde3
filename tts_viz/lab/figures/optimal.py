"""Figure 4: compute-optimal search against best of N."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from tts_viz.lab.figures.base import AGGREGATION, AXIS, FIGURES, TASK, Drawn, Figure, Switch
from tts_viz.lab.figures.budget import line
from tts_viz.lab.figures.style import COLOURS, GREY, amount, cost_axis, error_bars, laid_out, percent, runs_behind
from tts_viz.lab.metrics.arrays import SweepArrays
from tts_viz.lab.metrics.compute_optimal import DIFFICULTIES, OPTIONS, ArmSetting, Optimal, Saved, known, optimal, saved
from tts_viz.lab.metrics.curves import Mask, baseline, curve
from tts_viz.lab.metrics.revote import Revote, budgets

TITLE = "Compute-optimal against best of N"

SHAPES = dict(zip(DIFFICULTIES, ("circle", "square", "diamond", "cross")))


def optima(m: SweepArrays, how: str, choice: Revote, among: Mask) -> dict[str, list[Optimal]]:
    """For each way of binning, one entry for every budget with something to choose."""
    base = baseline(m)
    sizes = budgets(m, base.name) if base else []
    found = {}
    for bins in DIFFICULTIES:
        points = [optimal(m, n, ArmSetting(how, bins, choice), among) for n in sizes]
        found[bins] = [p for p in points if p]
    return found


def draw(m: SweepArrays, given: Mapping[str, str]) -> Drawn:
    how, axis, among = given["for"], given["axis"], m.of_task(given["task"])
    choice = Revote(given["aggregation"], "weighted" if how == "search" else "chains")
    found = optima(m, how, choice, among)
    figure, base = go.Figure(), baseline(m)
    any_of = next((p for points in found.values() for p in points), None)
    if base and any_of:
        # Use the same problems for all lines.
        same = known(OPTIONS[how](m, any_of.budget, choice), among)
        style = {"line": {"color": GREY, "width": 2}, "marker": {"color": GREY, "symbol": "circle-open"}}
        figure.add_scatter(**line(base.name, curve(m, base.name, choice, same), axis, **style).to_plotly_json())
    for i, (bins, points) in enumerate(found.items()):
        if points:
            figure.add_scatter(**_line(bins, points, axis, COLOURS[i]))
    laid_out(figure, f"{TITLE}: {how}", axis, "problems answered right", height=540)
    figure.update_yaxes(tickformat=".0%")
    cost_axis(figure, axis)
    factors = {
        bins: {p.budget: saved(m, p, ArmSetting(how, bins, choice), among, axis) for p in points}
        for bins, points in found.items()
        if points
    }
    return Drawn(figure, reading(found, factors, axis))


def _line(bins: str, points: list[Optimal], axis: str, colour: str) -> dict:
    return go.Scatter(
        x=[p.costs[axis][0] for p in points],
        y=[p.accuracy[0] for p in points],
        error_y=error_bars([p.accuracy[0] for p in points], [p.interval for p in points]),
        name=bins,
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"color": colour, "symbol": SHAPES[bins], "size": 8},
        customdata=[runs_behind(p.runs) for p in points],
        text=[
            f"{percent(p.accuracy[0])} of {p.problems} problems, {amount(p.costs[axis][0], axis)} a problem<br>{_picks(p)}"
            for p in points
        ],
        hovertemplate="<b>compute-optimal, %{fullData.name}</b><br>%{text}<extra></extra>",
    ).to_plotly_json()


def _picks(p: Optimal) -> str:
    """The option chosen in most splits, for each bin."""
    most = [p.options[int(i)] for i in np.argmax(p.picked, axis=1)]
    return "<br>".join(f"bin {b + 1}: mostly {name}" for b, name in enumerate(most))


def reading(found: Mapping[str, list[Optimal]], factors: Mapping[str, Mapping[int, Saved]], axis: str) -> str:
    """The largest factor saved with oracle bins, and the factor at the same budget with the cost of prediction counted."""
    if not factors:
        return (
            "The sweep leaves nothing to choose: it needs best of N and another strategy at the same budget, and ten "
            "problems of this task. Add an arm, or choose another task."
        )
    first, last = next(iter(factors)), next(reversed(list(factors)))
    best = max(factors[first], key=lambda n: factors[first][n].factor)
    top = factors[first][best]
    verdict = "saves" if top.interval[0] > 1 else "does not clearly save"
    paid = factors[last].get(best)
    sentence = (
        f"With {first}, choosing the strategy by difficulty {verdict} {_of(axis)}: best of N needs {top} as much for the "
        f"same accuracy at {amount(best, 'generations')}, where that is most"
    )
    paid_for = f"With {last} it is {paid}. " if paid and last != first else ""
    goal = max((f.factor for by in factors.values() for f in by.values()), default=0.0)
    return f"{sentence}. {paid_for}The paper's factor is 4; the most here is {goal:.2g}."


def _of(axis: str) -> str:
    return {"flops": "FLOPs"}.get(axis, axis)


FIGURES.add(
    "optimal",
    Figure(
        TITLE,
        "How much computing is saved when each problem gets the strategy that suits its difficulty?",
        draw,
        {
            "for": Switch(
                "Choose among", "strategies of search, or ratios of sequential to parallel revisions", tuple(OPTIONS)
            ),
            "axis": AXIS,
            "task": TASK,
            "aggregation": AGGREGATION,
        },
    ),
)
