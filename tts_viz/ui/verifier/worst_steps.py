"""The steps that a verifier gets most wrong, among fresh samples or the visitor's own runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tts_viz.core.events import NodeId
from tts_viz.errors import EngineError
from tts_viz.tasks import error_kinds, get_task
from tts_viz.tasks.base import Task
from tts_viz.tasks.ready_made import unseen
from tts_viz.traces.entry import RunId
from tts_viz.ui.components.events import LIVE, POLL, SHORT, key_of, on, payload, warning
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.forms.strategy import whole
from tts_viz.ui.html.markup import html
from tts_viz.ui.search.open_run import wire_opening
from tts_viz.ui.search.tab import SearchTab
from tts_viz.ui.verifier.jobs import Job, VerifierTabState
from tts_viz.ui.verifier.one_solution import ASKING, SolutionDesk
from tts_viz.ui.verifier.samples import MOST_PROBLEMS, MOST_RUNS, MOST_SAMPLES, kept, sampled
from tts_viz.ui.verifier.worst_list import ORDERS, FoundStep, StepOfRun, WorstList, WorstSteps, worst_list
from tts_viz.verifier_eval.misjudged import Path, distinct, steps_of
from tts_viz.verifier_eval.score_cache import Scores
from tts_viz.verifier_eval.solution import Reading

FRESH, MINE = "Fresh samples", "My runs"
NOBODY = "none"
ANY = "any"

BATCH = 16
"""Solutions scored in one call; between two batches, other work gets its turn."""


@dataclass(frozen=True, slots=True)
class Finder:
    """`found`: the result of this visitor's last examination, or None."""

    bench: VerifierTabState
    source: gr.Radio
    what: list[Any]
    order: gr.Radio
    kind: gr.Dropdown
    status: gr.HTML
    listed: WorstList
    found: gr.State


def build_finder(bench: VerifierTabState) -> tuple[Finder, gr.Button, gr.Button]:
    """Lay it out in the current container; returns the finder and its buttons Find and Cancel."""
    models = bench.models
    others = [name for name in models.verifiers[1:] if name != "oracle"]
    ready = [name for name in models.tasks if get_task(name).levels] or list(models.tasks)
    with gr.Row(equal_height=True, elem_id="find-what"):
        source = gr.Radio(
            [FRESH, MINE], value=FRESH, label=f"Sampled now on problems not trained on, or your {MOST_RUNS} newest runs",
            elem_id="find-source", scale=2, min_width=340,
        )  # fmt: skip
        task = gr.Dropdown(
            [(get_task(name).title, name) for name in ready], value=ready[0], label="Puzzle",
            elem_id="find-task", filterable=False, min_width=130,
        )  # fmt: skip
        level = gr.Dropdown(
            elem_id="find-level", filterable=False, min_width=80,
            **problem_form.levels_of(get_task(ready[0]), brief=True),
        )  # fmt: skip
        problems = gr.Slider(1, MOST_PROBLEMS, 4, step=1, label="Problems", elem_id="find-problems", min_width=190)
        samples = gr.Slider(1, MOST_SAMPLES, 8, step=1, label="Samples of each", elem_id="find-samples", min_width=220)
    with gr.Row(equal_height=True, elem_id="find-whom"):
        name = gr.Dropdown(
            list(models.verifiers), value=models.verifiers[0], label="Verifier", elem_id="find-verifier", filterable=False,
            min_width=180,
        )  # fmt: skip
        other = gr.Dropdown(
            [NOBODY, *models.verifiers], value=others[0] if others else NOBODY, label="Second verifier, to compare with",
            elem_id="find-other", filterable=False, min_width=180,
        )  # fmt: skip
        begin = gr.Button("Find", variant="primary", elem_id="find", scale=0, min_width=130)
        cancel = gr.Button("Cancel", elem_id="find-cancel", scale=0, min_width=130)
    status = gr.HTML("", elem_id="find-status", apply_default_css=False)
    with gr.Row(equal_height=True):
        order = gr.Radio(
            list(ORDERS), value=next(iter(ORDERS)), label="List", elem_id="find-order", scale=3, min_width=300
        )
        kind = gr.Dropdown(
            [("any error", ANY), *((words, kind) for kind, words in error_kinds(models.tasks).items())], value=ANY,
            label="Kind of error", elem_id="find-kind", filterable=False, scale=1, min_width=180,
        )  # fmt: skip
    listed = WorstList(elem_id="find-list")
    what = [source, task, level, problems, samples, name, other]
    return Finder(bench, source, what, order, kind, status, listed, gr.State(None)), begin, cancel


def wire_finder(
    finder: Finder,
    begin: gr.Button,
    cancel: gr.Button,
    desk: SolutionDesk,
    inner: gr.Tabs,
    search: SearchTab,
    tabs: gr.Tabs,
) -> None:
    """Connect the events. `inner`: the tabs inside the verifier tab; the desk is in "bench-one". `tabs`: those of the page."""
    bench = finder.bench
    fresh = finder.what[1:5]
    finder.source.input(
        lambda source: [gr.update(interactive=source == FRESH)] * len(fresh), finder.source, fresh, **SHORT
    )

    def on_task(task: Any, level: Any) -> Any:
        if task not in bench.models.tasks:
            return gr.skip()
        return gr.update(**problem_form.levels_of(get_task(task), level, brief=True))

    task, level = finder.what[1:3]
    task.input(on_task, [task, level], level, **SHORT)

    async def on_find(request: gr.Request, order: Any, kind: Any, *values: Any) -> AsyncIterator[list[Any]]:
        key = key_of(request)
        job = bench.jobs.begin(key)
        try:
            async with aclosing(_examination(bench, key, job, values)) as progress:
                async for update in progress:
                    if isinstance(update, WorstSteps):
                        yield [_done(update), _list(update, order, kind), update]
                    else:
                        yield [update, gr.skip(), gr.skip()]
        except (ValueError, KeyError, RuntimeError, OSError) as error:  # CrowdedError and EngineError are RuntimeErrors
            yield [warning(str(error)), gr.skip(), gr.skip()]
        finally:
            bench.jobs.end(key, job)

    moving = [finder.status, finder.listed, finder.found]
    begin.click(on_find, [finder.order, finder.kind, *finder.what], moving, **LIVE)

    def on_cancel(request: gr.Request) -> None:
        bench.jobs.cancel(key_of(request))

    cancel.click(on_cancel, trigger_mode="multiple", **SHORT)

    def on_list(order: Any, kind: Any, found: WorstSteps | None) -> Any:
        return gr.skip() if found is None else _list(found, order, kind)

    for changed in (finder.order, finder.kind):
        changed.input(
            on_list, [finder.order, finder.kind, finder.found], finder.listed, trigger_mode="always_last", **SHORT
        )

    async def on_examine(found: WorstSteps | None, names: Any, event: gr.EventData) -> list[Any]:
        index = payload(event, FoundStep).index
        if found is None or not 0 <= index < len(found.steps):
            return [gr.skip()] * (2 + len(desk.showing))
        solution = found.steps[index].solution
        wanted = list(dict.fromkeys([found.name, *([found.other] if found.other else []), *(names or [])]))
        try:
            shown = await desk.show(Reading(solution), wanted, None)
        except (ValueError, EngineError) as error:
            return [
                gr.skip(),
                gr.skip(),
                *[warning(str(error)) if p is desk.notice else gr.skip() for p in desk.showing],
            ]
        shown[desk.showing.index(desk.problem)] = solution.problem.question
        return [gr.Tabs(selected="bench-one"), wanted, *shown]

    on(finder.listed, "examine")(
        on_examine, [finder.found, desk.verifiers], [inner, desk.verifiers, *desk.showing], **ASKING
    )

    def wish(key: str, event: gr.EventData) -> tuple[RunId | None, NodeId | None]:
        step = payload(event, StepOfRun)
        return step.run, step.node

    wire_opening(on(finder.listed, "open"), wish, bench.visitors, bench.models, search, tabs)


async def _examination(
    bench: VerifierTabState, key: str, job: Job, values: tuple[Any, ...]
) -> AsyncGenerator[str | WorstSteps]:
    """Yields lines of progress and, unless cancelled, the result at the end."""
    source, task, level, problems, samples, name, other = values
    names = _verifiers(bench.models, name, other)
    async for waiting in turn(bench, job):
        yield waiting
    paths: list[Path] = []
    if source == MINE:
        yield _progress_line("Reading your runs …")
        paths = await asyncio.to_thread(kept, bench, key)
        if not paths:
            raise ValueError(f"There is no run with steps of yours yet: search first, or examine “{FRESH.lower()}”.")
    else:
        chosen = await asyncio.to_thread(
            unseen, *_task_and_level(bench.models, task, level), _within(problems, MOST_PROBLEMS)
        )
        samples = _within(samples, MOST_SAMPLES)
        async with aclosing(sampled(bench, key, job, chosen, samples, names[0], paths)) as progress:
            async for done in progress:
                yield _progress_line(f"Sampling: problem {min(done + 1, len(chosen))} of {len(chosen)} …")
    paths = distinct(paths)
    scores: dict[str, list[Scores]] = {}
    for name in names:
        verifier = await asyncio.to_thread(bench.models.verifier, name)
        scores[name] = []
        for i in range(0, len(paths), BATCH):
            if job.cancelled:
                yield _progress_line("Cancelled.")
                return
            yield _progress_line(f"{name} reads solution {i + 1} of {len(paths)} …")
            batch = [path.solution for path in paths[i : i + BATCH]]
            scores[name] += await asyncio.to_thread(bench.score_cache.scores, name, verifier, batch)
    if job.cancelled:
        yield _progress_line("Cancelled.")
        return
    steps = await asyncio.to_thread(steps_of, paths, scores)
    yield WorstSteps(tuple(steps), names[0], names[1] if len(names) > 1 else None)


async def turn(bench: VerifierTabState, job: Job) -> AsyncIterator[str]:
    """Waits until this job may run; yields messages meanwhile."""
    while (before := bench.jobs.before(job)) and not job.cancelled:
        yield _progress_line(f"Others are examining verifiers; {before} of them must end first …")
        await asyncio.sleep(POLL * 5)


def _verifiers(models: OfferedModels, name: Any, other: Any) -> list[str]:
    """The chosen verifiers. Raises ValueError for one that is not on the list."""
    names = [name] if other in (NOBODY, name) else [name, other]
    for one in names:
        if one not in models.verifiers:
            raise ValueError("Choose the verifiers from the lists.")
    return names


def _task_and_level(models: OfferedModels, task: Any, level: Any) -> tuple[Task, int]:
    if task not in models.tasks or level not in get_task(task).levels:
        raise ValueError("Choose a puzzle and a level from the lists.")
    return get_task(task), level


def _within(value: Any, most: int) -> int:
    """A slider's value, limited to 1 … `most` because a browser can send anything."""
    return max(1, min(most, whole(value)))


def _progress_line(text: str) -> str:
    return html('<p class="note" role="status">{}</p>').format(text)


def _done(found: WorstSteps) -> str:
    runs = len({step.run for step in found.steps})
    return _progress_line(
        f"{len(found.steps)} different steps of {runs} run{'s' * (runs != 1)}, which are kept in the tab Runs."
    )


def _list(found: WorstSteps, order: Any, kind: Any) -> Any:
    chosen = kind if isinstance(kind, str) and kind in error_kinds() else None
    try:
        return worst_list(found, ORDERS.get(order, "overrated"), chosen)
    except ValueError as error:
        return warning(str(error))
