"""Figure 7: what the verifier's scores mean, and how well they find bad steps."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tts_viz.lab.figures.base import FIGURES, TASK, Drawn, Figure, Switch
from tts_viz.lab.figures.style import COLOURS, GREY, SHAPES, laid_out, percent, runs_behind
from tts_viz.lab.metrics.arrays import SweepArrays
from tts_viz.lab.metrics.calibration import GROUPS, TRUTHS, Calibration, Quality, groups, quality

TITLE = "The verifier"

METRICS = {
    "step AUROC": lambda q: q.auroc,
    "first-error F1": lambda q: q.first_error_f1,
    "ECE": lambda q: q.calibration.ece if q.calibration else np.nan,
    "Brier, noise taken off": lambda q: q.calibration.brier.corrected if q.calibration else np.nan,
    "outcome shift": lambda q: q.outcome_shift,
    "right answer, wrong process": lambda q: q.wrong_process,
}


def draw(m: SweepArrays, given: Mapping[str, str]) -> Drawn:
    among, truth = m.of_task(given["task"]), given["truth"]
    found = {name: make(truth) for name, make in groups(m, among, given["by"]).items()}
    figure = make_subplots(
        rows=2, cols=1, vertical_spacing=0.14, row_heights=[0.58, 0.42],
        subplot_titles=("Mean score against mean Monte-Carlo value", "Metrics"),
    )  # fmt: skip
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": GREY, "dash": "dot"},
        name="perfect",
        hoverinfo="skip",
        row=1,
        col=1,
    )
    for i, (name, q) in enumerate(found.items()):
        colour = COLOURS[i % len(COLOURS)]
        if q.calibration:
            figure.add_scatter(**_diagram(m, name, q.calibration, colour, i), row=1, col=1)
        known = [(metric, of(q)) for metric, of in METRICS.items() if not isnan(of(q))]
        figure.add_bar(
            x=[metric for metric, _ in known], y=[v for _, v in known], name=name, legendgroup=name,
            showlegend=not q.calibration, marker={"color": colour}, customdata=[runs_behind(q.runs)] * len(known),
            hovertemplate="<b>%{fullData.name}</b><br>%{x}: %{y:.3f}<extra></extra>", row=2, col=1,
        )  # fmt: skip
    laid_out(figure, TITLE, "", "", height=900, barmode="group")
    figure.update_layout(legend={"y": -0.08})
    figure.update_xaxes(title="mean score of the steps in a bin", range=[0, 1], row=1, col=1)
    figure.update_yaxes(title="share of continuations that end right", range=[0, 1], row=1, col=1)
    figure.update_yaxes(range=[0, 1], row=2, col=1)
    return Drawn(figure, reading(found, quality(m, among, truth), truth))


def _diagram(m: SweepArrays, name: str, c: Calibration, colour: str, i: int) -> dict:
    bins = c.bins
    return go.Scatter(
        x=[b.score for b in bins], y=[b.value for b in bins], name=name, legendgroup=name, mode="lines+markers",
        line={"color": colour},
        marker={"symbol": SHAPES[i % len(SHAPES)], "size": [5 + 15 * (b.n / c.steps) ** 0.5 for b in bins]},
        customdata=[runs_behind(m.run[c.rows[b.members]]) for b in bins],
        text=[f"{b.n} steps scored {b.low:.1f} to {b.high:.1f}" for b in bins],
        hovertemplate="<b>%{fullData.name}</b><br>%{text}<br>mean score %{x:.2f}, mean value %{y:.2f}<extra></extra>",
    ).to_plotly_json()  # fmt: skip


def reading(found: Mapping[str, Quality], whole: Quality, truth: str) -> str:
    if isnan(whole.auroc):
        return "The sweep has no steps of this task of which the truth is known, or they are all alike. Choose another task."
    weak = {name: q.auroc for name, q in found.items() if not isnan(q.auroc)}
    last = min(weak, key=lambda name: weak[name])
    first = f"A good step outscores a bad one in {percent(whole.auroc)} of pairs ({TRUTHS[truth]})"
    first += f", least at {last} ({percent(weak[last])})" if len(weak) > 1 else ""
    first += f"; the first-error F1 is {whole.first_error_f1:.2f}" if not isnan(whole.first_error_f1) else ""
    c = whole.calibration
    if c is None:
        return f"{first}. No arm has values of these steps, so whether scores are probabilities cannot be said."
    way = "over" if sum(b.n * (b.score - b.value) for b in c.bins) > 0 else "under"
    return (
        f"{first}. Scores are {c.ece:.2f} from the values that {c.steps} steps have, on average, mostly {way} them (Brier "
        f"{c.brier.corrected:.3f} without the rollouts' noise), and {percent(whole.outcome_shift)} of solutions have their "
        f"lowest score at the last step."
    )


FIGURES.add(
    "verifier",
    Figure(
        TITLE,
        "Can its scores be trusted, and where do they go wrong?",
        draw,
        {
            "by": Switch("Part by", "one curve for each of these", GROUPS),
            "task": TASK,
            "truth": Switch("Truth", "what a score is held against", tuple(TRUTHS)),
        },
    ),
)
