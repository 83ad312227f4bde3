"""Compute-optimal search: estimate difficulty from a few samples, then spend the rest on the best strategy for it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import fsum

from tts_viz.core.node import Node
from tts_viz.core.ops import Note, Op, Parallel, Score, Search
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import STRATEGIES, Strategy, StrategyEntry, make, strategy
from tts_viz.strategies.choice_table import Best, Rows, rows
from tts_viz.strategies.defaults import BASELINE
from tts_viz.strategies.fresh_view import FreshView
from tts_viz.strategies.knobs import Value, count, knob
from tts_viz.strategies.sampling import draw

LOOKS = ("very easy", "easy", "middling", "hard", "very hard")


@strategy(
    "compute_optimal",
    "Compute-optimal",
    "A few samples first, to see how hard the problem looks; then whatever did best on such problems gets the rest.",
    at_most=True,
    looks_up=True,
    also=["compute-optimal scaling"],
    paper="Snell et al. 2024, arXiv 2408.03314, section 3.2",
)
@dataclass(frozen=True, slots=True)
class ComputeOptimal:
    """Snell et al. 2024, section 3.2, with predicted difficulty: the mean of the verifier's final scores over the first
    samples (the paper: over 2,048). Budget: N generations including the first samples, less what the chosen strategy
    leaves unused.

    The first samples are reused: best-of-N counts them among its own, and chains of revisions take them as first attempts
    (the best ones, if there are fewer chains). Every other strategy starts again at the root with the rest of N, and the
    first samples take part in the final vote. If it cannot use all of the rest (a beam of M = 4 can use 12 of 14), the
    remainder is spent on more first samples. If some steps are already open, from another strategy or a person, the chosen
    strategy continues from them with all of N instead of starting again.
    """

    n: int = count("Budget N", "How many generations may be spent in all, the first samples among them.")
    probe: int = knob(
        4, 1, 16, "First samples", "How many whole solutions are used to estimate how hard the problem is."
    )

    def search(self, tree: TreeView) -> Search:
        yield Score(tree.unscored())
        first = min(self.probe, self.n)
        yield from samples(tree, first - len(tree.finished()))
        left = self.n - tree.generations
        going = tree.open_steps()
        if not going and left <= 0:
            return
        looked_at = sorted(tree.finished(), key=lambda end: end.born)[:first]
        score = fsum(tree.score(end, "last") or 0.0 for end in looked_at) / max(1, len(looked_at))
        known = rows_for(tree)
        budget, best = known.best(score, self.n)
        room, there = (self.n, 0) if going else (left, len(tree.finished()))
        parameters, used = sized(best, room, there)
        if not parameters:  # the budget is too small for it
            best = Best(BASELINE, {}, best.best_of_n, best.best_of_n, best.problems)
            parameters, used = sized(best, room, there)
        chosen = make(best.strategy, parameters)
        why = reason(known, score, len(looked_at), budget, best, parameters)
        yield Note(why + known.caveat, best.strategy, parameters)
        if not going:
            yield from samples(tree, left - used)
        fresh = not going and not STRATEGIES[best.strategy].reads_smaller
        yield from chosen.search(FreshView(tree) if fresh else tree)


def samples(tree: TreeView, n: int) -> Generator[Op, list[Node], None]:
    """Sample n independent solutions from the root; open steps elsewhere are left as they are."""
    yield Parallel([draw(tree, tree.root, verified=True) for _ in range(n)])


def rows_for(tree: TreeView) -> Rows:
    """The rows of the table that the search was started with."""
    assert tree.started is not None
    return rows(tree.started.table)


def sized(best: Best, most: int, finished: int) -> tuple[dict[str, Value], int]:
    """The parameters with which the strategy spends as much as possible of `most` generations, and its cost; no parameters
    if `most` is too small for it.

    `finished`: the number of existing solutions; those that the strategy can reuse are free.
    """
    entry = STRATEGIES[best.strategy]
    free = entry.without_size(best.knobs)
    for size in range(most + finished, 0, -1):
        known = {**best.knobs, free: size}
        parameters = {knob.name: known[knob.name] for knob in entry.knobs if knob.name in known}
        try:
            chosen = make(best.strategy, parameters)
        except ValueError:  # not a multiple of its M, say
            continue
        cost = chosen.generations - used_again(entry, chosen, finished)
        if 0 < cost <= most:
            return parameters, cost
    return {}, 0


def used_again(entry: StrategyEntry, chosen: Strategy, finished: int) -> int:
    """How many of the existing solutions the strategy reuses, as samples or as first attempts of chains."""
    if entry.independent:
        return min(finished, chosen.generations)
    if entry.chains:
        return min(finished, getattr(chosen, entry.chains.count) if entry.chains.count else 1)
    return 0


def reason(known: Rows, score: float, of: int, budget: int, best: Best, parameters: dict[str, Value]) -> str:
    """ "looks hard (mean score 0.31 of 4 samples, bin 4 of 5): beam search (N = 12, M = 4): …" """
    bin = known.bin(score)
    looks = LOOKS[round((bin - 1) * (len(LOOKS) - 1) / max(1, known.bins - 1))]
    knobs = ", ".join(f"{name.upper() if len(name) == 1 else name} = {value}" for name, value in parameters.items())
    samples = f"{of} sample" if of == 1 else f"{of} samples"
    begin = f"looks {looks} (mean score {score:.2f} of {samples}, bin {bin} of {known.bins}): "
    picked = f"{STRATEGIES[best.strategy].title}, {knobs}, because at {budget} generations "
    if best.strategy == BASELINE:
        return f"{begin}{picked}nothing did better there ({best.accuracy:.2f} right)"
    return f"{begin}{picked}it did best there ({best.accuracy:.2f} right against {best.best_of_n:.2f} for best of N)"
