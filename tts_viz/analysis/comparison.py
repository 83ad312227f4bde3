"""Two searches compared in sentences: their settings, common steps, costs and answers.

Knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tts_viz.analysis.explain import strategy_words
from tts_viz.analysis.judge import Solution
from tts_viz.core.budget import Cost
from tts_viz.core.events import Settings
from tts_viz.core.tree import Tree


@dataclass(frozen=True, slots=True)
class Side:
    """One search at one moment, and its solutions, best first."""

    name: str
    tree: Tree
    solutions: Sequence[Solution]


def differences(left: Side, right: Side) -> list[str]:
    """Sentences, the most informative first. Empty if either search has not started."""
    if not (left.tree.started and right.tree.started):
        return []
    sentences = [_answers(left, right), _settings(left, right), _shared(left, right), _spent(left, right)]
    return [sentence for sentence in sentences if sentence]


def _answers(left: Side, right: Side) -> str:
    found = [_found(side) for side in (left, right)]
    if not any(side.solutions for side in (left, right)):
        return "Neither has finished a solution yet."
    one, other = (side.solutions[0] if side.solutions else None for side in (left, right))
    if one and other and one.answer == other.answer and one.answer is not None:
        return f"Both answer {found[0]}."
    return f"{left.name}: {found[0]}; {right.name}: {found[1]}."


def _found(side: Side) -> str:
    if not side.solutions:
        return "no solution yet"
    best = side.solutions[0]
    mark = {True: " ✓ (right)", False: " ✗ (wrong)", None: ""}[best.correct]
    return f"{best.answer or 'a solution without an answer'}{mark}"


def _settings(left: Side, right: Side) -> str:
    a, b = left.tree.started, right.tree.started
    assert a is not None and b is not None
    if a.prompt != b.prompt:
        return "They solve different problems, so only their costs can be compared."
    parts = []
    one, other = left.tree.settings, right.tree.settings
    if (one.strategy, one.parameters) != (other.strategy, other.parameters):
        parts.append(f"{strategy_words(one)} against {strategy_words(other)}")
    models = [("policy", a.policy, b.policy), ("verifier", a.verifier, b.verifier)]
    parts += [f"{name} {x} against {y}" for name, x, y in [*_setting_pairs(one, other), *models] if x != y]
    return f"What differs: {'; '.join(parts)}." if parts else "They were asked the very same."


def _setting_pairs(one: Settings, other: Settings) -> list[tuple[str, object, object]]:
    return [
        ("seed", one.seed, other.seed),
        ("budget", one.budget.generations, other.budget.generations),
        ("temperature", one.temperature, other.temperature),
        ("step aggregation", one.aggregation, other.aggregation),
        ("vote", one.vote, other.vote),
    ]


def _shared(left: Side, right: Side) -> str:
    """How many nodes the two trees have in common, with the same id and text."""
    common = [
        n for id, n in left.tree.nodes.items() if n.parent and (m := right.tree.nodes.get(id)) and m.text == n.text
    ]
    if not common:
        return "They have no step in common."
    first = sum(n.depth == 1 for n in common)
    begin = f"Their first {first} samples are the same" if first > 1 else "Their first sample is the same"
    return f"{begin}; {len(common)} steps in all are in both trees."


def _spent(left: Side, right: Side) -> str:
    one, other = left.tree.spent, right.tree.spent
    costs = [
        f"{side.name} {side.tree.generations} generations and {side.tree.spent.tokens:,} tokens"
        for side in (left, right)
    ]
    ratio = _ratio(left, right, one, other)
    return f"Spent: {costs[0]}, {costs[1]}" + (f"; {ratio}." if ratio else ".")


def _ratio(left: Side, right: Side, one: Cost, other: Cost) -> str:
    if not one.flops or not other.flops:
        return ""
    times = one.flops / other.flops
    if 0.95 < times < 1.05:
        return "about the same compute"
    most, least, times = (left, right, times) if times > 1 else (right, left, 1 / times)
    return f"{most.name} used {times:.1f} times the compute of {least.name}"
