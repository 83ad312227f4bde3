"""Figure 1: accuracy against the cost of a search, for each strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from tts_viz.lab.figures.base import AGGREGATION, AXIS, FIGURES, TASK, VOTE, Drawn, Figure
from tts_viz.lab.figures.style import GREY, amount, cost_axis, error_bars, laid_out, look, percent, runs_behind
from tts_viz.lab.metrics.arrays import Floats, SweepArrays
from tts_viz.lab.metrics.curves import Mask, Point, baseline, ceiling, compared, curve, greedy, needed, point
from tts_viz.lab.metrics.revote import Revote

TITLE = "Accuracy against budget"


def line(name: str, points: Sequence[Point], axis: str, **style: object) -> go.Scatter:
    """A curve with its intervals."""
    return go.Scatter(
        x=[p.costs[axis] for p in points],
        y=[p.accuracy for p in points],
        error_y=error_bars([p.accuracy for p in points], [p.interval for p in points]),
        name=name,
        mode="lines+markers",
        customdata=[runs_behind(p.runs) for p in points],
        text=[
            f"{percent(p.accuracy)} of {p.problems} problems (95 %: {percent(p.interval[0])} to "
            f"{percent(p.interval[1])})<br>{amount(p.budget, 'generations')}, {amount(p.costs[axis], axis)} a problem"
            for p in points
        ],
        hovertemplate="<b>%{fullData.name}</b><br>%{text}<extra></extra>",
        **style,
    )


def level_line(m: SweepArrays, arm: str, among: Mask, axis: str, right: float) -> go.Scatter | None:
    """The accuracy of one model's greedy answer, as a horizontal line from its cost to `right`, for comparison."""
    p = point(m, arm, 1, Revote(), among)
    if p is None:
        return None
    x = [p.costs[axis], max(right, 2 * p.costs[axis])]
    return go.Scatter(
        x=x,
        y=[p.accuracy] * 2,
        name=arm,
        mode="lines",
        line={"color": GREY, "dash": "dot", "width": 2},
        customdata=[runs_behind(p.runs)] * 2,
        text=[f"{percent(p.accuracy)} of {p.problems} problems, {amount(p.costs[axis], axis)} a problem"] * 2,
        hovertemplate="<b>%{fullData.name}</b><br>%{text}<extra></extra>",
    )


def draw(m: SweepArrays, given: Mapping[str, str]) -> Drawn:
    axis, among = given["axis"], m.of_task(given["task"])
    choice = Revote(given["aggregation"], given["vote"])
    curves = {k.name: points for k in compared(m) if (points := curve(m, k.name, choice, among))}
    figure = go.Figure()
    for name, points in curves.items():
        figure.add_scatter(**line(name, points, axis, **look(m, name)).to_plotly_json())
    base = baseline(m)
    if base and base.name in curves:
        # Two lines that do not depend on the verifier: a vote without one, and the choice of an oracle.
        if given["vote"] != "majority":
            voted = curve(m, base.name, Revote(vote="majority"), among)
            dashed = {"line": {"color": GREY, "width": 1.5}, "marker": {"color": GREY, "symbol": "circle-open"}}
            figure.add_scatter(**line("majority vote, no verifier", voted, axis, **dashed).to_plotly_json())
        top = ceiling(m, base.name, among)
        figure.add_scatter(
            **line("pass@N (an oracle chooses)", top, axis, line={"color": GREY, "dash": "dash"}).to_plotly_json()
        )
    most = max((p.costs[axis] for points in curves.values() for p in points), default=1.0)
    for large in (True, False):
        if (kind := greedy(m, large)) and (level := level_line(m, kind.name, among, axis, most)):
            figure.add_scatter(**level.to_plotly_json())
    laid_out(figure, TITLE, axis, "problems answered right", height=560)
    figure.update_yaxes(tickformat=".0%")
    cost_axis(figure, axis)
    return Drawn(figure, reading(m, curves, choice, among, axis))


def reading(m: SweepArrays, curves: Mapping[str, Sequence[Point]], choice: Revote, among: Mask, axis: str) -> str:
    """The best arm at the largest budget that most arms share, and when the small policy matches the large one."""
    if not curves:
        return "The sweep has no searches of this task that could be compared. Choose another one."
    most = max(p.problems for points in curves.values() for p in points)
    # Only arms that ran on all problems can be ranked together.
    whole = {name: points for name, points in curves.items() if all(p.problems == most for p in points)} or curves
    shared = [{p.budget for p in points} for points in whole.values()]
    n = max(set.union(*shared), key=lambda b: (sum(b in s for s in shared), b))
    at = {name: p for name, points in whole.items() for p in points if p.budget == n}
    ranked = sorted(at, key=lambda name: -at[name].accuracy)
    best, others = ranked[0], ranked[1:]
    sentence = f"With {amount(n, 'generations')} a problem, {_with_interval(best, at[best])} does best"
    sentence += f" and {_with_interval(others[-1], at[others[-1]])} worst of {len(ranked)} strategies" if others else ""
    if len(whole) < len(curves):
        sentence += f" that were run on all {most} problems"
    return f"{sentence}. {_against_large(m, whole, among, axis)}"


def _with_interval(name: str, p: Point) -> str:
    return f"“{name}” ({percent(p.accuracy)} right; 95 %: {percent(p.interval[0])} to {percent(p.interval[1])})"


def _against_large(m: SweepArrays, curves: Mapping[str, Sequence[Point]], among: Mask, axis: str) -> str:
    large = greedy(m, large=True)
    goal = point(m, large.name, 1, Revote(), among) if large else None
    if goal is None or large is None:
        return "The sweep has no larger model to compare with."
    times = m.parameters(large.policy) / m.parameters(m.spec.policy)
    what = f"One greedy answer of {large.policy}, a model {times:.1f} times as large ({percent(goal.accuracy)} right)"
    costs = {
        name: float(needed([p.costs[axis] for p in points], _row(points), np.array([goal.accuracy]))[0])
        for name, points in curves.items()
    }
    first = min(costs, key=lambda name: costs[name])
    if np.isinf(costs[first]):
        return f"{what} is reached by none of them."
    compared_with = "" if axis == "generations" else f", which itself costs {amount(goal.costs[axis], axis)}"
    return f"{what} is first matched by “{first}”, at about {amount(costs[first], axis)}{compared_with}."


def _row(points: Sequence[Point]) -> Floats:
    return np.array([[p.accuracy for p in points]])


FIGURES.add(
    "budget",
    Figure(
        TITLE,
        "What does more computing at test time buy, and with which strategy?",
        draw,
        {"axis": AXIS, "task": TASK, "aggregation": AGGREGATION, "vote": VOTE},
    ),
)
