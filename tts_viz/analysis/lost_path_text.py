"""Where the right path was lost, in sentences for people. `lost_path` does the analysis."""

from __future__ import annotations

from tts_viz.analysis.lost_path import LostPath
from tts_viz.analysis.phrases import named, rank_in
from tts_viz.core.tree import Tree


def in_words(lost: LostPath, tree: Tree) -> list[str]:
    """Sentences for people. `tree`: the search at its end."""
    match lost.how:
        case "decision":
            sentences = _pruned(lost, tree)
        case "samples":
            sentences = [_untried(lost, tree)]
        case _:
            sentences = [f"The right path was lost by hand: it had led to {named(tree, lost.nodes, 1)}."]
    return sentences + (["It had been lost before, and had come back."] if lost.restored else [])


def _pruned(lost: LostPath, tree: Tree) -> list[str]:
    assert lost.decision is not None
    decision, best = lost.decision, lost.nodes[0]
    rivals, score = len(decision.kept) + len(decision.pruned), decision.scores.get(best)
    were = "was" if len(decision.kept) == 1 else "were"
    kept = f"only {len(decision.kept)} {were} kept" + ("" if decision.places else ", by shares or by chance")
    if score is None:
        verdict = f"“{tree.nodes[best].text}” had no score among {rivals} rivals"
    else:
        verdict = (
            f"the verifier gave “{tree.nodes[best].text}” {score:.2f}, ranked {rank_in(decision, best)} of {rivals}"
        )
    sentences = [f"The right path was lost at depth {lost.depth}: {verdict}; {kept}."]
    if len(lost.nodes) > 1:
        sentences.append(
            f"It was the best of {len(lost.nodes)} steps from which the goal could be reached; all were pruned."
        )
    return sentences


def _untried(lost: LostPath, tree: Tree) -> str:
    if lost.stuck:
        node = tree.nodes[lost.stuck[0]]
        ended = "the solution was ended there" if node.finished else "nothing could follow it"
        return f"“{node.text}” at depth {node.depth} was right, but {ended if node.alive else 'had been given up'}."
    tried = sum(child.kind == "step" for id in lost.nodes for child in tree.nodes[id].children)
    if not tried:
        return (
            f"The policy had nothing to say after {named(tree, lost.nodes, 1)}, from where the goal could be reached."
        )
    subject = "The one step" if tried == 1 else f"None of the {tried} steps"
    return f"{subject} tried at depth {lost.depth} was {'wrong' if tried == 1 else 'right'}: the policy never found the way."
