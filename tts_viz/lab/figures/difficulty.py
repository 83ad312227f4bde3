"""Figure 2: accuracy by difficulty, for each strategy at one budget."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from tts_viz.lab.figures.base import AGGREGATION, DIFFICULTY, FIGURES, TASK, Drawn, Figure, budget_switch
from tts_viz.lab.figures.style import GREY, amount, bin_axis, error_bars, laid_out, look, percent, runs_behind
from tts_viz.lab.metrics import difficulty as difficulties
from tts_viz.lab.metrics.arrays import SweepArrays
from tts_viz.lab.metrics.curves import Point, baseline, compared, point
from tts_viz.lab.metrics.difficulty import BINS, binned, difficulty, halves
from tts_viz.lab.metrics.revote import ALL, Revote, budgets

TITLE = "Accuracy by difficulty"


def draw(m: SweepArrays, given: Mapping[str, str]) -> Drawn:
    choice, budget = Revote(given["aggregation"]), int(given["budget"])
    among = m.of_task(given["task"])
    bins = binned(m, difficulty(m, given["difficulty"], choice.aggregation), among)
    base, (scored, _) = baseline(m), halves(m)
    lines: dict[str, list[Point | None]] = {}
    for kind in compared(m):
        part = scored if kind == base else ALL
        lines[kind.name] = [point(m, kind.name, budget, choice, bins == b, part) for b in range(BINS)]
    lines = {name: points for name, points in lines.items() if any(points)}
    figure = go.Figure()
    if base and (bins >= 0).any():
        one = [point(m, base.name, 1, choice, bins == b, scored) for b in range(BINS)]
        grey = {"line": {"color": GREY, "dash": "dot"}, "marker": {"color": GREY, "symbol": "line-ew-open"}}
        figure.add_scatter(**_line("one sample", one, grey))
    for name, points in lines.items():
        figure.add_scatter(**_line(name, points, look(m, name)))
    laid_out(figure, f"{TITLE}, at {amount(budget, 'generations')}", "", "problems answered right", height=520)
    figure.update_yaxes(tickformat=".0%")
    bin_axis(figure)
    return Drawn(figure, reading(m, lines, budget, given["difficulty"]))


def _line(name: str, points: list[Point | None], style: dict) -> dict:
    known = [(b, p) for b, p in enumerate(points) if p]
    return go.Scatter(
        x=[b + 1 for b, _ in known],
        y=[p.accuracy for _, p in known],
        error_y=error_bars([p.accuracy for _, p in known], [p.interval for _, p in known]),
        name=name,
        mode="lines+markers",
        customdata=[runs_behind(p.runs) for _, p in known],
        text=[f"bin {b + 1}: {percent(p.accuracy)} of {p.problems} problems" for b, p in known],
        hovertemplate="<b>%{fullData.name}</b><br>%{text}<extra></extra>",
        **style,
    ).to_plotly_json()


def reading(m: SweepArrays, lines: Mapping[str, list[Point | None]], budget: int, kind: str) -> str:
    """Where another strategy gains most over best of N, and where one loses most."""
    base = baseline(m)
    others = [name for name in lines if not base or name != base.name]
    if not base or base.name not in lines or not others:
        tried = sorted({b for k in compared(m) if k != base for b in budgets(m, k.name)})
        return (
            f"The sweep has nothing to compare with best of N at {amount(budget, 'generations')}. "
            f"Other strategies were run at {', '.join(map(str, tried)) or 'no budget at all'}."
        )
    gains = {
        (name, b): p.accuracy - q.accuracy
        for name in others
        for b in range(BINS)
        if (p := lines[name][b]) and (q := lines[base.name][b])
    }
    if not gains:
        return "There are too few problems of this task for five bins. Choose another one."
    (up, up_bin), (down, down_bin) = max(gains, key=lambda k: gains[k]), min(gains, key=lambda k: gains[k])
    ahead = "gains most on" if gains[up, up_bin] > 0 else "comes nearest to"
    first = (
        f"With {amount(budget, 'generations')} a problem, “{up}” {ahead} “{base.name}” in bin {up_bin + 1} of 5 "
        f"({100 * gains[up, up_bin]:+.1f} points), and “{down}” falls behind most in bin {down_bin + 1} "
        f"({100 * gains[down, down_bin]:+.1f})."
    )
    hard, easy = lines[base.name][-1], lines[base.name][0]
    assert hard and easy
    mean = np.mean([p.accuracy for p in lines[base.name] if p])
    return (
        f"{first} From the easiest bin to the hardest, {difficulties.DIFFICULTIES[kind]}, “{base.name}” goes from "
        f"{percent(easy.accuracy)} to {percent(hard.accuracy)} right (mean {percent(float(mean))})."
    )


FIGURES.add(
    "difficulty",
    Figure(
        TITLE,
        "On which problems does searching help?",
        draw,
        {
            "difficulty": DIFFICULTY,
            "budget": budget_switch("16", "4", "64", "8"),
            "task": TASK,
            "aggregation": AGGREGATION,
        },
    ),
)
