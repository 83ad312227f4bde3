"""Why the search decided as it did, and what it would have decided with other scores, as HTML. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from tts_viz.analysis import lost_path_text, what_if_text
from tts_viz.analysis.lost_path import LostPath
from tts_viz.analysis.what_if import Reconsidered, WhatIf
from tts_viz.core import aggregation
from tts_viz.core.events import Decided
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.tasks.base import StepTruth
from tts_viz.ui.html.markup import html, join, score_chip

CHOOSE = Markup('<p class="note">Click a step to see which rivals it was decided against.</p>')

MOST_ROWS = 40


def decision_about(tree: Tree, node: Node) -> Decided | None:
    """The last decision about a node, or else about its nearest ancestor that has one."""
    for step in node.lineage():
        for decision in reversed(tree.decisions):
            if step.id in decision.kept or step.id in decision.pruned:
                return decision
    return None


def rivals(tree: Tree, node: Node | None, truth: Mapping[str, StepTruth]) -> Markup:
    """All rivals in the decision about a node, best first, and where the cut was."""
    if node is None:
        return CHOOSE
    decision = decision_about(tree, node)
    if decision is None:
        return Markup('<p class="note">Nothing was ever decided about this step: no rivals, no cut.</p>')
    order = sorted((*decision.kept, *decision.pruned), key=lambda id: -decision.scores.get(id, -1.0))
    rule = f"the best {decision.places} were kept" if decision.places else "kept by shares or by chance, not by rank"
    who = "Decided anew because you changed a score" if decision.by == "user" else "Decided"
    how = aggregation.STEP_AGGREGATIONS[decision.aggregation].by
    by = f", each by the {how}" if how else ""
    head = html('<p class="note">{} at depth {}: {} rivals, {}{}.</p>').format(
        who, decision.depth, len(order), rule, by
    )
    rows = join(_rival(tree, id, i, decision, node, truth) for i, id in enumerate(order[:MOST_ROWS], 1))
    more = html('<p class="note">and {} more</p>').format(len(order) - MOST_ROWS) if len(order) > MOST_ROWS else ""
    return head + html('<table class="rivals"><tbody>{}</tbody></table>{}').format(rows, more)


def _rival(tree: Tree, id: str, rank: int, decision: Decided, node: Node, truth: Mapping[str, StepTruth]) -> Markup:
    kept = id in decision.kept
    verdict = truth.get(id)
    mark = "" if verdict is None else "✗" if not verdict.valid else "✓" if verdict.reachable else "!"
    kind = "" if verdict is None else "false" if not verdict.valid else "true" if verdict.reachable else "lost"
    return html(
        '<tr class="{}{}"><td>{}</td><td>{}</td><td><button data-node="{}"><code>{}</code></button></td>'
        '<td class="mark {}" title="{}">{}</td><td>{}</td></tr>'
    ).format(
        "kept" if kept else "pruned",
        " here" if id == node.id else "",
        rank,
        score_chip(decision.scores.get(id)),
        id,
        tree.nodes[id].text,
        kind,
        verdict.reason if verdict else "",
        mark,
        "kept" if kept else "pruned",
    )


def lost_path_line(found: LostPath | None, tree: Tree, right: bool) -> Markup:
    """Where the right path was lost; "" if it never was."""
    if found is None:
        return (
            Markup("")
            if right
            else Markup('<p class="note">A right answer was still in reach when the search ended.</p>')
        )
    where = html(' <button data-node="{}">Show it</button>').format(found.nodes[0]) if found.nodes else Markup("")
    return html('<p class="lost-path">{}{}</p>').format(" ".join(lost_path_text.in_words(found, tree)), where)


def what_if(found: WhatIf, tree: Tree) -> Markup:
    """The summary sentences, then each decision that would have been different."""
    sentences = join(html("<li>{}</li>").format(sentence) for sentence in what_if_text.in_words(found))
    changed = join(_changed(decision) for decision in found.changed)
    return html('<ul class="what-if">{}</ul>{}').format(sentences, changed)


def _changed(decision: Reconsidered) -> Markup:
    rows: Sequence[Markup] = [
        html(
            '<tr class="{}"><td>{} → {}</td><td>{} → {}</td><td><button data-node="{}"><code>{}</code></button></td>'
            "<td>{}</td></tr>"
        ).format(
            "kept" if rival.kept else "pruned",
            rival.old_rank,
            rival.new_rank,
            score_chip(rival.old_score),
            score_chip(rival.new_score),
            rival.node,
            rival.text,
            "would have been kept" if rival.kept else "would have been pruned",
        )
        for rival in decision.flips
    ]
    return html('<h4>Depth {}</h4><table class="rivals"><tbody>{}</tbody></table>').format(
        decision.decision.depth, join(rows)
    )
