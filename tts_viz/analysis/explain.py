"""A search explained in sentences: why a step was kept or pruned, and what an event did. Pure functions of the tree.

Uses only what the search itself knew: no ground truth. Knows nothing about pages.
"""

from __future__ import annotations

from dataclasses import fields

from tts_viz.analysis.phrases import budget_text, cap_text, count, named, rank_in
from tts_viz.core.aggregation import STEP_AGGREGATIONS
from tts_viz.core.budget import Budget
from tts_viz.core.events import (
    Changed,
    Decided,
    Ended,
    Event,
    Expanded,
    Intervention,
    MoreRequested,
    NoCandidate,
    NodeId,
    Noted,
    Pinned,
    Pruned,
    Scored,
    ScoreOverridden,
    Settings,
    Started,
    Undone,
    Valued,
)
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.strategies import STRATEGIES

LONGEST = 100
"""Most characters of a step's text in a sentence about one moment."""


# --- why a node is what it is -------------------------------------------------------------------------------------


def why(tree: Tree, node: Node) -> str:
    """One sentence on why a node was kept, pruned or left open."""
    if node.kind == "root":
        return "the problem, from which every solution begins"
    if node.kind == "rollout":
        return _rollout(node)
    if node.kind == "attempt":
        earlier = len(node.earlier())
        seen = (
            f"written after reading the {count(min(earlier, 4), 'attempt')} before it" if earlier else "the first one"
        )
        return f"attempt {earlier + 1} begins here: {seen}"
    if removed := next((n for n in node.lineage() if n.withdrawn or n.replaced), None):
        what = "taken back" if removed.withdrawn else f"edited: it now reads “{removed.edits[-1].text}”"
        return (
            f"it was {what}" if removed is node else f"an earlier step of this path, step {removed.depth}, was {what}"
        )
    if pruned := next((n for n in node.lineage() if n.given_up), None):
        verdict = "pruned by hand" if pruned.pruned_by_user else f"pruned at {_decision(tree, pruned)}"
        return verdict if pruned is node else f"an ancestor, step {pruned.depth} of this path, was {verdict}"
    decision = _decision(tree, node)
    pinned = "pinned, so that no decision prunes it" if node.pinned else ""
    return "; ".join(filter(None, [pinned, f"kept at {decision}" if decision else "", _standing(tree, node)]))


def _rollout(node: Node) -> str:
    origin = next(n for n in node.lineage() if n.kind == "step")
    use = "" if origin.value is None else f", which the search counts as {origin.value:.2f} for it"
    return f"a look ahead for step {origin.depth} ({origin.text}){use}; it is not part of a solution"


def _standing(tree: Tree, node: Node) -> str:
    """The current state of a live step."""
    if node.finished:
        return _finished(tree, node)
    if node.finish == "length":
        return "cut off at the token limit in the middle of the step, so nothing can follow"
    if steps := sum(c.kind == "step" for c in node.children):
        return f"expanded into {count(steps, 'next step')}"
    if node.expanded:
        return "a dead end: the policy had nothing to say after it"
    if node.depth >= tree.max_depth:
        return f"at the depth limit of {tree.max_depth} steps, so nothing can follow"
    if tree.ended:
        return "open: the search ended before it was expanded"
    return "open: waiting to be expanded"


def _finished(tree: Tree, node: Node) -> str:
    score = tree.score(node)
    if score is None:
        return "finished: a whole solution, which the verifier has not read"
    scores = [s for n in tree.finished() if (s := tree.score(n)) is not None]
    rank = 1 + sum(s > score for s in scores)
    return f"finished: a whole solution, score {score:.2f}, ranked {rank} of {len(scores)}"


def _decision(tree: Tree, node: Node) -> str:
    """The last decision about a node: "depth 2: score 0.41 ranked 7 of 16, the last kept had 0.62"; "" if none."""
    decision = next((d for d in reversed(tree.decisions) if node.id in d.pruned or node.id in d.kept), None)
    if decision is None:
        return ""
    rivals = len(decision.kept) + len(decision.pruned)
    kept = [decision.scores[id] for id in decision.kept if id in decision.scores]
    mine = decision.scores.get(node.id)
    if mine is None:
        return f"depth {decision.depth}: it had no score among {rivals} rivals"
    lost = [decision.scores[id] for id in decision.pruned if id in decision.scores]
    rank = rank_in(decision, node.id)
    if node.id in decision.pruned:
        edge, edge_name = min(kept, default=None), "the last kept"
    else:
        edge, edge_name = max(lost, default=None), "the best pruned"
    how = f" ({by})" if (by := _by(decision.aggregation)) else ""
    if edge is None:
        return f"depth {decision.depth}: score {mine:.2f}{how} ranked {rank} of {rivals}"
    if edge == mine:
        return f"depth {decision.depth}: score {mine:.2f}{how} ranked {rank} of {rivals}, a tie with {edge_name}"
    ours, theirs = _distinct(mine, edge)
    return f"depth {decision.depth}: score {ours}{how} ranked {rank} of {rivals}, {edge_name} had {theirs}"


def _distinct(a: float, b: float) -> tuple[str, str]:
    """Two different numbers with just enough decimals (at least two) to show that they differ."""
    return next(
        ((x, y) for digits in range(2, 17) if (x := f"{a:.{digits}f}") != (y := f"{b:.{digits}f}")), (repr(a), repr(b))
    )


# --- what happened ------------------------------------------------------------------------------------------------


def happened(event: Event, before: Tree) -> str:
    """The event line for one event; "" for minor events. `before` is the tree before the event."""
    match event:
        case Started():
            caps = budget_text(event.settings.budget)
            return f"started: {strategy_words(event.settings)}, {f'budget {caps}' if caps else 'no budget limit'}"
        case Changed():
            return _changed(before.settings, event.settings)
        case Decided(by="user"):
            return f"depth {event.depth}: decided anew, {named(before, event.kept, 2)} kept"
        case Decided():
            best = max(event.scores.values(), default=None)
            rivals = len(event.kept) + len(event.pruned)
            return f"depth {event.depth}: kept {len(event.kept)} of {rivals}" + _best(best)
        case Expanded(node_kind="step", finish="eos"):
            return f"a solution is complete: … {event.text}"
        case Expanded(node_kind="step", finish="length"):
            return f"depth {before.nodes[event.parent].depth + 1}: a step was cut off at the token limit"
        case NoCandidate(node_kind="step"):
            return f"depth {before.nodes[event.parent].depth + 1}: a dead end, the policy had nothing to say"
        case Expanded(by="user"):
            what = "edited a step to" if event.replaces else "wrote a step"
            return f"by hand: {what} “{event.text}”"
        case Noted():
            return event.why
        case Pruned() | Pinned() | ScoreOverridden() | MoreRequested():
            return f"by hand: {_intervention(before, event)}"
        case Undone():
            about = before.interventions[event.deed].intervention
            return f"{'redone' if event.redone else 'undone'}: {_intervention(before, about)}"
        case Ended():
            scores = [s for n in before.finished() if (s := before.score(n)) is not None]
            found = count(len(before.finished()), "solution")
            return f"{event.why}: {found}" + _best(max(scores, default=None))
        case _:
            return ""


def detail(event: Event, before: Tree) -> str:
    """A sentence for the minor events that `happened` skips; used to describe a single moment."""
    match event:
        case Expanded(node_kind="attempt"):
            return "another attempt begins"
        case Expanded(node_kind="rollout"):
            return f"looking ahead: {_short(event.text)}"
        case Expanded():
            return f"a step: {_short(event.text)}"
        case NoCandidate():
            return "looking ahead, the policy had nothing to say"
        case Scored():
            return f"the verifier gives {event.rewards[-1]:.2f} to {_one(before, event.node)}"
        case Valued():
            return f"the search now counts {_one(before, event.node)} as {event.value:.2f}"
        case _:
            return ""


def _one(tree: Tree, node: NodeId) -> str:
    return f"“{_short(tree.nodes[node].text)}”" if tree.nodes[node].text else "the problem"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _intervention(tree: Tree, intervention: Intervention) -> str:
    """ "pruned “25*2=50 …”" """
    match intervention:
        case Pruned(nodes, pruned):
            return f"{'pruned' if pruned else 'restored'} {named(tree, nodes[-1:], 1)}"
        case Pinned(node, pinned):
            return f"{'pinned' if pinned else 'let go of'} {named(tree, [node], 1)}"
        case ScoreOverridden(node, reward):
            action = "gave the verifier its word back on" if reward is None else f"scored {reward:.2f}:"
            return f"{action} {named(tree, [node], 1)}"
        case MoreRequested():
            what = count(intervention.n, "more solution" if intervention.whole else "more next step")
            return f"asked for {what} after {named(tree, [intervention.node], 1)}"
        case Expanded():
            return f"{'the edit' if intervention.replaces else 'the step'} “{intervention.text}”"


def _changed(old: Settings, new: Settings) -> str:
    """ "budget 16 → 64", "beam width M 4 → 2 from here on"; several changes are joined by semicolons."""
    changes = []
    if old.strategy != new.strategy:
        changes.append(f"{_title(old.strategy)} → {strategy_words(new)} from here on")
    else:
        labels = {k.name: k.label for k in STRATEGIES[new.strategy].knobs} if new.strategy in STRATEGIES else {}
        changes += [
            f"{_uncapitalised(labels.get(name, name))} {old.parameters.get(name)} → {value} from here on"
            for name, value in new.parameters.items()
            if old.parameters.get(name) != value
        ]
    for cap in fields(Budget):
        was, now = getattr(old.budget, cap.name), getattr(new.budget, cap.name)
        if was != now:
            unit = "" if cap.name == "generations" else f" in {cap.name}"
            changes.append(f"budget{unit} {cap_text(was)} → {cap_text(now)}")
    if old.temperature != new.temperature:
        changes.append(f"temperature {old.temperature:g} → {new.temperature:g} from here on")
    if old.aggregation != new.aggregation:
        changes.append(f"step aggregation {old.aggregation} → {new.aggregation}")
    if old.seed != new.seed:
        changes.append(f"seed {old.seed} → {new.seed} from here on")
    if old.vote != new.vote:
        changes.append(f"vote {old.vote} → {new.vote}")
    return "; ".join(changes)


def strategy_words(settings: Settings) -> str:
    """ "Beam search (n 16, m 4)" """
    knobs = ", ".join(f"{name} {value}" for name, value in settings.parameters.items())
    return _title(settings.strategy) + (f" ({knobs})" if knobs else "")


def _by(aggregation: str) -> str:
    return STEP_AGGREGATIONS[aggregation].by if aggregation in STEP_AGGREGATIONS else aggregation


def _title(strategy: str) -> str:
    return STRATEGIES[strategy].title if strategy in STRATEGIES else strategy


def _best(score: float | None) -> str:
    return "" if score is None else f", best {score:.2f}"


def _uncapitalised(label: str) -> str:
    """ "Beam width M" → "beam width M" """
    return label[:1].lower() + label[1:]
