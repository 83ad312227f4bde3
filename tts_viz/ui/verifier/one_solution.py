"""Examines one solution: typed, pasted or sampled, then scored and edited step by step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.errors import EngineError
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem
from tts_viz.ui.components.events import SHORT, on, payload, warning
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html, join
from tts_viz.ui.verifier.jobs import VerifierTabState
from tts_viz.ui.verifier.samples import one_solution
from tts_viz.ui.verifier.step_table import StepsEdit, StepTable, step_table
from tts_viz.verifier_eval.examine import Examined, examine
from tts_viz.verifier_eval.solution import Reading, SolutionUnderTest, read_solution, read_steps

ASKING: dict[str, Any] = {"concurrency_limit": 4, "show_progress": "hidden", "api_visibility": "private"}
"""Options of events that call a model once."""

SLIPS = {"Make 22 from 1 4 9 17": "9*1=9 left 4 9 17\n9-4=5 left 5 17\n17+5=23 left 23"}
"""From a problem to the solution shown with it at first; its last step is false."""


@dataclass(frozen=True, slots=True)
class SolutionDesk:
    """`seen`: the last examination, with which the next one is compared."""

    bench: VerifierTabState
    task: gr.Radio
    problem: gr.Textbox
    solution: gr.Textbox
    verifiers: gr.CheckboxGroup
    notice: gr.HTML
    steps: StepTable
    seen: gr.State

    @property
    def showing(self) -> list[Any]:
        return [self.task, self.problem, self.solution, self.notice, self.steps, self.seen]

    async def show(self, reading: Reading, names: Any, before: Examined | None) -> list[Any]:
        """Examine this solution; returns updates of `showing`. Raises ValueError."""
        solution = reading.solution
        now = await asyncio.to_thread(_examined, self.bench, solution, names)
        completed = join(
            html('<p class="note">Step {}: “{}” was read as “{}”.</p>').format(i + 1, typed, solution.steps[i])
            for i, typed in reading.completed
        )
        text = ("\n\n" if any("\n" in step for step in solution.steps) else "\n").join(solution.steps)
        return [solution.problem.task, gr.skip(), text, completed, step_table(now, before), now]


def _examined(bench: VerifierTabState, solution: SolutionUnderTest, names: Any) -> Examined:
    if not isinstance(names, list) or not names:
        raise ValueError("Choose at least one verifier.")
    return examine(solution, {name: bench.models.verifier(name) for name in names}, bench.score_cache)


def build_desk(bench: VerifierTabState) -> SolutionDesk:
    """Lay it out in the current container and connect its events."""
    models = bench.models
    offered = [get_task(name) for name in models.tasks]
    with gr.Row(elem_id="bench-pick", equal_height=True):
        task = problem_form.build_task_choice(models.tasks, "bench-task")
        level = gr.Radio(elem_id="bench-level", scale=0, min_width=320, **problem_form.levels_of(offered[0]))
        problem = problem_form.build_problem_text(offered, "bench-problem")
        another = gr.Button("Another one", elem_id="bench-another", scale=0, min_width=120)
    with gr.Row(equal_height=True, elem_id="bench-typing"):
        solution = gr.Textbox(
            SLIPS.get(str(problem.value), ""), label="Solution, one step a line (or paragraphs, parted by empty lines)",
            elem_id="bench-solution-text", lines=5, max_lines=12, max_length=20_000, scale=3, min_width=300,
        )  # fmt: skip
        with gr.Column(scale=2, min_width=280):
            verifiers = gr.CheckboxGroup(
                list(models.verifiers),
                value=list(models.verifiers[:1]),
                label="Verifiers to ask",
                elem_id="bench-verifiers",
            )
            with gr.Row():
                score = gr.Button("Score its steps", variant="primary", elem_id="bench-score", min_width=140)
                sample = gr.Button("Sample a solution", elem_id="bench-sample", min_width=140)
    notice = gr.HTML("", elem_id="bench-notice", apply_default_css=False)
    desk = SolutionDesk(
        bench, task, problem, solution, verifiers, notice, StepTable(elem_id="bench-steps"), gr.State(None)
    )
    _wire_problems(desk, level, another, sample)
    _wire_scores(desk, score)
    return desk


def _wire_problems(desk: SolutionDesk, level: gr.Radio, another: gr.Button, sample: gr.Button) -> None:
    models = desk.bench.models

    def on_another(task: Any, level: Any) -> list[Any]:
        return [*problem_form.drawn(get_task(task), level), ""] if task in models.tasks else [gr.skip()] * 3

    def on_task(task: Any, level: Any) -> list[Any]:
        if task not in models.tasks:
            return [gr.skip()] * 4
        levels = problem_form.levels_of(get_task(task), level)
        return [gr.update(**levels), *on_another(task, levels["value"])]

    drawing = [desk.problem, desk.notice, desk.solution]
    desk.task.input(on_task, [desk.task, level], [level, *drawing], **SHORT)
    for changed in (level.input, another.click):
        changed(on_another, [desk.task, level], drawing, **SHORT)

    async def on_sample(task: Any, text: Any, names: Any) -> list[Any]:
        try:
            problem = _problem(models, task, text)
            steps = await one_solution(desk.bench, problem)
            if not steps:
                raise ValueError("The policy had nothing to say to this problem.")
            return await desk.show(Reading(SolutionUnderTest(problem, tuple(steps))), names, None)
        except (ValueError, EngineError) as error:
            return _refused(desk, error)

    sample.click(on_sample, [desk.task, desk.problem, desk.verifiers], desk.showing, **ASKING)


def _wire_scores(desk: SolutionDesk, score: gr.Button) -> None:
    async def on_score(task: Any, text: Any, typed: Any, names: Any, seen: Examined | None) -> list[Any]:
        try:
            problem = _problem(desk.bench.models, task, text)
            return await desk.show(read_solution(problem, str(typed or "")), names, seen)
        except (ValueError, EngineError) as error:
            return _refused(desk, error)

    score.click(on_score, [desk.task, desk.problem, desk.solution, desk.verifiers, desk.seen], desk.showing, **ASKING)

    async def on_edit(names: Any, seen: Examined | None, event: gr.EventData) -> list[Any]:
        steps = payload(event, StepsEdit).steps
        if seen is None:
            return [gr.skip()] * len(desk.showing)
        try:
            return await desk.show(read_steps(seen.solution.problem, steps), names, seen)
        except (ValueError, EngineError) as error:
            return _refused(desk, error)

    on(desk.steps, "edit")(on_edit, [desk.verifiers, desk.seen], desk.showing, **ASKING)

    async def on_verifiers(names: Any, seen: Examined | None) -> list[Any]:
        if seen is None:
            return [gr.skip()] * len(desk.showing)
        try:
            return await desk.show(Reading(seen.solution), names, None)
        except (ValueError, EngineError) as error:
            return _refused(desk, error)

    desk.verifiers.input(on_verifiers, [desk.verifiers, desk.seen], desk.showing, **ASKING)


def _problem(models: OfferedModels, task: Any, text: Any) -> Problem:
    """The typed problem. Raises ValueError with a message for the visitor."""
    return problem_form.read(models.tasks, task, text)


def _refused(desk: SolutionDesk, error: Exception) -> list[Any]:
    notice = warning(str(error))
    return [notice if part is desk.notice else gr.skip() for part in desk.showing]
