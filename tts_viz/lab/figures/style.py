"""The style of the laboratory's figures: an arm has the same colour and shape everywhere. Knows no data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from tts_viz.lab.metrics.arrays import AXES, Ints, SweepArrays

COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#6B8E23", "#A0522D", "#20808D",
)  # fmt: skip
"""Okabe and Ito's colours and more; together with the shapes, colour-blind people can distinguish them."""

SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star", "hexagon", "pentagon")

GREY = "#808890"
"""For reference lines: readable on white and on black."""

BINS = ("#440154", "#3B528B", "#21918C", "#5DC863", "#D4B400")
"""Five shades, the easiest bin first."""

RUNS = 12
"""The most runs listed for a point."""


def look(m: SweepArrays, arm: str) -> dict[str, Any]:
    """The line and markers of an arm."""
    i = list(m.kinds).index(arm)
    colour = COLOURS[i % len(COLOURS)]
    return {
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "symbol": SHAPES[i % len(SHAPES)], "size": 8},
    }


def error_bars(values: Sequence[float], intervals: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Thin error bars for 95 % confidence intervals, in the colour of the line."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - v for v, (_, high) in zip(values, intervals)],
        "arrayminus": [v - low for v, (low, _) in zip(values, intervals)],
        "thickness": 1,
        "width": 3,
    }


def runs_behind(runs: Ints) -> list[int]:
    """Some of these runs, evenly spread, to include easy and hard problems."""
    some = np.unique(runs)
    return [int(r) for r in some[np.linspace(0, len(some) - 1, min(RUNS, len(some))).astype(int)]]


def laid_out(figure: go.Figure, title: str, x: str, y: str, **more: Any) -> go.Figure:
    """Set the title, axis titles and size; transparent, so that the page's background shows."""
    figure.update_layout(
        title={"text": title, "x": 0, "xref": "paper", "font": {"size": 15}},
        font={"size": 13, "color": GREY},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        hovermode="closest",
        **more,
    )
    figure.update_xaxes(title=x, gridcolor="rgba(128,128,128,0.25)", zeroline=False)
    figure.update_yaxes(title=y, gridcolor="rgba(128,128,128,0.25)", zeroline=False)
    return figure


def cost_axis(figure: go.Figure, axis: str) -> None:
    """A logarithmic cost axis, with ticks at powers of two for generations."""
    figure.update_xaxes(title=AXES[axis], type="log")
    if axis == "generations":
        figure.update_xaxes(tickvals=[2**i for i in range(11)], ticktext=[str(2**i) for i in range(11)])
    else:
        figure.update_xaxes(exponentformat="SI", dtick=1)


def percent(share: float) -> str:
    """ "61.4 %" """
    return f"{100 * share:.1f} %"


def amount(cost: float, axis: str) -> str:
    """ "16 generations", "1.4 GFLOPs", "0.28 seconds" """
    if axis == "generations":
        return f"{cost:.3g} generation" + ("" if round(cost, 2) == 1 else "s")
    if axis == "tokens":
        return f"{cost:,.0f} tokens"
    if axis == "seconds":
        return f"{cost:.2g} seconds"
    for size, prefix in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")):
        if cost >= size:
            return f"{cost / size:.3g} {prefix}FLOPs"
    return f"{cost:.3g} FLOPs"


def bin_axis(figure: go.Figure, **where: Any) -> None:
    """A horizontal axis with five bins of difficulty."""
    names = ["1<br>easiest", "2", "3", "4", "5<br>hardest"]
    figure.update_xaxes(title="bin of difficulty", tickvals=[1, 2, 3, 4, 5], ticktext=names, range=[0.6, 5.4], **where)
