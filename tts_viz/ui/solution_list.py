"""The solutions found so far, best first, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts_viz import aggregate
from tts_viz.solutions import Solution
from tts_viz.tree import Tree
from tts_viz.ui.markup import html, join, score_chip

SHOWN = 12
"""Rows on the page; the tree has the others."""

WAITING = Markup('<p class="note">Finished solutions appear here, best first.</p>')


def solution_list(tree: Tree, solutions: Sequence[Solution], checked: bool) -> Markup:
    """One row a solution: its answer, its score, its weight under the vote, and whether it is right."""
    if not solutions:
        return html('<section class="solutions"><h3>Solutions</h3>{}</section>').format(WAITING)
    rows = join(_row(place, solution) for place, solution in enumerate(solutions[:SHOWN], start=1))
    more = len(solutions) - SHOWN
    right = sum(s.correct is True for s in solutions)
    tally = f"{right} of {len(solutions)} are right" if checked else f"{len(solutions)} found"
    note = html('<p class="note">and {} more</p>').format(more) if more > 0 else Markup("")
    return html(
        '<section class="solutions"><h3>Solutions <small>{}</small></h3><table><thead><tr><th></th><th>Answer</th>'
        '<th title="All step scores as one, by the step aggregation in force.">Score</th>'
        '<th title="{}">Votes</th><th title="From the task’s own grading; neither model sees it.">Truth</th></tr></thead>'
        "<tbody>{}</tbody></table>{}</section>"
    ).format(tally, aggregate.VOTES[tree.settings.vote], rows, note)


def _row(place: int, solution: Solution) -> Markup:
    truth = {True: ("true", "✓ right"), False: ("false", "✗ wrong"), None: ("", "unknown")}[solution.correct]
    return html(
        '<tr class="{}"><td>{}</td><td><button data-node="{}" title="Show in the tree"><code>{}</code></button></td><td>{}</td>'
        '<td>{:.2f}</td><td class="mark {}">{}</td></tr>'
    ).format(
        "chosen" if place == 1 else "",
        "★" if place == 1 else place,
        solution.node,
        solution.answer if solution.answer is not None else "no answer",
        score_chip(solution.score),
        solution.weight,
        *truth,
    )
