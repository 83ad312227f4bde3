"""The page: lays out the parts and wires events. What the parts show is in their own files.

A visitor's Run is a generator that only *tails* the run's trace; every other event is short, skips the queue and posts a
command to the run. So nothing a visitor does waits for a search.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.engines.base import EngineError
from tts_viz.scheduler import Scheduler
from tts_viz.ui import controls as left
from tts_viz.ui import problem_card
from tts_viz.ui.inspector import EMPTY
from tts_viz.ui.live import READY, follow
from tts_viz.ui.models import Models
from tts_viz.ui.panel import Panel
from tts_viz.ui.tree_view import TreeView
from tts_viz.ui.start import PACES, begin
from tts_viz.ui.visitors import CrowdedError, Visitors

HERE = Path(__file__).parent
SHORT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

HELP = """
A **policy** (a small language model) writes a solution step by step. A **verifier** (a second model) reads each step and
scores how likely it leads to a right answer. A **strategy** decides which steps to try next and which to give up.
**Colour** is the verifier's score, from dark blue (hopeless) to yellow (sure). Neither model sees the truth; the marks
**✓** and **✗** come from an exact checker, so that you can catch the verifier being wrong. Click any step to see why it
lived or died. Turn any knob while the search runs.
"""

KEYS = (HERE / "keys.js").read_text(encoding="utf-8")


def build_page(models: Models, scheduler: Scheduler) -> gr.Blocks:
    """The whole page. Launch it with `launch_options()`."""
    visitors = Visitors(scheduler)

    with gr.Blocks(title="tts_viz: watch a model search", fill_width=True, analytics_enabled=False) as page:
        with gr.Column(elem_id="page"):
            with gr.Row(equal_height=True):
                gr.Markdown("# tts_viz\nWatch and steer a language model searching for an answer.", elem_id="title")
                theme = gr.Button("◐", elem_id="theme", size="sm", scale=0, min_width=44)
            card = problem_card.build_problem_card()
            with gr.Row(elem_id="run-bar"):
                run = gr.Button("▶ Run", variant="primary", elem_id="run", scale=0, min_width=110)
                pause = gr.Button("Pause", elem_id="pause", scale=0, min_width=90)
                resume = gr.Button("Resume", elem_id="resume", scale=0, min_width=90, visible=False)
                step = gr.Button("Step", elem_id="step", scale=0, min_width=80)
                stop = gr.Button("Stop", elem_id="stop", scale=0, min_width=80)
                status = gr.HTML(READY, elem_id="status", apply_default_css=False)
            notice = gr.HTML("", elem_id="notice", apply_default_css=False)
            with gr.Row(elem_id="stage", equal_height=False):
                with gr.Column(scale=3, min_width=280, elem_id="left"):
                    controls = left.build_controls()
                    with gr.Accordion("Models, seed and speed", open=False):
                        policy = gr.Dropdown(
                            list(models.policies), label="Policy", elem_id="policy", filterable=False,
                            info="The model that writes the steps.",
                        )  # fmt: skip
                        verifier = gr.Dropdown(
                            list(models.verifiers), label="Verifier", elem_id="verifier", filterable=False,
                            info="The model that scores them. oracle knows the truth; noisy:0.2 is wrong one time in five.",
                        )  # fmt: skip
                        seed = gr.Number(
                            0, label="Seed", precision=0, minimum=0, maximum=2**31, elem_id="seed",
                            info="Same seed and settings, same tree.",
                        )  # fmt: skip
                        pace = gr.Radio(
                            list(PACES), value="Calm", label="Speed", elem_id="pace",
                            info="Slow leaves time to read; the search itself is the same.",
                        )  # fmt: skip
                with gr.Column(scale=8, min_width=360, elem_id="middle"):
                    tree = TreeView(elem_id="tree")
                    meters = Panel(elem_id="meters")
                with gr.Column(scale=4, min_width=300, elem_id="right"):
                    inspector = Panel(EMPTY, elem_id="inspector")
                    solutions = Panel(elem_id="solutions")
                    log = Panel(elem_id="log")
            with gr.Accordion("What am I looking at?", open=False):
                gr.Markdown(HELP)

        moving = [tree, status, meters, log, solutions, inspector, run, pause, resume, step, stop]
        still: list[Any] = [gr.skip()] * len(moving)
        what = [card.task, card.text, seed, policy, verifier, pace, *controls.inputs]

        async def watch(key: str, values: tuple[Any, ...], paused: bool) -> AsyncIterator[list[Any]]:
            try:
                watched = await asyncio.to_thread(begin, visitors, models, key, values, paused)
            except (ValueError, CrowdedError, EngineError) as error:
                yield [warning(str(error)), *still]
                return
            yield [warning(left.advice(watched.settings)), *still]
            async for frame in follow(visitors, key, watched):
                yield [gr.skip(), *frame]

        async def on_run(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
            async for update in watch(key_of(request), values, paused=False):
                yield update

        async def on_step(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
            watched = visitors.watched(key_of(request))
            if watched and not watched.over:
                watched.run.step()
                return
            async for update in watch(key_of(request), values, paused=True):
                yield update

        def on_setting(request: gr.Request, *values: Any) -> Any:
            try:
                chosen = left.settings(values)
            except ValueError as error:
                return warning(str(error))
            if watched := visitors.watched(key_of(request)):
                watched.change(chosen)
            return warning(left.advice(chosen))

        def on_select(request: gr.Request, event: gr.EventData) -> Any:
            watched = visitors.watched(key_of(request))
            return watched.select(str(event._data.get("id"))) if watched else gr.skip()

        def command(name: str) -> Any:
            def send(request: gr.Request) -> None:
                if watched := visitors.watched(key_of(request)):
                    getattr(watched.run, name)()

            return send

        for start, how in ((run.click, on_run), (card.text.submit, on_run), (step.click, on_step)):
            start(
                how, what, [notice, *moving], concurrency_limit=None, trigger_mode="multiple", show_progress="hidden",
                api_visibility="private",
            )  # fmt: skip
        for button, name in ((pause, "pause"), (resume, "resume"), (stop, "stop")):
            button.click(command(name), trigger_mode="multiple", **SHORT)
        for control in controls.inputs:
            control.input(on_setting, controls.inputs, notice, trigger_mode="always_last", **SHORT)
        controls.strategy.change(left.on_strategy, controls.strategy, [controls.blurb, *controls.knobs], **SHORT)
        pace.input(on_pace(visitors), pace, trigger_mode="always_last", **SHORT)
        tree.node_click(on_select, None, inspector, trigger_mode="always_last", **SHORT)
        for panel in (inspector, solutions, log):
            panel.click(on_select, None, inspector, trigger_mode="always_last", **SHORT)
        theme.click(None, js=FLIP_THEME)
        page.unload(lambda request: visitors.leave(key_of(request)))
    return page


def key_of(request: gr.Request) -> str:
    """The unguessable key of the visitor's tab."""
    return request.session_hash or ""


def warning(text: str) -> str:
    return html('<p class="notice" role="status">{}</p>').format(text) if text else ""
