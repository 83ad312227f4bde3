"""The form for a small sweep: what to search, its progress, and its table as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz.engines.embedded import may_solve
from tts_viz.errors import EngineError
from tts_viz.lab.sweeps.spec import Spec
from tts_viz.strategies.defaults import BASELINE, FIRST
from tts_viz.tasks import get_task
from tts_viz.ui.components import download
from tts_viz.ui.components.download import Download
from tts_viz.ui.components.events import LIVE, SHORT, key_of, warning
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.forms.strategy import whole
from tts_viz.ui.html.markup import html
from tts_viz.ui.lab.figure_cache import FigureCache
from tts_viz.ui.lab.small_sweep import (
    BUDGETS,
    MOST_PROBLEMS,
    MOST_SEEDS,
    SLOTS,
    SmallSweep,
    SmallSweeps,
    generations,
    offered_arms,
    plan,
)

LOOK = 0.2
"""Seconds between two polls of a sweep."""

_numbers = count()


@dataclass(frozen=True, slots=True)
class SmallSweepPanel:
    """`over` gets a new value each time a sweep finishes."""

    over: gr.Textbox


def build_small_sweep_panel(models: OfferedModels, gallery: FigureCache, sweeps: SmallSweeps) -> SmallSweepPanel:
    """Lay it out in the current container and connect its events."""
    offered = sweepable(models)
    with gr.Row(equal_height=False):
        tasks = gr.CheckboxGroup(
            [(get_task(t).title, t) for t in offered],
            value=offered[:1],
            label="Puzzles",
            elem_id="small-tasks",
            min_width=200,
        )
        levels = gr.CheckboxGroup(
            shared_levels(offered[:1]), value=[n for n in (1, 3) if n in shared_levels(offered[:1])], label="Levels",
            elem_id="small-levels", min_width=200,
        )  # fmt: skip
        budget = gr.Radio(
            list(BUDGETS), value=16, label="Budgets up to", elem_id="small-budget", min_width=150,
            info="In generations: full answers' worth of sampling.",
        )  # fmt: skip
    titles = {strategy: title for title, (strategy, _) in offered_arms().items()}
    chosen = gr.CheckboxGroup(
        list(offered_arms()),
        value=[titles[BASELINE], titles[FIRST]],
        label="Strategies (two to four)",
        elem_id="small-arms",
    )
    with gr.Row(equal_height=False):
        problems = gr.Slider(
            1,
            MOST_PROBLEMS,
            5,
            step=1,
            label="Problems of each puzzle and level",
            elem_id="small-problems",
            min_width=200,
        )
        seeds = gr.Slider(1, MOST_SEEDS, 1, step=1, label="Seeds", elem_id="small-seeds", min_width=150)
        with gr.Column(min_width=260):
            with gr.Row():
                go = gr.Button("▶ Run the sweep", variant="primary", elem_id="small-run", min_width=130)
                cancel = gr.Button("Cancel", elem_id="small-cancel", min_width=90)
            save = gr.Button("Download its table (Parquet)", elem_id="small-save", size="sm")
    message = gr.HTML("", elem_id="small-said", apply_default_css=False)
    file = Download(elem_id="small-file")
    over = gr.Textbox(visible=False)
    form = Form(models, [tasks, levels, chosen, budget, problems, seeds])
    for part in form.parts:
        part.input(form.on_plan, form.parts, message, trigger_mode="always_last", **SHORT)
    _wire_run(form, gallery, sweeps, go, [message, over])

    def on_tasks(tasks: Any, levels: Any) -> Any:
        shared = shared_levels([t for t in offered if t in (tasks or [])] or offered)
        return gr.update(choices=shared, value=[n for n in levels or [] if n in shared], label="Levels")

    tasks.input(on_tasks, [tasks, levels], levels, trigger_mode="always_last", **SHORT)

    def on_cancel(request: gr.Request) -> None:
        sweeps.cancel(key_of(request))

    cancel.click(on_cancel, trigger_mode="multiple", **SHORT)

    def on_save(request: gr.Request) -> tuple[Any, Any]:
        mine = sweeps.of(key_of(request))
        if mine is None or mine.state != "finished":
            return gr.skip(), warning("There is no finished sweep of yours yet: run one first.")
        return download.file("tts_viz-sweep.parquet", "application/vnd.apache.parquet", mine.packed()), gr.skip()

    save.click(on_save, None, [file, message], **SHORT)
    return SmallSweepPanel(over)


def sweepable(models: OfferedModels) -> list[str]:
    """The tasks that the first policy may solve and that generate any number of problems."""

    def endless(name: str) -> bool:
        task = get_task(name)
        return bool(task.levels) and not task.sources and task.size("test", task.levels[0]) is None

    return [t for t in models.tasks if endless(t) and may_solve(models.policies[0], get_task(t))]


def shared_levels(tasks: Sequence[str]) -> list[int]:
    """The levels that all of these tasks have."""
    common = [n for t in tasks[:1] for n in get_task(t).levels]
    return [n for n in common if all(n in get_task(t).levels for t in tasks)]


@dataclass(frozen=True, slots=True)
class Form:
    """The form's components and the sweep that their values describe."""

    models: OfferedModels
    parts: list[Any]

    def plan(self, values: tuple[Any, ...]) -> Spec:
        """Raises ValueError, or TypeError for values that our components never send."""
        tasks, levels, chosen, budget, problems, seeds = values
        known = [t for t in tasks or [] if t in sweepable(self.models)]
        return plan(
            known, [whole(n) for n in levels or []], [str(a) for a in chosen or []], whole(budget), whole(problems), whole(seeds),
            self.models.policies[0], self.models.verifiers[0],
        )  # fmt: skip

    def on_plan(self, *values: Any) -> Any:
        try:
            return _line(f"{generations(self.plan(values)):,} generations.")
        except (ValueError, TypeError) as error:
            return warning(str(error))


def _wire_run(form: Form, gallery: FigureCache, sweeps: SmallSweeps, go: gr.Button, outputs: list[Any]) -> None:
    async def on_go(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        key = key_of(request)
        yield [_line("Starting …"), gr.skip()]
        try:
            spec = form.plan(values)
            engines = await asyncio.to_thread(
                lambda: (form.models.policy(spec.policy), form.models.verifier(spec.verifier))
            )
            mine = sweeps.begin(key, spec, engines, form.models.choices)
        except (ValueError, TypeError, EngineError) as error:
            yield [warning(str(error)), gr.skip()]
            return
        try:
            while mine.state in ("waiting", "running"):
                await asyncio.to_thread(sweeps.advance, mine)
                yield [_progress(mine), gr.skip()]
                await asyncio.sleep(LOOK)
        finally:
            if sweeps.of(key) is mine:
                sweeps.cancel(key)
        if mine.state == "finished":
            gallery.add(key, await asyncio.to_thread(mine.result))
        yield [_progress(mine), str(next(_numbers)) if mine.state == "finished" else gr.skip()]

    go.click(on_go, form.parts, outputs, **LIVE)


def _progress(mine: SmallSweep) -> Markup:
    match mine.state:
        case "waiting":
            return _line(f"Waiting: {SLOTS} sweeps are under way here already.")
        case "failed":
            return Markup(warning(mine.error))
        case "cancelled":
            return _line("Cancelled.")
        case "finished":
            return _line(f"Finished: {mine.total:,} generations. The figure above shows it.")
    left = mine.seconds_left
    eta = f", about {left:.0f} s left" if left is not None else ""
    bar = html('<progress max="{}" value="{}"></progress> ').format(mine.total, mine.done)
    return html('<p class="note small-sweep" role="status">{}{}</p>').format(
        bar, f"{mine.done:,} of {mine.total:,} generations{eta}"
    )


def _line(text: str) -> Markup:
    return html('<p class="note small-sweep" role="status">{}</p>').format(text)
