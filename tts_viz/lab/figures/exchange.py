"""Figure 5: a small model with search against a large one with greedy decoding, at equal FLOPs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from tts_viz.lab.figures.base import AGGREGATION, DIFFICULTY, FIGURES, TASK, Drawn, Figure, Switch
from tts_viz.lab.figures.style import COLOURS, GREY, bin_axis, error_bars, laid_out, percent, runs_behind
from tts_viz.lab.metrics.arrays import Floats, Ints, SweepArrays
from tts_viz.lab.metrics.bootstrap import between, interval
from tts_viz.lab.metrics.compute_optimal import SPLITS, cross_validated, samples
from tts_viz.lab.metrics.curves import greedy
from tts_viz.lab.metrics.difficulty import BINS, binned, difficulty, folds
from tts_viz.lab.metrics.flops_exchange import RATIOS, Exchange, covering, exchanges, within
from tts_viz.lab.metrics.revote import Revote, accuracy

TITLE = "Small model and search, or a larger model?"


@dataclass(frozen=True, slots=True)
class Bar:
    """The small model at one exchange: its accuracy by bin (the first entry is the estimate, the others bootstrap samples)."""

    exchange: Exchange
    accuracy: list[Floats]
    overall: Floats
    runs: Ints

    @property
    def name(self) -> str:
        of = "its own R" if self.exchange.real else "R"
        short = f", {self.exchange.budget} measured" if self.exchange.budget < int(self.exchange.generations) else ""
        return f"{of} = {self.exchange.ratio:.2g}: {self.exchange.generations:,.0f} generations{short}"


def draw(m: SweepArrays, given: Mapping[str, str]) -> Drawn:
    choice, large = Revote(given["aggregation"]), greedy(m, large=True)
    among, offers = m.of_task(given["task"]), exchanges(m, given["paper"])
    figure = go.Figure()
    if large is None or not offers:
        return Drawn(_finished(figure), "The sweep has no larger model to compare with. Add a greedy arm of one.")
    goal = accuracy(m, large.name, 1)
    bins = binned(m, difficulty(m, given["difficulty"], choice.aggregation), among & ~np.isnan(goal))
    if len(np.unique(bins[bins >= 0])) < BINS:
        return Drawn(_finished(figure), "The larger model answered too few problems of this task. Choose another one.")
    bars = [_bar(m, offer, choice, bins) for offer in sorted(offers, key=lambda o: o.generations)]
    by_bin = [goal[bins == b] for b in range(BINS)]
    runs = m.run[m.rows(large.name)][np.isin(m.problem[m.rows(large.name)], np.flatnonzero(bins >= 0))]
    figure.add_bar(
        **_style(
            f"{large.policy}, greedy", [float(g.mean()) for g in by_bin], [interval(g) for g in by_bin], GREY, runs
        )
    )
    for i, bar in enumerate(bars):
        means = [float(a[0]) for a in bar.accuracy]
        figure.add_bar(**_style(bar.name, means, [between(a[1:]) for a in bar.accuracy], COLOURS[i], bar.runs))
    figure = _finished(figure)
    return Drawn(figure, reading(m, large.policy, bars, goal, bins))


def _bar(m: SweepArrays, offer: Exchange, choice: Revote, bins: Ints) -> Bar:
    options = covering(within(m, offer.budget, choice), bins >= 0)
    right = np.nan_to_num(np.stack([o.accuracy for o in options], axis=1))
    drawn = samples(m, bins >= 0)

    def over(some: Ints) -> Floats:
        return cross_validated(right, {}, some, folds(some, SPLITS), drawn).accuracy

    runs = np.concatenate([o.runs for o in options])
    return Bar(offer, [over(np.where(bins == b, b, -1)) for b in range(BINS)], over(bins), runs)


def _style(name: str, means: list[float], intervals: list[tuple[float, float]], colour: str, runs: Ints) -> dict:
    return go.Bar(
        x=list(range(1, BINS + 1)), y=means, error_y=error_bars(means, intervals), name=name, marker={"color": colour},
        customdata=[runs_behind(runs)] * BINS,
        hovertemplate="<b>%{fullData.name}</b><br>bin %{x}: %{y:.1%} right<extra></extra>",
    ).to_plotly_json()  # fmt: skip


def _finished(figure: go.Figure) -> go.Figure:
    laid_out(figure, TITLE, "", "problems answered right", height=540, barmode="group")
    figure.update_yaxes(tickformat=".0%")
    bin_axis(figure)
    return figure


def reading(m: SweepArrays, large: str, bars: list[Bar], goal: Floats, bins: Ints) -> str:
    """The bins in which the small model is ahead, at the smallest and the largest budget, and its overall accuracy."""
    goals = [float(goal[bins == b].mean()) for b in range(BINS)]
    times = m.parameters(large) / m.parameters(m.spec.policy)

    def ahead(bar: Bar) -> str:
        won = [str(b + 1) for b in range(BINS) if bar.accuracy[b][0] > goals[b]]
        where = "in all bins" if len(won) == BINS else f"in bin {' and '.join(won)}" if won else "in no bin"
        whose = "their own R, " if bar.exchange.real else "R = "
        return f"{where} with {bar.exchange.budget} generations ({whose}{bar.exchange.ratio:.2g})"

    first, last = bars[0], bars[-1]
    mean = float(goal[bins >= 0].mean())
    capped = [b for b in bars if b.exchange.budget < int(b.exchange.generations)]
    sentence = (
        f"At equal FLOPs, {m.spec.policy} with search is ahead of {large} ({times:.1f} times its parameters, greedy) "
        f"{ahead(first)}, and {ahead(last)}. Over all problems it answers {percent(first.overall[0])} to "
        f"{percent(last.overall[0])} right, the larger model {percent(mean)}"
    )
    return sentence + (f"; at {len(capped)} ratios it could pay for more than was measured." if capped else ".")


FIGURES.add(
    "exchange",
    Figure(
        TITLE,
        "For the same FLOPs, is it better to have a larger model, or to let a small one search?",
        draw,
        {
            "paper": Switch(
                "Ratio R of", "tokens at inference to tokens of pretraining, as in the paper's versions", tuple(RATIOS)
            ),
            "difficulty": DIFFICULTY,
            "task": TASK,
            "aggregation": AGGREGATION,
        },
    ),
)
