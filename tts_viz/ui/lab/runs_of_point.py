"""The runs behind a point of a figure: their list as HTML, and repeating one as a search on the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz.core import aggregation
from tts_viz.lab.sweeps import store
from tts_viz.lab.sweeps.spec import PlannedRun
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.render.javascript import component
from tts_viz.strategies import STRATEGIES
from tts_viz.tasks.base import Problem
from tts_viz.ui.components.events import Payload
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html, join
from tts_viz.ui.runs.start import begin_with
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors

MOST = 12
"""Most runs listed."""

CLICK = Markup('<p class="note">Click a point of the figure to see runs behind it.</p>')


class SweepRun(Payload):
    """The number of a run of the sweep."""

    run: int


class PointRuns(gr.HTML):
    """`open` carries the `SweepRun` to search again, `problem` the `SweepRun` whose problem to show."""

    EVENTS = ["open", "problem"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            CLICK, js_on_load=component(Path(__file__).with_name("runs_of_point.js")), apply_default_css=False, **kwargs
        )


def numbers(sent: Sequence[int], sweep: Sweep) -> list[int]:
    """The run numbers that a browser sent, limited to those that the sweep has."""
    last = len(sweep.spec.runs)
    return list(dict.fromkeys(n for n in sent[:MOST] if 0 <= n < last))


def listed(sweep: Sweep, wanted: Sequence[int]) -> Markup:
    """One row per run: the problem, how it was searched, and whether the chosen answer is right."""
    if not wanted:
        return CLICK
    runs = sweep.spec.runs
    right = outcomes(sweep, wanted)
    rows = join(_row(runs[n], problem_of(sweep, n), right.get(n)) for n in wanted)
    return html(
        '<div class="behind"><p>{} of the runs behind this point. Opening one searches it again in the Search tab: same '
        "problem, settings and seed, and so the same search. Samples and chains, which know nothing of one another, were "
        "run once, at the largest N.</p><table><thead><tr><th>Problem</th><th>Level</th><th>Strategy</th><th>N</th>"
        "<th>Seed</th><th>Answer</th><th></th></tr></thead><tbody>{}</tbody></table></div>"
    ).format(len(wanted), rows)


def outcomes(sweep: Sweep, wanted: Sequence[int]) -> dict[int, bool | None]:
    """For each run, whether its weighted vote chose a right answer; None if it found no answer."""
    found = sweep.solutions.loc[sweep.solutions["run"].isin(wanted) & sweep.solutions["answer"].notna()]
    right: dict[int, bool | None] = dict.fromkeys(wanted)
    for n in wanted:
        rows = found.loc[found["run"] == n].reset_index()
        ballots = [
            aggregation.Ballot(str(i), answer, None if rewards is None else float(rewards[-1]))
            for i, (answer, rewards) in enumerate(zip(rows["answer"], rows["rewards"]))
        ]
        best = aggregation.rank(ballots, "weighted")
        right[n] = bool(rows["right"][int(best[0].ballot.node)]) if best else None
    return right


def problem_of(sweep: Sweep, number: int) -> Problem:
    return store.problem_of(sweep.spec.runs[number], sweep.spec.split)


def _row(run: PlannedRun, problem: Problem, right: bool | None) -> Markup:
    mark, verdict = {True: ("true", "✓ right"), False: ("false", "✗ wrong"), None: ("", "none found")}[right]
    return html(
        '<tr><td><button data-problem="{0}" title="Put this problem into the Search tab"><code>{1}</code></button></td>'
        '<td>{2}</td><td title="{3}">{4}</td><td>{5}</td><td>{6}</td><td><span class="mark {7}">{8}</span></td>'
        '<td><button class="open" data-open="{0}" title="Search it again, to the same end">Open</button></td></tr>'
    ).format(
        run.number,
        problem.question,
        run.level,
        STRATEGIES[run.arm.strategy].title,
        run.arm.name,
        f"≤ {run.n}" if STRATEGIES[run.arm.strategy].independent and run.n > 1 else run.n,
        run.seed,
        mark,
        verdict,
    )


def searched_again(visitors: Visitors, models: OfferedModels, key: str, sweep: Sweep, number: int) -> View:
    """Start the same search again. Raises ValueError, IndexError, `CrowdedError` or EngineError."""
    run = sweep.spec.runs[number]
    policy, verifier = sweep.spec.models(run.arm)
    problem, settings = store.problem_of(run, sweep.spec.split), sweep.spec.settings(run)
    return begin_with(visitors, models, key, problem, settings, policy, verifier)
