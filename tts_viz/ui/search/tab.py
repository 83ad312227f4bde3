"""The search tab: one search, live or replayed, with its controls and panels. Lays them out and connects their events.

The handler of the Run button is a generator that only follows the run's trace; every other handler is short, skips the queue
and posts a command to the run. So no action of a visitor waits for a search.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.errors import CrowdedError, EngineError
from tts_viz.ui.components.events import LIVE, SHORT, key_of, on, payload, warning
from tts_viz.ui.components.panel import NodeClick, Panel
from tts_viz.ui.components.save_buttons import SaveButtons
from tts_viz.ui.components.scrubber import Scrubber
from tts_viz.ui.components.tree_view import TreeView
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms import strategy as strategy_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.forms.search import SearchForm
from tts_viz.ui.html.status import READY, STARTING, loading_line
from tts_viz.ui.panels.build import build_panels, clickable
from tts_viz.ui.runs.follow import followed, wire_scrubber
from tts_viz.ui.runs.start import PACES, begin, fork, seconds
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.search.run_bar import RunBar, build_run_bar
from tts_viz.ui.search.save_run import wire_saver
from tts_viz.ui.search.steer_panel import SteerPanel, build_steer_panel, filled, wire_steer_panel
from tts_viz.ui.search.verifier_badge import wire_badge
from tts_viz.ui.search.why_panel import build_why_panel, wire_why_panel

HELP = """
A **policy** (a small language model) writes a solution step by step. A **verifier** (a second model, a *process reward
model*) reads each step and scores how likely it leads to a right answer. A **strategy** decides which steps to try next
and which to give up. **Colour** is the verifier's score, from dark blue (hopeless) to yellow (sure). Neither model sees
the truth; the marks for false steps and lost goals come from an exact checker, so that you can catch the verifier being
wrong. Click any step to see why it lived or died. Turn any knob while the search runs; act on any step with *Steer*; go
back to any moment with the bar under the tree.

Keys: **R** run · **Space** pause or resume · **S** one step · **X** stop · **,** and **.** back and forward · **Home** and
**End** first and last moment · **P** play · **Z** and **Y** undo and redo; in the tree, arrows walk and **F** fits.
"""

LOOK = 1.0
"""Seconds between two messages about a model that is being loaded."""


@dataclass(frozen=True, slots=True)
class SearchTab:
    """`watch` shows a run in this tab, also for other parts of the page; `moving`: its outputs."""

    visitors: Visitors
    models: OfferedModels
    card: problem_form.ProblemForm
    bar: RunBar
    parts: dict[str, Any]
    notice: gr.HTML

    @property
    def moving(self) -> list[Any]:
        return [self.notice, *self.parts.values(), *self.bar.changing]

    async def watch(self, key: str, start: Callable[[], View]) -> AsyncIterator[list[Any]]:
        """Yields updates of the run that `start` makes, while this visitor watches it, or a notice if `start` fails."""
        moving, bar = self.moving, self.bar
        yield [STARTING if part is bar.status else gr.skip() for part in moving]
        starting = asyncio.create_task(asyncio.to_thread(start))
        while not (await asyncio.wait([starting], timeout=LOOK))[0]:
            if loading := self.models.cache.loading:
                yield [loading_line(*loading) if part is bar.status else gr.skip() for part in moving]
        try:
            view = starting.result()
        except (ValueError, KeyError, CrowdedError, EngineError, OSError) as error:
            before = self.visitors.view(key)
            status = before.status() if before else READY
            reason = "There is no such run here." if isinstance(error, KeyError) else str(error)
            yield [warning(reason), *(status if part is bar.status else gr.skip() for part in moving[1:])]
            return
        yield [warning(_advice(view)), *[gr.skip()] * (len(moving) - 1)]
        shown: dict[str, Any] = {}
        async for parts in followed(self.visitors, key, "main", view):
            fresh = [gr.skip() if shown.get(name) == parts[name] else parts[name] for name in self.parts]
            state = parts["state"], parts["resumable"]
            buttons = bar.unchanged if (shown.get("state"), shown.get("resumable")) == state else bar.looks(*state)
            shown = parts
            yield [gr.skip(), *fresh, *buttons]


def _advice(view: View) -> str:
    if view.run is None:
        return "A recording: its models are not here, so it can be looked at, not changed."
    return strategy_form.advice(view.run.session.tree.settings)


def build_search_tab(visitors: Visitors, models: OfferedModels) -> SearchTab:
    """Lay out the tab in the current container and connect its events."""
    notice = gr.HTML("", elem_id="notice", apply_default_css=False, render=False)
    card = problem_form.build_problem_form(models.tasks, notice)
    bar = build_run_bar()
    notice.render()
    with gr.Row(elem_id="stage", equal_height=False):
        with gr.Column(scale=3, min_width=280, elem_id="left"):
            controls = strategy_form.build_strategy_form()
            settings_reply = gr.HTML("", elem_id="settings-reply", apply_default_css=False)
            policy, verifier, seed, pace = _models_and_speed(models)
        with gr.Column(scale=8, min_width=360, elem_id="middle"):
            parts: dict[str, Any] = {"tree": TreeView(elem_id="tree"), "status": bar.status}
            parts["scrubber"] = Scrubber(elem_id="scrubber")
            parts |= build_panels("search", where="under the tree")
            saver = SaveButtons(elem_id="saver")
            asking = build_why_panel(models)
            parts |= asking.panels
            with gr.Accordion("What am I looking at?", open=False):
                gr.Markdown(HELP)
        with gr.Column(scale=4, min_width=300, elem_id="right"):
            parts |= build_panels("search", where="step")
            by_hand = build_steer_panel()
            parts |= {"bar_reply": bar.reply, "settings_reply": settings_reply, "steer_reply": by_hand.reply}
            parts |= build_panels("search", where="run")
    tab = SearchTab(visitors, models, card, bar, parts, notice)
    _wire_start(tab, models, SearchForm(models.tasks, card, seed, policy, verifier, pace, controls))
    _wire_commands(tab, pace)
    _wire_settings(tab, controls)
    _wire_clicks(tab, by_hand, asking.answer)
    wire_scrubber(visitors, parts["scrubber"], "main")
    wire_saver(saver, visitors, notice)
    wire_why_panel(asking, visitors, models)
    wire_steer_panel(by_hand, bar, lambda request: visitors.view(key_of(request)), warning)
    _wire_fork(tab, models, by_hand, pace)
    return tab


def _models_and_speed(models: OfferedModels) -> tuple[gr.Dropdown, gr.Dropdown, gr.Number, gr.Radio]:
    with gr.Accordion("Models, seed and speed", open=False):
        policy = gr.Dropdown(
            list(models.policies), label="Policy", elem_id="policy", filterable=False,
            info="The model that writes the steps.",
        )  # fmt: skip
        verifier = gr.Dropdown(
            list(models.verifiers), label="Verifier", elem_id="verifier", filterable=False,
            info="The model that scores them. “oracle” knows the truth; “noisy” knows it through noise.",
        )  # fmt: skip
        wire_badge(verifier, models)
        seed = gr.Number(
            0, label="Seed", precision=0, minimum=0, maximum=2**31, elem_id="seed",
            info="Same seed and settings, same tree.",
        )  # fmt: skip
        pace = gr.Radio(
            list(PACES), value="Calm", label="Speed", elem_id="pace",
            info="Slow leaves time to read; the search itself is the same.",
        )  # fmt: skip
    return policy, verifier, seed, pace


def _wire_start(tab: SearchTab, models: OfferedModels, form: SearchForm) -> None:
    def begun(key: str, values: Sequence[Any], one_round: bool) -> View:
        return begin(tab.visitors, models, key, form.read(values), one_round)

    async def on_run(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        key = key_of(request)
        async for update in tab.watch(key, lambda: begun(key, values, one_round=False)):
            yield update

    async def on_step(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        key = key_of(request)
        view = tab.visitors.view(key)
        if view and view.run and not view.over:
            view.run.step()
            yield [gr.skip()] * len(tab.moving)  # gradio blanks the outputs of a generator that yields nothing
            return
        async for update in tab.watch(key, lambda: begun(key, values, one_round=True)):
            yield update

    enter = form.problem.text.submit
    for start, handler in ((tab.bar.run.click, on_run), (enter, on_run), (tab.bar.step.click, on_step)):
        start(handler, form.inputs, tab.moving, **LIVE)


def _wire_fork(tab: SearchTab, models: OfferedModels, panel: SteerPanel, pace: gr.Radio) -> None:
    async def on_fork(request: gr.Request, strategy: Any, seed: Any, pace: Any) -> AsyncIterator[list[Any]]:
        key = key_of(request)

        def forked() -> View:
            view = tab.visitors.view(key)
            if view is None:
                raise ValueError("There is nothing to fork yet: run a search first.")
            return fork(tab.visitors, models, key, view, str(strategy), strategy_form.whole(seed), seconds(pace))

        async for update in tab.watch(key, forked):
            yield update

    panel.fork.click(on_fork, [panel.strategy, panel.seed, pace], tab.moving, **LIVE)


def _wire_commands(tab: SearchTab, pace: gr.Radio) -> None:
    def command(name: str) -> Callable[[gr.Request], None]:
        def on_click(request: gr.Request) -> None:
            view = tab.visitors.view(key_of(request))
            if view and view.run:
                getattr(view.run, name)()

        return on_click

    for button, name in ((tab.bar.pause, "pause"), (tab.bar.resume, "resume"), (tab.bar.stop, "stop")):
        button.click(command(name), trigger_mode="multiple", **SHORT)

    def on_pace(chosen: Any, request: gr.Request) -> str:
        try:
            wait = seconds(chosen)
        except ValueError as error:
            return warning(str(error))
        view = tab.visitors.view(key_of(request))
        if view and view.run:
            view.run.set_pace(wait)
        return ""

    pace.input(on_pace, pace, tab.notice, trigger_mode="always_last", **SHORT)


def _wire_settings(tab: SearchTab, controls: strategy_form.StrategyForm) -> None:
    """Let every change of a control request settings from the run; the view shows the answer."""

    def wire(control: Any) -> None:
        def on_setting(request: gr.Request, *values: Any) -> tuple[Any, Any]:
            view = tab.visitors.view(key_of(request))
            try:
                chosen = strategy_form.settings(values)
            except ValueError as error:
                if view is None:
                    return "", warning(str(error))
                view.refuse("settings", str(error))
                return "", gr.skip()
            if view:
                view.change(controls.turned(control, chosen))
            return warning(strategy_form.advice(chosen)), gr.skip() if view else ""

        outputs = [tab.notice, tab.parts["settings_reply"]]
        on(control, "input")(on_setting, controls.inputs, outputs, trigger_mode="always_last", **SHORT)

    for control in controls.turnable:
        wire(control)


def _wire_clicks(tab: SearchTab, panel: SteerPanel, answer: Panel) -> None:
    def on_select(typed: str | None, before: str | None, request: gr.Request, event: gr.EventData) -> Any:
        node, view = payload(event, NodeClick).id, tab.visitors.view(key_of(request))
        shown = view.select(node) if view else None
        if view is None or shown is None:
            return [gr.skip()] * 4
        return [shown, *filled(typed, before, view)]

    inputs, outputs = [panel.text, panel.filled], [tab.parts["inspector"], panel.text, panel.filled, panel.score]
    on(tab.parts["tree"], "node_click")(on_select, inputs, outputs, trigger_mode="always_last", **SHORT)
    for part in (*clickable(tab.parts), answer):
        part.click(on_select, inputs, outputs, trigger_mode="always_last", **SHORT)
