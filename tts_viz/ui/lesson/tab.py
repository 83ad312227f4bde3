"""The lesson tab: a guided tour of eight live searches, and an exercise. Its texts and searches are in `tts_viz.lesson`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from tts_viz.errors import CrowdedError, EngineError
from tts_viz.lesson import exercise, outcomes
from tts_viz.lesson.outcomes import Before
from tts_viz.lesson.steps import EXERCISE, PACE, POLICY, STEPS, VERIFIER, Trial
from tts_viz.ui.components.events import LIVE, SHORT, key_of, on, payload, warning
from tts_viz.ui.components.scrubber import Scrubber
from tts_viz.ui.components.tree_view import TreeView
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.status import STARTING
from tts_viz.ui.lesson.exercise import ExercisePanel, build_exercise_panel, wire_exercise
from tts_viz.ui.lesson.nav import LessonGo, LessonNav, place
from tts_viz.ui.lesson.stage import LessonStage, blank
from tts_viz.ui.lesson.text import LessonText, findings, step_text
from tts_viz.ui.panels.build import build_panel, named
from tts_viz.ui.runs.follow import wire_watching
from tts_viz.ui.runs.start import begin_with
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.search.open_run import wire_opening
from tts_viz.ui.search.tab import SearchTab

ABSENT = (
    f"The lesson was made for the models that come with tts_viz, {POLICY} and {VERIFIER}, and this page was started with others. "
    "Start it without --policy and --verifier to take the lesson."
)


def build_lesson_tab(visitors: Visitors, models: OfferedModels, search: SearchTab, tabs: gr.Tabs) -> None:
    """Lay out the tab in the current container and connect its events."""
    if POLICY not in models.policies or VERIFIER not in models.verifiers:
        gr.HTML(warning(ABSENT), apply_default_css=False)
        return
    nav = LessonNav([*(step.title for step in STEPS), exercise.TITLE], elem_id="lesson-nav")
    with gr.Row(elem_id="lesson-stage", equal_height=False):
        with gr.Column(scale=5, min_width=320, elem_id="lesson-words"):
            text = LessonText(step_text(1), elem_id="lesson-text")
            with gr.Column(elem_id="lesson-do"):
                buttons = [
                    gr.Button(elem_id=f"lesson-do-{i}", variant="primary", **_button(1, i))
                    for i in range(max(len(step.trials) for step in STEPS))
                ]
            desk = build_exercise_panel()
            status = gr.HTML("", elem_id="lesson-status", apply_default_css=False)
            feedback = gr.HTML("", elem_id="lesson-said", apply_default_css=False)
            with gr.Row(elem_id="lesson-way"):
                back = gr.Button("← Back", elem_id="lesson-back", interactive=False, min_width=100)
                onward = gr.Button("Next →", elem_id="lesson-next", min_width=100)
        with gr.Column(scale=8, min_width=320, elem_id="lesson-tree-side"):
            parts: dict[str, Any] = {"status": status, "tree": TreeView(press="Do it", elem_id="lesson-tree")}
            parts["scrubber"] = Scrubber(elem_id="lesson-scrubber")
            with gr.Row(equal_height=False, elem_id="lesson-below"):
                for name in named("lesson"):
                    with gr.Column(min_width=300):
                        parts[name] = build_panel(name, "lesson-")
            further = gr.Button("Go on with this run in the Search tab", elem_id="lesson-open", size="sm")
    lesson = LessonStage(visitors, nav, parts, feedback)
    at, seen = gr.State(1), gr.State({})
    _wire_steps(lesson, models, buttons, at, seen)
    _wire_way(lesson, text, buttons, desk, (back, onward), at)
    wire_exercise(lesson, models, desk)
    wire_watching(visitors, parts, "lesson")

    def this_run(key: str, event: gr.EventData) -> tuple[str | None, None]:
        view = visitors.view(key, "lesson")
        return (view.saved if view else None), None

    wire_opening(further.click, this_run, visitors, models, search, tabs)


def follow_lesson_link(request: gr.Request) -> Any:
    """`?lesson=4` opens the tab; the tab's script reads the step from the address."""
    return gr.Tabs(selected="learn") if request.query_params.get("lesson") else gr.skip()


def _button(number: int, i: int) -> dict[str, Any]:
    """Properties of the i-th button that starts a search, in this step."""
    trials = STEPS[number - 1].trials if number <= len(STEPS) else ()
    if i >= len(trials):
        return {"value": "Do it", "visible": False}
    label = trials[i].label
    return {"value": f"▶ {'Then' if i else 'Do it'}: {label[:1].lower()}{label[1:]}", "visible": True}


def _wire_steps(
    lesson: LessonStage, models: OfferedModels, buttons: list[gr.Button], at: gr.State, seen: gr.State
) -> None:
    def started(key: str, trial: Trial) -> View:
        return begin_with(
            lesson.visitors, models, key, trial.ask(), trial.settings(), POLICY, VERIFIER, PACE, place="lesson"
        )

    def handler(i: int) -> Any:
        async def on_do(number: Any, seen: dict[str, Before], request: gr.Request) -> AsyncIterator[list[Any]]:
            nothing = [gr.skip()] * len(lesson.parts)
            if not (isinstance(number, int) and 1 <= number <= len(STEPS) and i < len(STEPS[number - 1].trials)):
                yield [gr.skip(), gr.skip(), *nothing]
                return
            step, key = STEPS[number - 1], key_of(request)
            yield [gr.skip(), "", STARTING, *nothing[1:]]
            try:
                view = await asyncio.to_thread(started, key, step.trials[i])
            except (ValueError, CrowdedError, EngineError, OSError) as error:
                yield [gr.skip(), warning(str(error)), "", *nothing[1:]]
                return
            async for update, outcome in lesson.shown(key, view, number):
                if outcome:
                    sentences = await asyncio.to_thread(step.trials[i].reading, outcome, dict(seen))
                    seen[outcomes.key_of(outcome)] = outcomes.remembered(outcome)
                    last = i == len(step.trials) - 1
                    update[0] = place(number, [number] if last else [])
                    update[1] = findings(sentences, step if last else None)
                yield update

        return on_do

    for i, button in enumerate(buttons):
        button.click(handler(i), [at, seen], lesson.moving, **LIVE)


def _wire_way(
    lesson: LessonStage,
    text: LessonText,
    buttons: list[gr.Button],
    desk: ExercisePanel,
    way: tuple[gr.Button, gr.Button],
    at: gr.State,
) -> None:
    """Connect the controls that go from step to step."""
    back, onward = way
    outputs = [*lesson.moving, text, *buttons, desk.column, back, onward, at]

    def go_to(key: str, number: Any) -> list[Any]:
        if not isinstance(number, int) or not 1 <= number <= EXERCISE:
            return [gr.skip()] * len(outputs)
        lesson.visitors.put_away(key, "lesson")
        return [
            place(number),
            "",
            *blank(lesson.parts),
            step_text(number),
            *(gr.update(**_button(number, i)) for i in range(len(buttons))),
            gr.update(visible=number == EXERCISE),
            gr.update(value="← Back", interactive=number > 1),
            gr.update(value="Next →", interactive=number < EXERCISE),
            number,
        ]

    def on_go(request: gr.Request, event: gr.EventData) -> list[Any]:
        return go_to(key_of(request), payload(event, LessonGo).step)

    def on_back(number: Any, request: gr.Request) -> list[Any]:
        return go_to(key_of(request), number - 1 if isinstance(number, int) else None)

    def on_onward(number: Any, request: gr.Request) -> list[Any]:
        return go_to(key_of(request), number + 1 if isinstance(number, int) else None)

    on(lesson.nav, "go")(on_go, None, outputs, trigger_mode="always_last", **SHORT)
    back.click(on_back, at, outputs, trigger_mode="always_last", **SHORT)
    onward.click(on_onward, at, outputs, trigger_mode="always_last", **SHORT)
