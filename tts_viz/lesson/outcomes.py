"""Sentences on what a search of the lesson showed, computed from its outcome, never written in advance.

Each reading takes the final tree, its judge and the results of the learner's earlier searches. It reports what happened,
whether or not that is what the lesson expects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from tts_viz.analysis.judge import Judge, Solution
from tts_viz.analysis.lost_path import look_back
from tts_viz.analysis.lost_path_text import in_words
from tts_viz.analysis.phrases import count
from tts_viz.core.events import Decided, Event
from tts_viz.core.node import Node, in_order
from tts_viz.core.tree import Tree


@dataclass(frozen=True, slots=True)
class Outcome:
    """A search that has stopped: its whole `trace`, and `tree`, the fold of that."""

    tree: Tree
    judge: Judge
    trace: Sequence[Event]

    @property
    def solutions(self) -> list[Solution]:
        """Best first, as the search itself chose."""
        return self.judge.solutions(self.tree)

    @property
    def right(self) -> int:
        return sum(s.correct is True for s in self.solutions)


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier search of the learner: how many of its solutions were right, and its price in generations."""

    right: int
    of: int
    generations: int


Earlier = Mapping[str, Before]
"""By problem and strategy, with the keys of `key_of`."""

Reading = Callable[[Outcome, Earlier], list[str]]


def key_of(outcome: Outcome) -> str:
    return f"{outcome.judge.problem.id if outcome.judge.problem else ''} {outcome.tree.settings.strategy}"


def remembered(outcome: Outcome) -> Before:
    return Before(outcome.right, len(outcome.solutions), outcome.tree.generations)


def samples(outcome: Outcome, earlier: Earlier) -> list[str]:
    """One sample is not enough."""
    drawn = in_order(outcome.tree.root.children)
    sentences = [f"{_of(outcome.right, len(drawn), 'sample')} right."]
    answers = {s.answer for s in outcome.solutions if s.answer is not None}
    first = next((s for s in outcome.solutions if s.node.split(".")[1] == "0"), None)
    if first is None or first.answer is None:
        sentences.append("The very first one came to no answer at all: had you asked once, you would have nothing.")
    else:
        luck = "you would have been lucky" if first.correct else "that would have been your answer"
        sentences.append(f"The very first one says {first.answer}, {_verdict(first)}: had you asked once, {luck}.")
    if len(answers) > 1:
        sentences.append(f"Together they give {len(answers)} different answers.")
    return sentences


def vote(outcome: Outcome, earlier: Earlier) -> list[str]:
    """Voting: the right answer need not be in the majority of samples, only more frequent than each wrong one."""
    drawn, found = len(outcome.tree.root.children), outcome.judge.solutions(outcome.tree, vote="majority")
    counts = Counter(s.answer for s in found if s.answer is not None)
    if not counts:
        return ["No sample came to an answer, so there was nothing to vote on."]
    (won, most), *others = counts.most_common()
    chosen = next(s for s in found if s.answer == won)
    next_best = others[0][1] if others else 0
    rest = f"; no other answer has more than {next_best}" if others else ""
    if next_best == most:
        rest = f", as many as {others[0][0]}: a tie"
    sentences = [f"{won} has {most} of {drawn} votes{rest}. The vote chooses {found[0].answer}, {_verdict(found[0])}."]
    if chosen.correct and most * 2 < drawn:
        sentences.append(
            f"And that although only {_of(outcome.right, drawn, 'sample')} right: right solutions agree with one another, "
            "wrong ones mostly do not."
        )
    elif not chosen.correct:
        sentences.append(
            f"{_of(outcome.right, drawn, 'sample')} right: a vote cannot help where the same mistake is common."
        )
    return sentences


def verifier(outcome: Outcome, earlier: Earlier) -> list[str]:
    """A verifier may find the one right sample that a vote would drown."""
    found = outcome.solutions
    if not found:
        return ["No sample came to an end, so there was nothing to choose from."]
    voted = outcome.judge.solutions(outcome.tree, vote="majority")[0]
    times = sum(s.answer == voted.answer for s in found)
    return [
        f"{_of(outcome.right, len(found), 'solution')} right.",
        f"A vote would choose {_answer(voted)} ({count(times, 'vote')}), {_verdict(voted)}.",
        f"The verifier likes {_answer(found[0])} best (score {found[0].score or 0:.2f}), {_verdict(found[0])}.",
    ]


def steps(outcome: Outcome, earlier: Earlier) -> list[str]:
    """Why score steps: where solutions go wrong, and that the verifier's score drops there."""
    tree, truths = outcome.tree, outcome.judge.truths(outcome.tree)
    ends = [n for n in tree.nodes.values() if n.kind == "step" and not n.children]
    paths = [end.path() for end in ends]
    broken = [(path, at) for path in paths if (at := _first_false(path, outcome)) is not None]
    sentences = [
        f"{_of(outcome.right, len(paths), 'sample')} right; {_of(len(broken), len(paths), 'sample')} broken by a false step."
    ]
    if not broken:
        return sentences
    sentences.append(
        f"On average that is step {1 + fmean(at for _, at in broken):.1f} of {fmean(len(p) for p, _ in broken):.0f}."
    )
    drops = [(path[at - 1].reward, path[at].reward) for path, at in broken if at > 0]
    known = [(before, after) for before, after in drops if before is not None and after is not None]
    if known:
        before, after = (fmean(side) for side in zip(*known))
        sentences.append(f"Right there, the verifier’s score goes from {before:.2f} to {after:.2f}, on average.")
    written = [n for n in tree.nodes.values() if n.kind == "step"]
    wasted = sum(not truths[n.id].valid for n in written) - len({path[at].id for path, at in broken})
    sentences.append(f"{wasted} of the {len(written)} steps were written after a false one: work for nothing.")
    return sentences


def beam(outcome: Outcome, earlier: Earlier) -> list[str]:
    """A beam spends the same on more promising partial solutions."""
    found, truths = outcome.solutions, outcome.judge.truths(outcome.tree)
    sentences = [
        f"{_of(outcome.right, len(found), 'solution')} right, for {count(outcome.tree.generations, 'generation')} of writing.",
        *_compared(outcome, earlier, "best_of_n", "independent samples"),
    ]
    kept, pruned = _decided(outcome.tree)
    if pruned:
        false = [sum(not truths[id].valid for id in ids) for ids in (pruned, kept)]
        lost = sum(truths[id].valid and not truths[id].reachable for id in kept)
        beyond = f", and {lost} true but with the goal out of reach" if lost else ""
        sentences.append(
            f"At {count(len(outcome.tree.decisions), 'decision')} it gave up {len(pruned)} steps, {false[0]} of them false, and "
            f"kept {len(kept)}, {false[1]} of them false{beyond}."
        )
    return sentences + _lost(outcome)


def lookahead(outcome: Outcome, earlier: Earlier) -> list[str]:
    """What looking ahead saved, and what it cost."""
    tree, found = outcome.tree, outcome.solutions
    sentences = [
        f"{_of(outcome.right, len(found), 'solution')} right.",
        *_compared(outcome, earlier, "beam", "beam search without looking ahead"),
    ]
    if found and (saved := _saved(tree, tree.nodes[found[0].node])):
        node, alone, ahead, decision = saved
        rivals, places = len(decision.scores), decision.places
        sentences.append(
            f"Judged by itself, “{node.text}” was number {alone} of {rivals} and would have been given up, for only {places} "
            f"were kept; judged by where it leads, it was number {ahead}."
        )
    written = [n for n in tree.nodes.values() if n.kind in ("step", "rollout")]
    ahead = sum(n.kind == "rollout" for n in written)
    sentences.append(
        f"The price: {count(tree.generations, 'generation')}, and {ahead} of the {len(written)} steps written were only looks "
        "ahead, in no solution."
    )
    return sentences + _lost(outcome)


def fooled(outcome: Outcome, earlier: Earlier) -> list[str]:
    """When the verifier likes what is wrong."""
    found = outcome.solutions
    if not found:
        return ["No solution came to an end."]
    best = found[0]
    same = sum(s.answer == best.answer for s in found)
    sentences = [
        f"{same} of {count(len(found), 'solution')} say {_answer(best)}, {_verdict(best)}. The verifier gives the best of them "
        f"{best.score or 0:.2f}."
    ]
    path = outcome.tree.nodes[best.node].path()
    if (at := _first_false(path, outcome)) is not None:
        node, truth = path[at], outcome.judge.truths(outcome.tree)[path[at].id]
        gave = "" if node.reward is None else f" The verifier gave this step {node.reward:.2f}."
        sentences.append(
            f"Its step {at + 1}, “{node.text}”, is false: {truth.reason[:1].lower()}{truth.reason[1:].rstrip('.')}.{gave}"
        )
    other = next((s for s in found if s.correct), None)
    if not best.correct and other:
        sentences.append(f"The right answer, {_answer(other)}, was there too, with {other.score or 0:.2f} at best.")
    for strategy, what in (("beam", "beam search"), ("best_of_n", "independent samples")):
        if strategy != outcome.tree.settings.strategy:
            sentences += _compared(outcome, earlier, strategy, what)
    return sentences + _lost(outcome)


def revisions(outcome: Outcome, earlier: Earlier) -> list[str]:
    """How first attempts changed when revised, and how many revisions could gain nothing."""
    chains = _chains(outcome)
    firsts, lasts = [c[0] for c in chains], [c[-1] for c in chains if len(c) > 1]
    sentences = [f"{_of(sum(map(_right, firsts)), len(firsts), 'first attempt')} right; after reading it again, "
            f"{sum(map(_right, lasts))} of {len(lasts)}."]  # fmt: skip
    pairs = [pair for c in chains for pair in pairwise(c)]
    fixed = sum(_right(b) and not _right(a) for a, b in pairs)
    spoiled = sum(_right(a) and not _right(b) for a, b in pairs)
    repeated = sum(_text(outcome, a) == _text(outcome, b) for a, b in pairs)
    sentences.append(
        f"{count(fixed, 'wrong attempt')} mended, {count(spoiled, 'right one')} spoiled, {repeated} copied word for word."
    )
    if found := outcome.solutions:
        sentences.append(f"The chains settle on {_answer(found[0])}, {_verdict(found[0])}.")
    sentences += _compared(outcome, earlier, "majority", "independent samples of before")
    useless = sum(_right(a) for a, _ in pairs)
    if useless:
        sentences.append(
            f"{count(useless, 'revision')} of {len(pairs)} went to what was right already, and could gain nothing."
        )
    return sentences


# --- parts of sentences -------------------------------------------------------------------------------------------------


def _compared(outcome: Outcome, earlier: Earlier, strategy: str, what: str) -> list[str]:
    """The result of the learner's earlier search of the same problem by this strategy; empty if there was none."""
    problem = outcome.judge.problem
    before = earlier.get(f"{problem.id if problem else ''} {strategy}")
    if before is None:
        return []
    now = outcome.tree.generations
    price = "as much" if before.generations == now else f"{count(before.generations, 'generation')}"
    return [f"Your {what} cost {price}: {before.right} of {before.of} were right."]


def _lost(outcome: Outcome) -> list[str]:
    """Where the right path was lost, for a search whose answer is wrong."""
    found = outcome.solutions
    if not outcome.judge.checks or (found and found[0].correct):
        return []
    return where_lost(outcome)


def where_lost(outcome: Outcome) -> list[str]:
    """Where the last way to a right answer was lost, in the lesson's terms; empty if none was lost or it is unknown."""
    lost = look_back(outcome.trace, outcome.judge).lost
    sentences = in_words(lost, outcome.tree) if lost else []
    return [sentence.replace("the policy", "the model").replace("The policy", "The model") for sentence in sentences]


def _decided(tree: Tree) -> tuple[list[str], list[str]]:
    """All nodes that decisions kept, and all that they pruned."""
    return [id for d in tree.decisions for id in d.kept], [id for d in tree.decisions for id in d.pruned]


def _saved(tree: Tree, end: Node) -> tuple[Node, int, int, Decided] | None:
    """The step on the path to `end` that its own score would have pruned, its rank without and with lookahead, and the
    decision; None if there is none."""
    on_path = {n.id: n for n in end.path()}
    for decision in tree.decisions:
        for id in decision.kept:
            node = on_path.get(id)
            if node is None or node.reward is None or decision.places is None:
                continue
            own = [r for other in decision.scores if (r := tree.nodes[other].reward) is not None]
            alone = 1 + sum(r > node.reward for r in own)
            if alone > decision.places:
                return node, alone, 1 + sum(s > decision.scores[id] for s in decision.scores.values()), decision
    return None


def _first_false(path: Sequence[Node], outcome: Outcome) -> int | None:
    truths = outcome.judge.truths(outcome.tree)
    return next((i for i, node in enumerate(path) if node.id in truths and not truths[node.id].valid), None)


def _chains(outcome: Outcome) -> list[list[tuple[Node, bool]]]:
    """The attempts of each chain, oldest first, as (end, right?); chains in order."""
    ends = [
        n for n in outcome.tree.nodes.values() if n.kind == "step" and not any(c.kind == "step" for c in n.children)
    ]
    chains: dict[str, list[Node]] = {}
    for end in ends:
        first = end.id.split(".")[1]
        chains.setdefault(first, []).append(end)
    return [
        [(end, outcome.judge.verdict(end)[1] is True) for end in sorted(chain, key=lambda n: len(n.earlier()))]
        for chain in chains.values()
    ]


def _right(attempt: tuple[Node, bool]) -> bool:
    return attempt[1]


def _text(outcome: Outcome, attempt: tuple[Node, bool]) -> list[str]:
    return [n.text for n in attempt[0].path()]


def _of(some: int, all: int, thing: str) -> str:
    """ "3 of 8 samples are", "1 of 8 samples is" """
    return f"{some} of {count(all, thing)} {'is' if some == 1 else 'are'}"


def _verdict(solution: Solution) -> str:
    return {True: "which is right", False: "which is wrong", None: "and nobody knows whether it is right"}[
        solution.correct
    ]


def _answer(solution: Solution) -> str:
    return solution.answer if solution.answer is not None else "nothing"
