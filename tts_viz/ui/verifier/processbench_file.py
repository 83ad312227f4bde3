"""Measures a verifier on a visitor's file in ProcessBench's format. The file is read in memory and not stored."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz.ui.components.events import LIVE, SHORT, key_of, warning
from tts_viz.ui.html.markup import html, join
from tts_viz.ui.verifier.jobs import Job, VerifierTabState
from tts_viz.ui.verifier.worst_steps import BATCH, turn
from tts_viz.verifier_eval.processbench import By, Group, Report, ask, measure, read, share
from tts_viz.verifier_eval.score_cache import Scores

MOST = 400
"""Most solutions of a file that the page examines; the command line examines all."""

BY: dict[str, By] = {"Subset": "subset", "Generator": "generator"}

FORMAT = """One JSON object a line, or a list of them, as in [ProcessBench](https://huggingface.co/datasets/Qwen/ProcessBench):

`{"id": "gsm8k-0", "generator": "Qwen2-7B", "problem": "…", "steps": ["…", "…"], "final_answer_correct": false, "label": 1}`

`label` is the index of the first wrong step, from 0; −1 where all are right. Subsets are told apart by a field `subset`, or else
by how ids begin. At most 10 MB; of more than 400 solutions, 400 are drawn at random, always the same. A verifier is right about a
solution when the first step that it scores under a threshold is that step (or there is none). The threshold is the one with the
best F1 on a third of the problems, which are then not measured."""


def build_file_bench(bench: VerifierTabState) -> None:
    """Lay it out in the current container and connect its events."""
    models = bench.models
    with gr.Row(equal_height=True):
        file = gr.File(
            label="File (JSON or JSONL)", file_types=[".json", ".jsonl"], type="binary", elem_id="bench-file", height=130,
            scale=2, min_width=260,
        )  # fmt: skip
        with gr.Column(scale=3, min_width=280):
            with gr.Row(equal_height=True):
                name = gr.Dropdown(
                    list(models.verifiers), value=models.verifiers[0], label="Verifier", elem_id="file-verifier",
                    filterable=False, min_width=150,
                )  # fmt: skip
                by = gr.Radio(list(BY), value="Subset", label="Figures by", elem_id="file-by", min_width=230)
                threshold = gr.Textbox(
                    "", label="Threshold", placeholder="chosen", max_lines=1, max_length=10, elem_id="file-threshold",
                    min_width=90,
                )  # fmt: skip
            with gr.Row(equal_height=True):
                begin = gr.Button("Measure", variant="primary", elem_id="file-measure", min_width=120)
                cancel = gr.Button("Cancel", elem_id="file-cancel", min_width=120)
    status = gr.HTML("", elem_id="file-status", apply_default_css=False)
    shown = gr.HTML("", elem_id="file-report", apply_default_css=False)
    with gr.Accordion("What the file must look like, and what is measured", open=False):
        gr.Markdown(FORMAT)

    async def on_measure(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        key = key_of(request)
        job = bench.jobs.begin(key)
        try:
            async for progress, report in _measurement(bench, job, values):
                yield [progress, gr.skip() if report is None else report_table(report, str(values[1]))]
        except (ValueError, RuntimeError) as error:  # EngineError is a RuntimeError
            yield [warning(str(error)), ""]
        finally:
            bench.jobs.end(key, job)

    begin.click(on_measure, [file, name, by, threshold], [status, shown], **LIVE)

    def on_cancel(request: gr.Request) -> None:
        bench.jobs.cancel(key_of(request))

    cancel.click(on_cancel, trigger_mode="multiple", **SHORT)


async def _measurement(
    bench: VerifierTabState, job: Job, values: tuple[Any, ...]
) -> AsyncIterator[tuple[str, Report | None]]:
    """Yields lines of progress, and the report at the end. Raises ValueError and EngineError."""
    data, name, by, threshold = values
    if not isinstance(data, bytes):
        raise ValueError("Choose a file first.")
    if name not in bench.models.verifiers or by not in BY:
        raise ValueError("Choose from the lists.")
    given = _threshold(str(threshold or ""))
    entries = await asyncio.to_thread(read, data)
    drawn = share(entries, MOST)
    async for waiting in turn(bench, job):
        yield waiting, None
    verifier = await asyncio.to_thread(bench.models.verifier, name)
    scores: list[Scores | None] = []
    for i in range(0, len(drawn), BATCH):
        if job.cancelled:
            yield _progress_line("Cancelled."), None
            return
        yield _progress_line(f"{name} reads solution {i + 1} of {len(drawn)} …"), None
        scores += await asyncio.to_thread(ask, bench.score_cache, name, verifier, drawn[i : i + BATCH])
    report = await asyncio.to_thread(measure, drawn, scores, BY[by], given)
    some = f"{len(drawn)} of the file's {len(entries):,} solutions, drawn at random; the command line measures all: "
    all_of = f"{len(drawn)} solutions. The same in a terminal: "
    line = html(
        '<p class="note" role="status">{}<code>python -m tts_viz bench processbench FILE --verifier {}</code></p>'
    )
    yield line.format(some if len(drawn) < len(entries) else all_of, name), report


def _threshold(text: str) -> float | None:
    """The typed threshold; None if it is to be chosen. Raises ValueError unless it is a number from 0 to 1."""
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise ValueError("The threshold must be a number from 0 to 1; leave it empty to have it chosen.")
    return value


def _progress_line(text: str) -> str:
    return html('<p class="note" role="status">{}</p>').format(text)


def report_table(report: Report, name: str) -> Markup:
    groups = [*report.groups, *([report.total] if len(report.groups) > 1 else [])]
    rows = join(_row(group, total=group is report.total) for group in groups)
    how = f"chosen on {report.chosen_on} other solutions" if report.chosen_on else "as you gave it"
    average = "" if math.isnan(report.average) else f" The subsets' average F1 is {report.average:.3f}."
    measured = report.total.wrong + report.total.right
    lucky = (
        f" {report.lucky} of these {measured} solutions reach the right answer by a wrong step." if report.lucky else ""
    )
    unread = f" {report.unread} more could not be read by it (too long?) and are left out." if report.unread else ""
    return html(
        '<div class="report"><table><thead><tr><th>Subset</th><th title="Solutions with a wrong step">With an error</th>'
        '<th title="Solutions whose steps are all right">Without</th><th title="a: of the solutions with an error, the share in '
        'which exactly the first wrong step was found">Error found (a)</th><th title="b: of those without, the share in which '
        'no step was doubted">None found (b)</th><th title="The harmonic mean of both, 2ab/(a+b): high only when both are">F1'
        "</th></tr></thead><tbody>{}</tbody></table><p>{} takes a step for wrong when it scores it under <b>{:.3f}</b>, {}.{}{}{}"
        "</p></div>"
    ).format(rows, name, report.threshold, how, average, lucky, unread)


def _row(group: Group, total: bool) -> Markup:
    return html('<tr class="{}"><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>').format(
        "total" if total else "", group.name, group.wrong, group.right, _shown(group.found), _shown(group.spared),
        _shown(group.f1),
    )  # fmt: skip


def _shown(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
