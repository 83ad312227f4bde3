"""The lesson's exercise: three sums and one shared budget. The learner chooses how to search, and a check grades the results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr

from tts_viz.errors import CrowdedError, EngineError
from tts_viz.lesson import exercise
from tts_viz.lesson.exercise import Attempts
from tts_viz.lesson.outcomes import Outcome
from tts_viz.lesson.steps import EXERCISE, PACE, POLICY, VERIFIER
from tts_viz.strategies import STRATEGIES
from tts_viz.strategies.defaults import GREEDY
from tts_viz.ui.components.events import LIVE, SHORT, key_of, warning
from tts_viz.ui.forms import strategy as strategy_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.status import STARTING
from tts_viz.ui.lesson.nav import place
from tts_viz.ui.lesson.stage import LessonStage, outcome_of
from tts_viz.ui.lesson.text import board, judged
from tts_viz.ui.runs.start import begin_with
from tts_viz.ui.runs.view import View

EMPTY_PURSE = f"All {exercise.PURSE} generations are spent. Press Check to see what they bought, or Start over."


@dataclass(slots=True)
class ExerciseState:
    """One learner's exercise: the attempts so far and the run under way."""

    attempts: Attempts = field(default_factory=Attempts)
    problem: int = 0
    view: View | None = None

    def settle(self, outcome: Outcome | None) -> None:
        """End the run under way and record its outcome as an attempt; its cost counts however it ended."""
        if self.view is not None and outcome is not None:
            self.attempts.made.append(exercise.attempt(self.problem, outcome))
        self.view = None


@dataclass(frozen=True, slots=True)
class ExercisePanel:
    column: gr.Column
    sums: gr.Radio
    chooser: strategy_form.Chooser
    run: gr.Button
    check: gr.Button
    over: gr.Button
    board: gr.HTML
    desk: gr.State


def build_exercise_panel() -> ExercisePanel:
    """Lay it out in the current container, hidden."""
    with gr.Column(visible=False, elem_id="exercise") as column:
        sums = gr.Radio(
            [(p.question.removeprefix("Evaluate "), i) for i, p in enumerate(exercise.problems())],
            value=0,
            label="Sum",
            elem_id="exercise-sum",
        )
        chooser = strategy_form.build_chooser(GREEDY, "exercise-")
        with gr.Row():
            run = gr.Button("▶ Run it", variant="primary", elem_id="exercise-run", min_width=110)
            check = gr.Button("Check", elem_id="exercise-check", min_width=90)
            over = gr.Button("Start over", elem_id="exercise-over", min_width=90)
        shown = gr.HTML(board(Attempts()), elem_id="exercise-board", apply_default_css=False)
        with gr.Accordion("A hint", open=False, elem_id="exercise-hint"):
            gr.Markdown(exercise.HINT)
    return ExercisePanel(column, sums, chooser, run, check, over, shown, gr.State(ExerciseState()))


def wire_exercise(lesson: LessonStage, models: OfferedModels, panel: ExercisePanel) -> None:
    """Connect the exercise's buttons; its searches are shown in the lesson's tree."""

    def started(key: str, desk: ExerciseState, number: Any, chosen: tuple[Any, ...]) -> View:
        if desk.view is not None:
            lesson.visitors.put_away(key, "lesson")
            desk.settle(outcome_of(desk.view))
        if not isinstance(number, int) or not 0 <= number < len(exercise.PLACES):
            raise ValueError("Choose one of the sums.")
        if not desk.attempts.left:
            raise ValueError(EMPTY_PURSE)
        entry = STRATEGIES.get(chosen[0])
        vote = "majority" if entry and not entry.verified else "weighted"
        settings = replace(strategy_form.settings([*chosen, desk.attempts.left, 1.0, "last", vote]), seed=0)
        problem = exercise.problems()[number]
        view = begin_with(lesson.visitors, models, key, problem, settings, POLICY, VERIFIER, PACE, place="lesson")
        desk.problem, desk.view = number, view
        return view

    async def on_run(desk: ExerciseState, number: Any, request: gr.Request, *chosen: Any) -> AsyncIterator[list[Any]]:
        key, nothing = key_of(request), [gr.skip()] * len(lesson.parts)
        yield [gr.skip(), "", STARTING, *nothing[1:], gr.skip()]
        try:
            view = await asyncio.to_thread(started, key, desk, number, chosen)
        except (ValueError, CrowdedError, EngineError, OSError) as error:
            yield [gr.skip(), warning(str(error)), "", *nothing[1:], board(desk.attempts)]
            return
        async for update, outcome in lesson.shown(key, view, EXERCISE):
            if outcome and desk.view is view:
                await asyncio.to_thread(desk.settle, outcome)
                yield [*update, board(desk.attempts)]
            else:
                yield [*update, gr.skip()]

    panel.run.click(on_run, [panel.desk, panel.sums, *panel.chooser.inputs], [*lesson.moving, panel.board], **LIVE)

    def settled(desk: ExerciseState, key: str) -> None:
        if desk.view is not None:
            lesson.visitors.put_away(key, "lesson")
            desk.settle(outcome_of(desk.view))

    def on_check(desk: ExerciseState, request: gr.Request) -> tuple[Any, ...]:
        settled(desk, key_of(request))
        verdict = exercise.check(desk.attempts)
        return place(EXERCISE, [EXERCISE] if verdict.passed else []), judged(verdict), board(desk.attempts)

    panel.check.click(
        on_check, panel.desk, [lesson.nav, lesson.feedback, panel.board], trigger_mode="multiple", **SHORT
    )

    def on_over(desk: ExerciseState, request: gr.Request) -> tuple[Any, ...]:
        settled(desk, key_of(request))
        desk.attempts = Attempts()
        return "", board(desk.attempts)

    panel.over.click(on_over, panel.desk, [lesson.feedback, panel.board], trigger_mode="multiple", **SHORT)
