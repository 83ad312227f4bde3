"""The form for a small sweep: what to search, how far it has come, and its table as a file."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz.errors import EngineError
from tts_viz.lab.sweeps.spec import Spec
from tts_viz.tasks import get_task
from tts_viz.ui.components.events import LIVE, SHORT, key_of, warning
from tts_viz.ui.forms.offered import TASKS, OfferedModels
from tts_viz.ui.forms.strategy import whole
from tts_viz.ui.html.markup import html
from tts_viz.ui.lab.figure_cache import FigureCache
from tts_viz.ui.lab.small_sweep import (
    ARMS,
    BUDGETS,
    MOST_PROBLEMS,
    MOST_SEEDS,
    SLOTS,
    SmallSweep,
    SmallSweeps,
    generations,
    plan,
)

LOOK = 0.2
"""Seconds between two looks at a sweep."""

SAVE = """
let last = '';
watch('value', () => {
  if (!props.value || props.value === last) return;
  last = props.value;
  const { name, base64 } = JSON.parse(props.value);
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/vnd.apache.parquet' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
"""

_numbers = count()


@dataclass(frozen=True, slots=True)
class SmallSweepPanel:
    """`over` has another value each time that a sweep has come to its end."""

    over: gr.Textbox


def build_small_sweep_panel(models: OfferedModels, gallery: FigureCache, sweeps: SmallSweeps) -> SmallSweepPanel:
    """Lay it out in the current container, and wire it."""
    with gr.Row(equal_height=False):
        tasks = gr.CheckboxGroup(
            [(get_task(t).title, t) for t in TASKS],
            value=[TASKS[0]],
            label="Puzzles",
            elem_id="small-tasks",
            min_width=200,
        )
        levels = gr.CheckboxGroup([1, 2, 3, 4, 5], value=[1, 3], label="Levels", elem_id="small-levels", min_width=200)
        budget = gr.Radio(
            list(BUDGETS), value=16, label="Budgets up to", elem_id="small-budget", min_width=150,
            info="In generations: full answers' worth of sampling.",
        )  # fmt: skip
    arms = gr.CheckboxGroup(
        list(ARMS), value=["Best of N", "Beam, M = 4"], label="Strategies (two to four)", elem_id="small-arms"
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
    said = gr.HTML("", elem_id="small-said", apply_default_css=False)
    file = gr.HTML("", html_template="<span></span>", js_on_load=SAVE, apply_default_css=False, elem_id="small-file")
    over = gr.Textbox(visible=False)
    form = Form(models, [tasks, levels, arms, budget, problems, seeds])
    for part in form.parts:
        part.input(form.on_plan, form.parts, said, trigger_mode="always_last", **SHORT)
    _wire_run(form, gallery, sweeps, go, [said, over])

    def on_cancel(request: gr.Request) -> None:
        sweeps.cancel(key_of(request))

    cancel.click(on_cancel, trigger_mode="multiple", **SHORT)

    def on_save(request: gr.Request) -> tuple[Any, Any]:
        mine = sweeps.of(key_of(request))
        if mine is None or mine.state != "finished":
            return gr.skip(), warning("There is no finished sweep of yours yet: run one first.")
        made = {"name": "tts_viz-sweep.parquet", "base64": b64encode(mine.packed()).decode(), "number": next(_numbers)}
        return json.dumps(made), gr.skip()

    save.click(on_save, None, [file, said], **SHORT)
    return SmallSweepPanel(over)


@dataclass(frozen=True, slots=True)
class Form:
    """What the visitor has chosen, by the components that show it."""

    models: OfferedModels
    parts: list[Any]

    def plan(self, values: tuple[Any, ...]) -> Spec:
        """Raises ValueError, or TypeError for what no component of ours would send."""
        tasks, levels, arms, budget, problems, seeds = values
        known = [t for t in tasks or [] if t in TASKS]
        return plan(
            known, [whole(n) for n in levels or []], [str(a) for a in arms or []], whole(budget), whole(problems), whole(seeds),
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
            mine = sweeps.begin(key, spec, engines)
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


def _line(said: str) -> Markup:
    return html('<p class="note small-sweep" role="status">{}</p>').format(said)
