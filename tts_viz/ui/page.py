"""The page: lays out the parts and wires events. What the parts show is in their own files.

A visitor's Run is a generator that only *tails* the run's trace; every other event is short, skips the queue and posts
a command to the run. So nothing a visitor does waits for a search.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes import Default

from tts_viz.engines.base import EngineError
from tts_viz.scheduler import Scheduler
from tts_viz.ui import controls as search_controls
from tts_viz.ui import problem_card
from tts_viz.ui.inspector import EMPTY
from tts_viz.ui.markup import html
from tts_viz.ui.models import Models
from tts_viz.ui.panel import Panel
from tts_viz.ui.run_bar import RunBar, build_run_bar
from tts_viz.ui.start import PACES, begin, seconds
from tts_viz.ui.status import READY, STARTING
from tts_viz.ui.tree_view import TreeView
from tts_viz.ui.view import View
from tts_viz.ui.visitors import CrowdedError, Visitors

HERE = Path(__file__).parent

POLL = 0.08
"""Seconds between two looks at a run."""

SHORT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

HELP = """
A **policy** (a small language model) writes a solution step by step. A **verifier** (a second model, a *process reward
model*) reads each step and scores how likely it leads to a right answer. A **strategy** decides which steps to try next
and which to give up. **Colour** is the verifier's score, from dark blue (hopeless) to yellow (sure). Neither model sees
the truth; the marks for false steps and lost goals come from an exact checker, so that you can catch the verifier being
wrong. Click any step to see why it lived or died. Turn any knob while the search runs.

Keys: **R** run · **Space** pause or resume · **S** one step · **X** stop; in the tree, arrows walk and **F** fits.
"""

FLIP_THEME = "() => { document.body.classList.toggle('dark'); }"

PARTS = ("tree", "status", "meters", "log", "solutions", "inspector")


def build_page(models: Models, scheduler: Scheduler) -> gr.Blocks:
    """The whole page. Launch it with `launch_options()`."""
    visitors = Visitors(scheduler)
    with gr.Blocks(title="tts_viz: watch a model search", fill_width=True, analytics_enabled=False) as page:
        with gr.Column(elem_id="page"):
            with gr.Row(elem_id="top", equal_height=True):
                gr.Markdown("# tts_viz\nWatch and steer a language model searching for an answer.", elem_id="title")
                theme = gr.Button("◐", elem_id="theme", size="sm", scale=0, min_width=44)
            card = problem_card.build_problem_card()
            bar = build_run_bar()
            notice = gr.HTML("", elem_id="notice", apply_default_css=False)
            with gr.Row(elem_id="stage", equal_height=False):
                with gr.Column(scale=3, min_width=280, elem_id="left"):
                    controls = search_controls.build_controls()
                    policy, verifier, seed, pace = _models_and_speed(models)
                with gr.Column(scale=8, min_width=360, elem_id="middle"):
                    parts: dict[str, Any] = {"tree": TreeView(elem_id="tree"), "status": bar.status}
                    parts["meters"] = Panel(elem_id="meters")
                    with gr.Accordion("What am I looking at?", open=False):
                        gr.Markdown(HELP)
                with gr.Column(scale=4, min_width=300, elem_id="right"):
                    parts["inspector"] = Panel(EMPTY, elem_id="inspector")
                    parts["solutions"] = Panel(elem_id="solutions")
                    parts["log"] = Panel(elem_id="log")

        what = [card.task, card.text, seed, policy, verifier, pace, *controls.inputs]
        moving = [notice, *(parts[name] for name in PARTS), *bar.changing]
        _wire_start(visitors, models, card, bar, what, moving)
        _wire_commands(visitors, bar, pace, notice)
        _wire_settings(visitors, controls, notice)
        _wire_clicks(visitors, parts)
        theme.click(None, js=FLIP_THEME)
        page.unload(_leave(visitors))
    return page


def launch_options() -> dict[str, Any]:
    """Nothing leaves the host, no file of it is served, and a page of another origin cannot use it."""
    return {
        "css": (HERE / "page.css").read_text(encoding="utf-8"),
        "head": f"<script>{(HERE / 'keys.js').read_text(encoding='utf-8')}</script>",
        "theme": Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        "ssr_mode": False,
        "allowed_paths": [],
        "max_file_size": "10mb",
        "strict_cors": True,
        "footer_links": [],
    }


def _leave(visitors: Visitors) -> Callable[[gr.Request], None]:
    def on_unload(request: gr.Request) -> None:
        visitors.leave(key_of(request))

    return on_unload


def key_of(request: gr.Request) -> str:
    """The unguessable key of the visitor's tab."""
    return request.session_hash or ""


def warning(text: str) -> str:
    return html('<p class="notice" role="alert">{}</p>').format(text) if text else ""


def _models_and_speed(models: Models) -> tuple[gr.Dropdown, gr.Dropdown, gr.Number, gr.Radio]:
    with gr.Accordion("Models, seed and speed", open=False):
        policy = gr.Dropdown(
            list(models.policies), label="Policy", elem_id="policy", filterable=False,
            info="The model that writes the steps.",
        )  # fmt: skip
        verifier = gr.Dropdown(
            list(models.verifiers), label="Verifier", elem_id="verifier", filterable=False,
            info="The model that scores them. “oracle” knows the truth; “noisy” knows it through noise.",
        )  # fmt: skip
        seed = gr.Number(
            0, label="Seed", precision=0, minimum=0, maximum=2**31, elem_id="seed",
            info="Same seed and settings, same tree.",
        )  # fmt: skip
        pace = gr.Radio(
            list(PACES), value="Calm", label="Speed", elem_id="pace",
            info="Slow leaves time to read; the search itself is the same.",
        )  # fmt: skip
    return policy, verifier, seed, pace


def _wire_start(
    visitors: Visitors,
    models: Models,
    card: problem_card.ProblemCard,
    bar: RunBar,
    what: list[Any],
    moving: list[Any],
) -> None:
    still = [gr.skip()] * (len(moving) - 1)
    starting = [STARTING if part is bar.status else gr.skip() for part in moving]

    async def watch(key: str, values: tuple[Any, ...], paused: bool) -> AsyncIterator[list[Any]]:
        yield starting
        try:
            view = await asyncio.to_thread(begin, visitors, models, key, values, paused)
        except (ValueError, CrowdedError, EngineError) as error:
            before = visitors.view(key)
            status = before.status() if before else READY
            yield [warning(str(error)), *(status if part is bar.status else gr.skip() for part in moving[1:])]
            return
        yield [warning(search_controls.advice(view.run.session.tree.settings)), *still]
        shown: dict[str, Any] = {}
        while visitors.view(key) is view:
            if parts := await asyncio.to_thread(view.refresh):
                fresh = [gr.skip() if shown.get(name) == parts[name] else parts[name] for name in PARTS]
                buttons = bar.looks(parts["state"]) if shown.get("state") != parts["state"] else bar.unchanged
                shown = parts
                yield [gr.skip(), *fresh, *buttons]
            await asyncio.sleep(POLL)

    async def on_run(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        async for update in watch(key_of(request), values, paused=False):
            yield update

    async def on_step(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        view = visitors.view(key_of(request))
        if view and not view.over:
            view.run.step()
            return
        async for update in watch(key_of(request), values, paused=True):
            yield update

    for start, handler in ((bar.run.click, on_run), (card.text.submit, on_run), (bar.step.click, on_step)):
        start(
            handler, what, moving, concurrency_limit=None, trigger_mode="multiple", show_progress="hidden",
            api_visibility="private",
        )  # fmt: skip


def _wire_commands(visitors: Visitors, bar: RunBar, pace: gr.Radio, notice: gr.HTML) -> None:
    def command(send: Callable[[View], None]) -> Callable[[gr.Request], None]:
        def on_click(request: gr.Request) -> None:
            if view := visitors.view(key_of(request)):
                send(view)

        return on_click

    bar.pause.click(command(lambda view: view.run.pause()), trigger_mode="multiple", **SHORT)
    bar.resume.click(command(lambda view: view.run.resume()), trigger_mode="multiple", **SHORT)
    bar.stop.click(command(lambda view: view.run.stop()), trigger_mode="multiple", **SHORT)

    def on_pace(chosen: Any, request: gr.Request) -> str:
        try:
            wait = seconds(chosen)
        except ValueError as error:
            return warning(str(error))
        if view := visitors.view(key_of(request)):
            view.run.set_pace(wait)
        return ""

    pace.input(on_pace, pace, notice, trigger_mode="always_last", **SHORT)


def _wire_settings(visitors: Visitors, controls: search_controls.Controls, notice: gr.HTML) -> None:
    def on_setting(request: gr.Request, *values: Any) -> str:
        try:
            chosen = search_controls.settings(values)
        except ValueError as error:
            return warning(str(error))
        if view := visitors.view(key_of(request)):
            view.change(chosen)
        return warning(search_controls.advice(chosen))

    for control in controls.inputs:
        control.input(on_setting, controls.inputs, notice, trigger_mode="always_last", **SHORT)  # pyright: ignore
    controls.strategy.change(
        search_controls.on_strategy, controls.strategy, [controls.blurb, *controls.knobs], **SHORT
    )  # fmt: skip


def _wire_clicks(visitors: Visitors, parts: dict[str, Any]) -> None:
    def on_select(request: gr.Request, event: gr.EventData) -> Any:
        view = visitors.view(key_of(request))
        panel = view.select(str(event._data.get("id"))) if view else None
        return gr.skip() if panel is None else panel

    parts["tree"].node_click(on_select, None, parts["inspector"], trigger_mode="always_last", **SHORT)
    for name in ("inspector", "solutions"):
        parts[name].click(on_select, None, parts["inspector"], trigger_mode="always_last", **SHORT)
