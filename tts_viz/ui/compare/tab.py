"""The comparison tab: two searches of one problem side by side, or any two saved runs, with a summary of the differences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import gradio as gr

from tts_viz.analysis.comparison import Side, differences
from tts_viz.errors import CrowdedError, EngineError
from tts_viz.strategies.defaults import BASELINE, FIRST
from tts_viz.tasks import get_task
from tts_viz.tasks.ready_made import first_example
from tts_viz.ui.components.events import LIVE, SHORT, key_of, warning
from tts_viz.ui.components.scrubber import Scrubber
from tts_viz.ui.components.tree_view import TreeView
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms import strategy as strategy_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html, join
from tts_viz.ui.html.status import READY
from tts_viz.ui.panels.build import build_panels
from tts_viz.ui.runs.follow import rest, wire_watching
from tts_viz.ui.runs.start import PACES, begin_with
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Place, Visitors

SIDES: tuple[Place, Place] = ("left", "right")
DEFAULTS = {"left": BASELINE, "right": FIRST}
NAMES = {"left": "Left", "right": "Right"}

INTRO = html(
    '<p class="note">One problem, one seed, one budget: where two strategies ask for the same sample they get the same one, '
    "so what differs is the strategy.</p>"
)


@dataclass(frozen=True, slots=True)
class CompareTab:
    visitors: Visitors
    parts: dict[Place, dict[str, Any]]
    words: gr.HTML
    notice: gr.HTML

    @property
    def moving(self) -> list[Any]:
        return [self.notice, self.words, *(part for side in SIDES for part in self.parts[side].values())]

    async def watch(self, key: str, start: Callable[[], object]) -> AsyncIterator[list[Any]]:
        """Call `start`, then yield updates of both sides for as long as this visitor watches them."""
        nothing = [gr.skip()] * (len(self.moving) - 1)
        try:
            await asyncio.to_thread(start)
        except (ValueError, KeyError, CrowdedError, EngineError, OSError) as error:
            yield [warning("There is no such run here." if isinstance(error, KeyError) else str(error)), *nothing]
            return
        yield ["", *nothing]
        watched: dict[Place, View | None] = {side: self.visitors.view(key, side) for side in SIDES}
        shown: dict[Place, dict[str, Any]] = {side: {} for side in SIDES}
        while all(self.visitors.view(key, side) is watched[side] for side in SIDES):
            began, update, changed = monotonic(), [], False
            for side in SIDES:
                view = watched[side]
                parts = await asyncio.to_thread(view.refresh) if view else None
                changed = changed or parts is not None
                fresh = parts or shown[side]
                update += [gr.skip() if shown[side].get(n) == fresh.get(n) else fresh[n] for n in self.parts[side]]
                shown[side] = fresh
            if changed:
                yield [gr.skip(), _words(watched), *update]
            await rest(began)


def build_compare_tab(visitors: Visitors, models: OfferedModels) -> CompareTab:
    """Lay out the tab in the current container and connect its events."""
    with gr.Row(elem_id="compare-pick", equal_height=True):
        task = problem_form.build_task_choice(models.tasks, "compare-task")
        problem = problem_form.build_problem_text([get_task(name) for name in models.tasks], "compare-problem")
    with gr.Row(elem_id="compare-card", equal_height=True):
        budget = gr.Slider(
            1, 256, 64, step=1, label="Budget (generations)", elem_id="compare-budget", scale=2, min_width=160
        )
        seed = gr.Number(
            0, label="Seed", precision=0, minimum=0, maximum=2**31, elem_id="compare-seed", scale=1, min_width=90
        )
        pace = gr.Radio(list(PACES), value="Calm", label="Speed", elem_id="compare-pace", scale=2, min_width=220)
        with gr.Column(scale=1, min_width=120):
            go = gr.Button("▶ Run both", variant="primary", elem_id="compare-run")
            stop = gr.Button("Stop both", elem_id="compare-stop", size="sm")
    notice = gr.HTML("", elem_id="compare-notice", apply_default_css=False)
    words = gr.HTML(INTRO, elem_id="compare-words", apply_default_css=False)
    parts: dict[Place, dict[str, Any]] = {}
    choosers = []
    # The choosers have their own row, so that the trees stay aligned however many sliders there are.
    with gr.Row(equal_height=True):
        for side in SIDES:
            with gr.Column(min_width=320):
                choosers.append(strategy_form.build_chooser(DEFAULTS[side], f"{side}-"))
    with gr.Row(elem_id="compare-stage", equal_height=False):
        for side in SIDES:
            with gr.Column(min_width=320, elem_id=f"compare-{side}"):
                parts[side] = {
                    "status": gr.HTML(READY, elem_id=f"{side}-status", apply_default_css=False),
                    "tree": TreeView(elem_id=f"{side}-tree"),
                    "scrubber": Scrubber(elem_id=f"{side}-scrubber"),
                    **build_panels("compare", f"{side}-"),
                }
    tab = CompareTab(visitors, parts, words, notice)
    what = [task, problem, budget, seed, pace, *choosers[0].inputs, *choosers[1].inputs]

    async def on_run(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        key = key_of(request)
        async for update in tab.watch(key, lambda: _begin(visitors, models, key, values)):
            yield update

    def on_task(task: Any) -> Any:
        return first_example(get_task(task)) if task in models.tasks else gr.skip()

    task.input(on_task, task, problem, **SHORT)
    for start in (go.click, problem.submit):
        start(on_run, what, tab.moving, **LIVE)

    def on_stop(request: gr.Request) -> None:
        for side in SIDES:
            view = visitors.view(key_of(request), side)
            if view and view.run:
                view.run.stop()

    stop.click(on_stop, trigger_mode="multiple", **SHORT)
    for side in SIDES:
        wire_watching(visitors, parts[side], side)
    return tab


def _begin(visitors: Visitors, models: OfferedModels, key: str, values: tuple[Any, ...]) -> None:
    task, text, budget, seed, pace, *rest = values
    problem = problem_form.read(models.tasks, task, text)
    problem_form.check_taught(models.policies[0], problem)
    half = len(rest) // 2
    for side, chosen in zip(SIDES, (rest[:half], rest[half:])):
        settings = strategy_form.settings([*chosen, budget, 1.0, "last", "weighted"])
        settings = replace(settings, seed=strategy_form.whole(seed))
        begin_with(
            visitors,
            models,
            key,
            problem,
            settings,
            models.policies[0],
            models.verifiers[0],
            PACES.get(pace, 0.3),
            side,
        )


def _words(views: dict[Place, View | None]) -> Any:
    left, right = (views[side] for side in SIDES)
    if left is None or right is None:
        return INTRO
    sides = [Side(NAMES[side], view.tree, view.judge.solutions(view.tree)) for side, view in zip(SIDES, (left, right))]
    return html('<ul class="differences">{}</ul>').format(
        join(html("<li>{}</li>").format(s) for s in differences(*sides))
    )
