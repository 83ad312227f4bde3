"""The list of steps that a verifier misjudges, as a gradio component; a row's buttons open or examine its step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gradio as gr
from markupsafe import Markup

from tts_viz.render.javascript import component
from tts_viz.tasks import ErrorKind, error_kinds
from tts_viz.ui.components.events import Payload
from tts_viz.ui.html.markup import html, join, score_chip
from tts_viz.ui.verifier.step_table import truth_cell
from tts_viz.verifier_eval.misjudged import JudgedStep, disagreements, overrated, separation, tallies, underrated

SHOWN = 20
"""Rows shown."""

Order = Literal["overrated", "underrated", "disagreements"]
ORDERS: dict[str, Order] = {
    "Overrated (bad steps it believes)": "overrated",
    "Underrated (good steps it doubts)": "underrated",
    "The two verifiers disagree": "disagreements",
}


class StepOfRun(Payload):
    run: str
    node: str


class FoundStep(Payload):
    """A step, by its index among all that were found."""

    index: int


class WorstList(gr.HTML):
    """`open` carries a `StepOfRun`, `examine` a `FoundStep`."""

    EVENTS = ["open", "examine"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "", js_on_load=component(Path(__file__).with_name("worst_list.js")), apply_default_css=False, **kwargs
        )


@dataclass(frozen=True, slots=True)
class WorstSteps:
    """The result of an examination. `other` is None if there was only one verifier."""

    steps: tuple[JudgedStep, ...]
    name: str
    other: str | None

    def ranked(self, order: Order, kind: ErrorKind | None) -> list[JudgedStep]:
        """The steps in this order. Raises ValueError for disagreements if there is only one verifier."""
        if order == "underrated":
            return underrated(self.steps, self.name)
        if order == "overrated":
            return overrated(self.steps, self.name, kind)
        if self.other is None:
            raise ValueError("Choose a second verifier above and press Find again: one alone cannot disagree.")
        return disagreements(self.steps, self.name, self.other, kind)


def worst_list(found: WorstSteps, order: Order, kind: ErrorKind | None) -> Markup:
    """The list as HTML. Raises ValueError with a message for the visitor."""
    ranked = found.ranked(order, kind)
    head = _summary(found)
    if not ranked:
        return html('{}<p class="note">No such step among these.</p>').format(head)
    place = {id(step): i for i, step in enumerate(found.steps)}
    names = [found.name] if found.other is None else [found.name, found.other]
    rows = join(_row(step, place[id(step)], names, order) for step in ranked[:SHOWN])
    columns = join(html("<th>{}</th>").format(name) for name in names)
    more = len(ranked) - SHOWN
    note = html('<p class="note">and {} more</p>').format(more) if more > 0 else Markup("")
    off = "How far apart the two are" if order == "disagreements" else "How far the score is from the truth"
    return html(
        '{}<div class="found"><table><thead><tr><th>Step</th><th>Truth</th>{}<th title="{}">Off by</th><th></th></tr></thead>'
        "<tbody>{}</tbody></table></div>{}"
    ).format(head, columns, off, rows, note)


def _row(step: JudgedStep, index: int, names: Sequence[str], order: Order) -> Markup:
    scores = [step.scores[name] for name in names]
    off = abs(scores[0] - scores[-1]) if order == "disagreements" else abs(scores[0] - float(bool(step.good)))
    before = step.solution.steps[:-1]
    return html(
        '<tr><td><code>{}</code><div class="note" title="{}">step {} of “{}”</div></td><td>{}</td>{}<td class="off">{:.2f}</td>'
        '<td class="do"><button data-do="open" data-run="{}" data-at="{}" title="Open its run in the Search tab, at this step">'
        'Open in tree</button><button data-do="examine" data-index="{}" title="Score it with others, and edit it">Examine'
        "</button></td></tr>"
    ).format(
        step.text,
        "After: " + " · ".join(before) if before else "The first step",
        len(before) + 1,
        step.solution.problem.question[:80],
        truth_cell(step.truth),
        join(
            html('<td data-name="{}">{}</td>').format(name, score_chip(score, f"{name}: {score:.4f}"))
            for name, score in zip(names, scores)
        ),
        off,
        step.run,
        step.node,
        index,
    )


def _summary(found: WorstSteps) -> Markup:
    """How well each verifier separates good steps from bad ones, and how many of each kind the first one misjudges."""
    names = [found.name] if found.other is None else [found.name, found.other]
    if all(step.good is None for step in found.steps):
        return html('<p class="note">Nobody knows which of these steps are true: only disagreements can be ranked.</p>')
    apart = [(name, separation(found.steps, name)) for name in names]
    kinds = error_kinds({step.solution.problem.task: None for step in found.steps if step.truth is not None})
    aurocs = "; ".join(f"{name} {value:.2f}" for name, value in apart if not math.isnan(value))
    cells = join(
        html('<tr><td>{}</td><td>{}</td><td>{}</td><td>{} <span class="note">({:.0%})</span></td></tr>').format(
            "good steps" if tally.kind is None else kinds.get(tally.kind, tally.kind),
            tally.steps,
            score_chip(tally.mean, "The mean of its scores"),
            tally.misjudged,
            tally.misjudged / tally.steps,
        )
        for tally in tallies(found.steps, found.name)
    )
    line = html(
        '<p>How often a good step outscores a bad one (<span class="help" title="Area under the ROC curve: the chance that a '
        'good step, drawn at random, has a higher score than a bad one. 1 is perfect, 0.5 is guessing.">AUROC</span>): {}.</p>'
    ).format(aurocs)
    note = html(
        '<p class="note">A good step is one that is true and leaves the goal in reach. A score says how likely the end is right, '
        "so a good first step of a hard puzzle may well have a low one: look at the order, too.</p>"
    )
    return html(
        '<div class="tallies">{}<table><thead><tr><th>What {} read</th><th>Steps</th><th title="The mean of its scores">Mean '
        'score</th><th title="Good steps scored under ½, and bad ones ½ or more">Misjudged</th></tr></thead><tbody>{}</tbody>'
        "</table>{}</div>"
    ).format(line if aurocs else Markup(""), found.name, cells, note)
