"""The answers found so far, best first, as HTML: solutions that give the same answer share a row."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts_viz.analysis.judge import Solution
from tts_viz.core import aggregation
from tts_viz.core.tree import Tree
from tts_viz.ui.html.markup import html, join, score_chip

SHOWN = 8
"""Rows shown; the other solutions are in the tree."""

WAITING = Markup('<p class="note">Finished solutions appear here, best first.</p>')

TRUTH = {True: ("true", "✓ right"), False: ("false", "✗ wrong"), None: ("", "unknown")}


def solution_list(tree: Tree, solutions: Sequence[Solution]) -> Markup:
    """One row per answer: its best solution's score, how many solutions gave it, its weight in the vote, whether it is right."""
    if not solutions:
        return html('<section class="solutions"><h3>Answers</h3>{}</section>').format(WAITING)
    groups: dict[str | None, list[Solution]] = {}
    for solution in solutions:
        groups.setdefault(solution.answer, []).append(solution)
    rows = join(_row(place, same) for place, same in enumerate(list(groups.values())[:SHOWN]))
    more = len(groups) - SHOWN
    note = html('<p class="note">and {} more answers</p>').format(more) if more > 0 else Markup("")
    return html(
        '<section class="solutions"><h3>Answers <small>{}</small></h3><table><thead><tr><th></th><th>Answer</th>'
        '<th title="How many solutions give this answer.">Times</th>'
        '<th title="The best of them: all step scores as one, by the step aggregation in force.">Score</th>'
        '<th title="{}">Vote</th><th title="From the task’s own grading; neither model sees it.">Truth</th></tr></thead>'
        "<tbody>{}</tbody></table>{}</section>"
    ).format(_tally(solutions), aggregation.VOTES[tree.settings.vote].help, rows, note)


def _tally(solutions: Sequence[Solution]) -> str:
    right = sum(s.correct is True for s in solutions)
    found = f"{len(solutions)} solution" + ("s" if len(solutions) > 1 else "")
    return found if all(s.correct is None for s in solutions) else f"{right} of {found} right"


def _row(place: int, same: Sequence[Solution]) -> Markup:
    best = max(same, key=lambda s: -1.0 if s.score is None else s.score)
    return html(
        '<tr class="{}"><td>{}</td><td><button data-node="{}" title="Show it in the inspector"><code>{}</code></button>'
        '</td><td>{}</td><td>{}</td><td>{:.2f}</td><td class="mark {}">{}</td></tr>'
    ).format(
        "" if place else "chosen",
        "" if place else "★",
        same[0].node if place == 0 else best.node,
        best.answer if best.answer is not None else "none",
        len(same),
        score_chip(best.score),
        best.weight,
        *TRUTH[best.correct],
    )
