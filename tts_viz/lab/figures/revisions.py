"""Figure 3: sequential revisions against parallel samples, and the best ratio of the two by difficulty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tts_viz.core.aggregation import VOTES
from tts_viz.lab.figures.base import AGGREGATION, DIFFICULTY, FIGURES, TASK, VOTE, Drawn, Figure, Switch, budget_switch
from tts_viz.lab.figures.style import BINS as SHADES
from tts_viz.lab.figures.style import COLOURS, GREY, error_bars, laid_out, percent, runs_behind
from tts_viz.lab.metrics.arrays import SweepArrays
from tts_viz.lab.metrics.bootstrap import interval
from tts_viz.lab.metrics.compute_optimal import Option, known, revision_options
from tts_viz.lab.metrics.curves import Mask, Point, baseline, compared, point
from tts_viz.lab.metrics.difficulty import BINS, binned, difficulty
from tts_viz.lab.metrics.revisions import RevisionRates, by_attempt, revision_rates
from tts_viz.lab.metrics.revote import Revote

TITLE = "Sequential and parallel revisions"

LACKING = (
    "The sweep has no revisions of this task. Add an arm with the strategy parallel_revisions, or choose another task."
)


def draw(m: SweepArrays, given: Mapping[str, str]) -> Drawn:
    budget, choice = int(given["budget"]), Revote(given["aggregation"], given["vote"])
    figure = make_subplots(
        rows=2, cols=1, vertical_spacing=0.16, subplot_titles=("One chain", f"{budget} attempts, parted into chains")
    )
    long = max((k for k in compared(m) if k.chains), key=lambda k: k.length or 0, default=None)
    base = baseline(m)
    options = revision_options(m, budget, choice)
    chains = set(m.problem[m.rows(long.name)].tolist()) if long else set()
    among = m.of_task(given["task"]) & np.isin(np.arange(len(m.problems)), list(chains))
    if long is None or base is None or not among.any():
        return Drawn(_finished(figure), LACKING)
    lone = [(i + 1, values) for i, values in enumerate(by_attempt(m, long.name, among))]
    runs = np.unique(m.run[m.rows(long.name)][among[m.problem[m.rows(long.name)]]])
    figure.add_scatter(
        x=[i for i, _ in lone],
        y=[float(np.nanmean(v)) for _, v in lone],
        error_y=error_bars([float(np.nanmean(v)) for _, v in lone], [interval(v) for _, v in lone]),
        name="the latest attempt alone", customdata=[runs_behind(runs)] * len(lone),
        mode="lines+markers", line={"color": COLOURS[4]}, marker={"symbol": "diamond"},
        hovertemplate="attempt %{x}: %{y:.1%} right<extra></extra>", row=1, col=1,
    )  # fmt: skip
    lengths = [2**i for i in range((long.length or 1).bit_length())]
    in_chain = [p for n in lengths if (p := point(m, long.name, n, choice, among, length=n))]
    side = [p for n in lengths if (p := point(m, base.name, n, choice, among))]
    for name, points, colour, shape in (
        ("chosen from one chain", in_chain, COLOURS[1], "square"),
        ("chosen from independent samples", side, COLOURS[0], "circle"),
    ):
        figure.add_scatter(**_points(name, points, colour, shape), row=1, col=1)
    same = known(options, among)
    bins = binned(m, difficulty(m, given["difficulty"], choice.aggregation), same)
    for b in [None, *range(BINS)]:
        some = same if b is None else bins == b
        if some.any() and len(options) > 1:
            figure.add_scatter(**_ratio(b, options, some), row=2, col=1)
    figure = _finished(figure)
    return Drawn(figure, reading(in_chain, side, revision_rates(m, long.name, among), options, bins, same, budget))


def _points(name: str, points: Sequence[Point], colour: str, shape: str) -> dict:
    return go.Scatter(
        x=[p.budget for p in points], y=[p.accuracy for p in points],
        error_y=error_bars([p.accuracy for p in points], [p.interval for p in points]),
        name=name, mode="lines+markers", line={"color": colour}, marker={"symbol": shape, "size": 8},
        customdata=[runs_behind(p.runs) for p in points],
        hovertemplate="<b>%{fullData.name}</b><br>%{x} attempts: %{y:.1%} right<extra></extra>",
    ).to_plotly_json()  # fmt: skip


def _ratio(b: int | None, options: Sequence[Option], some: Mask) -> dict:
    values = [o.accuracy[some] for o in options]
    means = [float(v.mean()) for v in values]
    colour = GREY if b is None else SHADES[b]
    return go.Scatter(
        x=[int(o.name.split()[0]) for o in options], y=means,
        error_y=error_bars(means, [interval(v) for v in values]),
        name="all bins" if b is None else f"bin {b + 1}" + {0: ", easiest", 4: ", hardest"}.get(b, ""),
        mode="lines+markers", customdata=[runs_behind(o.runs) for o in options],
        line={"color": colour, "dash": "dash" if b is None else "solid"},
        hovertemplate="<b>%{fullData.name}</b><br>%{x} attempts a chain: %{y:.1%} right<extra></extra>",
    ).to_plotly_json()  # fmt: skip


def _finished(figure: go.Figure) -> go.Figure:
    laid_out(figure, TITLE, "", "answered right", height=860)
    figure.update_layout(legend={"y": -0.1})
    figure.update_yaxes(tickformat=".0%")
    powers = [2**i for i in range(8)]
    figure.update_xaxes(type="log", tickvals=powers, ticktext=[str(p) for p in powers])
    figure.update_xaxes(title="attempts, or samples", row=1, col=1)
    figure.update_xaxes(title="attempts a chain (1: all parallel)", row=2, col=1)
    return figure


def reading(
    chain: Sequence[Point], side: Sequence[Point], rates: RevisionRates, options: Sequence[Option], bins: np.ndarray, same: Mask,
    budget: int,
) -> str:  # fmt: skip
    """A full chain against as many samples, how often revising spoils a right attempt, and the best ratio by difficulty."""
    n = chain[-1].budget if chain else 0
    other = next((p for p in side if p.budget == n), None)
    lost = f"{percent(rates.lost)} of right attempts become wrong when they are revised (the paper: 38 %)"
    if other is None:
        first = f"{lost}."
    else:
        verb = "beats" if chain[-1].accuracy > other.accuracy else "does not beat"
        first = (
            f"One chain of {n} attempts ({percent(chain[-1].accuracy)} right) {verb} {n} independent samples "
            f"({percent(other.accuracy)}); {lost}, and {percent(rates.won)} of wrong ones right."
        )
    if len(options) < 2 or not (bins >= 0).any():
        return f"{first} The sweep cannot part {budget} attempts in more ways than one."

    def best(some: Mask) -> str:
        return max(options, key=lambda o: float(o.accuracy[some].mean())).name

    return (
        f"{first} Of the ways to part {budget} attempts, the best for the easiest bin is {best(bins == 0)}, for the "
        f"hardest {best(bins == BINS - 1)}, for all problems {best(same)}."
    )


FIGURES.add(
    "revisions",
    Figure(
        TITLE,
        "Is it better to revise one attempt or to start afresh?",
        draw,
        {
            "budget": budget_switch("16", "64", "32", "8", "4"),
            "difficulty": DIFFICULTY,
            "task": TASK,
            "vote": Switch(VOTE.label, VOTE.help, ("chains",), VOTES),
            "aggregation": AGGREGATION,
        },
    ),
)
