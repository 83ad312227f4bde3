"""Figure 6: the verifier's score of the chosen solution, and its accuracy, as the budget grows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from plotly.subplots import make_subplots

from tts_viz.core.aggregation import STEP_AGGREGATIONS
from tts_viz.lab.figures.base import AGGREGATION, FIGURES, TASK, VOTE, Drawn, Figure, Switch
from tts_viz.lab.figures.style import COLOURS, SHAPES, amount, error_bars, laid_out, percent, runs_behind
from tts_viz.lab.metrics.arrays import SweepArrays
from tts_viz.lab.metrics.bootstrap import interval
from tts_viz.lab.metrics.curves import Mask, baseline
from tts_viz.lab.metrics.overoptimisation import NOISE, Selected, divergence, fall, selected
from tts_viz.lab.metrics.revote import Revote

TITLE = "Over-optimisation"

ROWS = {"right": 1, "score": 2, "steps": 3, "repeats": 4}


def lines_of(m: SweepArrays, given: Mapping[str, str], among: Mask) -> dict[str, list[Selected]]:
    base, choice = baseline(m), Revote(given["aggregation"], given["vote"])
    if given["lines"] == "strategy":
        # Arms with a noisy verifier beside those with the good one.
        arms = [k for k in m.kinds.values() if not k.rollouts and not k.greedy and not k.chains]
        found = {k.name: selected(m, k.name, choice, among) for k in arms if k.policy == m.spec.policy}
    elif base is None:
        found = {}
    elif given["lines"] == "noise":
        found = {f"noise {p:g}": selected(m, base.name, choice, among, p) for p in NOISE}
    else:
        found = {name: selected(m, base.name, Revote(name, given["vote"]), among) for name in STEP_AGGREGATIONS}
    return {name: points for name, points in found.items() if points}


def draw(m: SweepArrays, given: Mapping[str, str]) -> Drawn:
    lines = lines_of(m, given, m.of_task(given["task"]))
    figure = make_subplots(
        rows=4, cols=1, shared_xaxes=True, vertical_spacing=0.05,
        subplot_titles=("Right", "Verifier's score of what it chose", "Steps of it", "Steps of it that repeat an earlier one"),
    )  # fmt: skip
    by_n = given["x"] == "generations"
    for i, (name, points) in enumerate(lines.items()):
        x = [p.budget if by_n else divergence(p.budget) for p in points]
        for column, row in ROWS.items():
            values = [getattr(p, column) for p in points]
            means = [float(np.nanmean(v)) if not np.isnan(v).all() else None for v in values]
            figure.add_scatter(
                x=x, y=means, name=name, legendgroup=name, showlegend=row == 1, mode="lines+markers",
                error_y=error_bars([v or 0.0 for v in means], [interval(v) for v in values]) if row == 1 else None,
                line={"color": COLOURS[i % len(COLOURS)]}, marker={"symbol": SHAPES[i % len(SHAPES)], "size": 7},
                customdata=[runs_behind(p.runs) for p in points],
                text=[amount(p.budget, "generations") for p in points],
                hovertemplate="<b>%{fullData.name}</b><br>%{text}: %{y:.3f}<extra></extra>", row=row, col=1,
            )  # fmt: skip
    laid_out(figure, TITLE, "", "", height=1000)
    figure.update_layout(legend={"y": -0.07})
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    if by_n:
        figure.update_xaxes(type="log", tickvals=[2**i for i in range(9)], ticktext=[str(2**i) for i in range(9)])
    last = "generations" if by_n else "KL from the policy, at most: ln N − (N − 1)/N"
    figure.update_xaxes(title=last, row=4, col=1)
    return Drawn(figure, reading(lines))


def reading(lines: Mapping[str, list[Selected]]) -> str:
    """The line that falls most from its peak, and the one whose score most exceeds its accuracy."""
    known = {name: points for name, points in lines.items() if len(points) > 1}
    if not known:
        return "The sweep has no searches of this task at two budgets. Choose another one."
    falls = {name: fall(points) for name, points in known.items()}
    worst = max(falls, key=lambda name: falls[name].top - falls[name].end)
    f, points = falls[worst], known[worst]
    end = points[-1].budget
    if f.top == f.end:
        first = f"Nowhere does more searching lower the accuracy: all {len(known)} lines are highest at their largest budget"
    else:
        sure = "" if f.interval[0] > 0 else ", which may be chance"
        first = (
            f"“{worst}” falls most: from {percent(f.top)} right at {f.peak} generations to {percent(f.end)} at {end} "
            f"(a loss of {100 * (f.top - f.end):.1f} points; 95 %: {100 * f.interval[0]:.1f} to "
            f"{100 * f.interval[1]:.1f}{sure})"
        )
    gaps = {name: float(np.nanmean(p[-1].score) - np.nanmean(p[-1].right)) for name, p in known.items()}
    fooled = max(gaps, key=lambda name: gaps[name])
    p, q = known[fooled][0], known[fooled][-1]
    return (
        f"{first}. The verifier is furthest over the truth with “{fooled}”: from {p.budget} to {q.budget} generations its "
        f"score of what it chose goes from {np.nanmean(p.score):.2f} to {np.nanmean(q.score):.2f}, and the share that is "
        f"right from {np.nanmean(p.right):.2f} to {np.nanmean(q.right):.2f}."
    )


FIGURES.add(
    "overoptimisation",
    Figure(
        TITLE,
        "When does more searching only find what fools the verifier?",
        draw,
        {
            "lines": Switch("Compare", "one line for each of these", ("noise", "aggregation", "strategy")),
            "vote": Switch("Vote", VOTE.help, ("best", "weighted")),
            "aggregation": AGGREGATION,
            "task": TASK,
            "x": Switch(
                "Search effort",
                "generations, or how far choosing the best moves the policy (KL, in nats)",
                ("generations", "KL"),
            ),
        },
    ),
)
