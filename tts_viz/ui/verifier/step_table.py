"""A solution under examination as a gradio component: each step in an editable field, with its truth and its scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz.render.javascript import component
from tts_viz.tasks.base import StepTruth
from tts_viz.ui.components.events import Payload
from tts_viz.ui.html.markup import html, join, score_chip
from tts_viz.ui.html.solution_list import TRUTH
from tts_viz.verifier_eval.examine import Examined, is_good, moved

EMPTY = html(
    '<p class="note">Type a problem and a solution, one step a line, or take a sampled one. Each step is then shown with what '
    "every chosen verifier says of it, beside what is true.</p>"
)


class StepsEdit(Payload):
    """The texts of all fields, without empty ones."""

    steps: list[str]


class StepTable(gr.HTML):
    """`edit` carries a `StepsEdit`."""

    EVENTS = ["edit"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            EMPTY, js_on_load=component(Path(__file__).with_name("step_table.js")), apply_default_css=False, **kwargs
        )


def step_table(now: Examined, before: Examined | None) -> Markup:
    """One row per step, with a field for one more; if an edit changed a score, also the previous score and the difference."""
    names = list(now.scores)
    was = {name: moved(before, now, name) for name in names}
    heads = join(
        html('<th title="How likely {0} thinks a right end, up to this step.">{0}</th>').format(n) for n in names
    )
    rows = join(
        html("<tr><td>{}</td><td>{}</td><td>{}</td>{}</tr>").format(
            i + 1,
            _field(text, f"Step {i + 1}"),
            truth_cell(now.truths[i] if now.truths else None),
            join(_score(name, now.scores[name][i], was[name][i]) for name in names),
        )
        for i, text in enumerate(now.solution.steps)
    )
    one_more = html('<tr class="more"><td></td><td>{}</td><td></td>{}</tr>').format(
        _field("", "Add a step"), html("<td></td>") * len(names)
    )
    refused = join(html('<p class="notice">{}: {}</p>').format(n, reason) for n, reason in now.refusals.items())
    return html(
        '<div class="examined">{}{}<table><thead><tr><th></th><th title="Edit a step and press Enter: the scores move.">Step '
        '<small>edit me</small></th><th title="From the exact checker, which no verifier sees.">Truth</th>{}</tr></thead>'
        "<tbody>{}{}</tbody></table></div>"
    ).format(_verdict(now), refused, heads, rows, one_more)


def _field(text: str, label: str) -> Markup:
    """A text field; a step of several lines, as in MATH-500, gets a field of several lines."""
    lines = text.count("\n") + 1
    if lines == 1 and len(text) < 80:
        return html('<input class="step-text" value="{}" placeholder="{}" aria-label="{}" maxlength="2000">').format(
            text, "" if text else label + " …", label
        )
    return html('<textarea class="step-text" rows="{}" aria-label="{}" maxlength="2000">{}</textarea>').format(
        max(lines, 1 + len(text) // 60), label, text
    )


def truth_cell(truth: StepTruth | None) -> Markup:
    """✓, ✗ or the bar of a lost goal, and the reason."""
    if truth is None:
        return html('<span class="note">not known</span>')
    kind, mark = ("true", "✓") if is_good(truth) else ("lost", "▮") if truth.valid else ("false", "✗")
    return html('<span class="truth {}"><b>{}</b> {}</span>').format(kind, mark, truth.reason)


def _score(name: str, score: float, was: float | None) -> Markup:
    change = Markup("")
    if was is not None:
        up = "▲" if score > was else "▼" if score < was else "="
        change = html('<span class="moved" title="Before the edit it was {:.2f}.">was {:.2f} {}{:.2f}</span>').format(
            was, was, up, abs(score - was)
        )
    return html('<td data-name="{}">{}{}</td>').format(name, score_chip(score, f"{name}: {score:.4f}"), change)


def _verdict(now: Examined) -> Markup:
    """Whether the solution is right, which step is the first bad one, and which one each verifier doubts first."""
    mark, verdict = TRUTH[now.right]
    first = None
    sentence = html('<span class="mark {}">{}</span>').format(
        mark, f"{verdict} as a whole." if now.right is not None else ""
    )
    if now.truths is not None:
        first = next((i for i, t in enumerate(now.truths) if not is_good(t)), None)
        what = "All its steps are good" if first is None else f"Step {first + 1} is the first bad one"
        sentence += html(" {}").format(f"{what}.")
    doubts = join(
        html("<li><b>{}</b> {}</li>").format(name, _doubt(scores, first, now.truths is not None))
        for name, scores in now.scores.items()
    )
    return html('<div class="verdict"><p>{}</p><ul>{}</ul></div>').format(sentence, doubts)


def _doubt(scores: tuple[float, ...], first: int | None, known: bool) -> str:
    doubted = next((i for i, score in enumerate(scores) if score < 0.5), None)
    belief = "believes every step (½ or more)" if doubted is None else f"doubts first at step {doubted + 1} (under ½)"
    if not known:
        return f"{belief}."
    if doubted == first:
        return f"{belief}: that is so."
    if doubted is None:
        return f"{belief}: it is fooled from step {(first or 0) + 1} on."
    if first is None:
        return f"{belief}, and is wrong to."
    return f"{belief}: {'too early' if doubted < first else 'too late'}."
