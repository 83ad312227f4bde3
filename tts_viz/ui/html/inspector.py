"""The inspector: everything known about one node, as HTML. Pure functions of the tree, the truth and the texts."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

from markupsafe import Markup

from tts_viz.core.aggregation import STEP_AGGREGATIONS
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.tasks.base import Problem, StepTruth
from tts_viz.ui.html.markup import amount, html, join, score_chip

EMPTY = Markup(
    '<div class="inspector empty"><h3>Inspector</h3><p>Click a step in the tree to see why it lived or died: the '
    "solution so far, what the verifier said of every step, and what is really true.</p></div>"
)


def inspector(
    tree: Tree, node: Node, why: str, truth: Mapping[str, StepTruth], problem: Problem | None, score_tip: str
) -> Markup:
    """`why` explains what became of the node; `truth` maps node ids to the exact checker's verdicts, empty without a checker."""
    if node.kind == "root":
        return _root(tree, problem)
    sections = [
        _truth(truth.get(node.id)),
        html('<p class="why">{}</p>').format(why),
        _solution(tree, node, truth, problem, score_tip),
        _curve(tree, node),
        _aggregates(tree, node),
        _tokens(node),
        _cost(node),
    ]
    kind = "Look ahead" if node.kind == "rollout" else "Step"
    by_hand = html(' <span class="tag">written by hand</span>') if node.by == "user" else Markup("")
    return html(
        '<div class="inspector"><h3>{} {}{}<span class="id" title="Place in the tree">{}</span></h3>{}</div>'
    ).format(kind, node.depth, by_hand, node.id, join(sections))


def _root(tree: Tree, problem: Problem | None) -> Markup:
    return html(
        '<div class="inspector"><h3>The problem</h3><p class="question">{}</p><p class="note">{} first steps were tried; '
        "{} nodes in all. Click one of them.</p></div>"
    ).format(_question(tree, problem), sum(c.kind == "step" for c in tree.root.children), len(tree.nodes) - 1)


def _question(tree: Tree, problem: Problem | None) -> str:
    return problem.question if problem else tree.started.prompt if tree.started else ""


def _truth(truth: StepTruth | None) -> Markup:
    if truth is None:
        return Markup("")
    verdict = "false" if not truth.valid else "true" if truth.reachable else "lost"
    label = {"true": "True step", "false": "False step", "lost": "True, but the goal is lost"}[verdict]
    return html(
        '<p class="truth {}" title="From the exact checker, which neither model can see."><b>{}</b> {}</p>'
    ).format(verdict, label, truth.reason)


def _solution(
    tree: Tree, node: Node, truth: Mapping[str, StepTruth], problem: Problem | None, score_tip: str
) -> Markup:
    def line(step: Node) -> Markup:
        verdict = truth.get(step.id)
        mark = html("") if verdict is None else html('<span class="mark {0}">{1}</span>').format(*_mark(verdict))
        here = " here" if step is node else ""
        return html('<li class="step{}{}"><button data-node="{}"><code>{}</code>{}{}</button></li>').format(
            here,
            " rollout" if step.kind == "rollout" else "",
            step.id,
            step.text or "(empty)",
            mark,
            score_chip(step.reward, score_tip),
        )

    return html('<p class="question">{}</p><ol class="path">{}</ol>').format(
        _question(tree, problem), join(line(step) for step in node.path())
    )


def _mark(truth: StepTruth) -> tuple[str, str]:
    if not truth.valid:
        return "false", "✗"
    return ("true", "✓") if truth.reachable else ("lost", "!")


def _curve(tree: Tree, node: Node) -> Markup:
    """The verifier's score of each step as a line from left to right, 0 at the bottom and 1 at the top."""
    rewards = [(i, n.reward) for i, n in enumerate(node.path()) if n.reward is not None]
    if len(rewards) < 2:
        return Markup("")
    width, height, pad = 280, 56, 6
    last = max(i for i, _ in rewards)
    points = [(pad + i / last * (width - 2 * pad), height - pad - r * (height - 2 * pad)) for i, r in rewards]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = join(
        html('<circle cx="{:.1f}" cy="{:.1f}" r="3"><title>step {}: {:.2f}</title></circle>').format(x, y, i + 1, r)
        for (x, y), (i, r) in zip(points, rewards)
    )
    return html(
        '<figure class="curve"><figcaption>Verifier score, step by step</figcaption><svg viewBox="0 0 {0} {1}" role="img" '
        'aria-label="Verifier score of each step"><line x1="0" x2="{0}" y1="{2}" y2="{2}"/><line x1="0" x2="{0}" y1="{3}" '
        'y2="{3}"/><polyline points="{4}"/>{5}</svg></figure>'
    ).format(width, height, pad, height - pad, line, dots)


def _aggregates(tree: Tree, node: Node) -> Markup:
    rewards = tree.rewards(node)
    if rewards is None:
        return Markup("")
    in_force = tree.settings.aggregation
    chips = join(
        html('<div class="aggregate{}" title="{}"><span>{}</span>{}</div>').format(
            " in-force" if name == in_force else "",
            one.help,
            name,
            score_chip(one.of(rewards), one.help),
        )
        for name, one in STEP_AGGREGATIONS.items()
    )
    ahead = ""
    if node.value is not None and node.reward is not None:
        ahead = (
            f"Looking ahead, the search counts this step as {node.value:.2f}; on its own it scored {node.reward:.2f}."
        )
    note = html('<p class="note">{}</p>').format(ahead) if ahead else Markup("")
    return html(
        '<h4 title="Ways to turn step scores into one score; the framed one decides now.">As one score</h4>'
        '<div class="aggregates">{}</div>{}'
    ).format(chips, note)


def _tokens(node: Node) -> Markup:
    if not node.pieces:
        return Markup("")
    spans = join(
        html('<span style="--p:{:.3f}" title="probability {:.1%}">{}</span>').format(p, p, shown(piece))
        for piece, p in zip(node.pieces, map(exp, node.logprobs))
    )
    chance = exp(sum(node.logprobs))
    return html(
        '<h4 title="How likely the policy found each token at temperature 1. The fainter, the more of a gamble.">How sure '
        'the policy was</h4><p class="tokens">{}</p><p class="note">the whole step: {:.2%}</p>'
    ).format(spans, chance)


def shown(piece: str) -> str:
    """A token with invisible characters made visible."""
    return piece.replace("\n", "⏎").replace("</s>", "■").replace("<eos>", "■") or "·"


def _cost(node: Node) -> Markup:
    cost = node.cost
    parts = [f"{cost.generated} tokens written", f"{cost.prefilled} read by the policy"] if cost.policy_calls else []
    if cost.verifier_tokens:
        parts.append(f"{cost.verifier_tokens} read by the verifier")
    parts.append(f"{amount(cost.flops, space=True)}FLOP")
    return html('<h4>Cost</h4><p class="note">{}</p>').format(" · ".join(parts))
