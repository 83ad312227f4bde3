"""Compute-optimal search: look at a few samples first, then spend what is left as did best on problems that look like this."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import fsum

from tts_viz.core.node import Node
from tts_viz.core.ops import Note, Op, Parallel, Score, Search
from tts_viz.core.tree import Tree
from tts_viz.strategies.base import STRATEGIES, Strategy, check_ranges, knob, make, strategy
from tts_viz.strategies.choice_table import Best, Rows, free_size, table
from tts_viz.strategies.fresh_view import FreshView
from tts_viz.strategies.sampling import draw

SAMPLING = "best_of_n"
CHAINS = ("revisions", "parallel_revisions")

LOOKS = ("very easy", "easy", "middling", "hard", "very hard")


@strategy(
    "compute_optimal",
    "Compute-optimal",
    "A few samples first, to see how hard the problem looks; then whatever did best on such problems gets the rest.",
)
@dataclass(frozen=True, slots=True)
class ComputeOptimal:
    """Snell et al. 2024, section 3.2, with predicted difficulty: the mean of the verifier's final scores over the first
    samples (the paper: over 2,048). Budget: N generations, the first samples among them, less what the strategy that was
    chosen leaves unused.

    What becomes of the first samples: best-of-N counts them among its own, and chains of revisions take them for first
    attempts, the best ones if there are fewer chains. Every other strategy begins at the root anew beside them, with what
    is left of N; they have a vote in the end. What it cannot use of that (a beam of M = 4 can use 12 of 14) goes into more
    samples before. Where steps are open already, another strategy's or a person's, the chosen one takes them over, with all
    of N, and no tree is begun anew.
    """

    n: int = knob(16, 1, 256, "Budget N", "How many generations may be spent in all, the first samples among them.")
    probe: int = knob(4, 1, 16, "First samples", "From how many whole solutions it is told how hard the problem looks.")

    def __post_init__(self) -> None:
        check_ranges(self)
        table()

    @property
    def generations(self) -> int:
        return self.n

    def search(self, tree: Tree) -> Search:
        yield Score(tree.unscored())
        first = min(self.probe, self.n)
        yield from samples(tree, first - len(tree.finished()))
        left = self.n - tree.generations
        going = tree.open_steps()
        if not going and left <= 0:
            return
        looked_at = sorted(tree.finished(), key=lambda end: end.born)[:first]
        score = fsum(tree.score(end, "last") or 0.0 for end in looked_at) / max(1, len(looked_at))
        rows, but = rows_for(tree)
        budget, best = rows.best(score, self.n)
        room, there = (self.n, 0) if going else (left, len(tree.finished()))
        parameters, used = sized(best, room, there)
        if not parameters:  # it cannot do with so little
            best = Best(SAMPLING, {}, best.best_of_n, best.best_of_n, best.problems)
            parameters, used = sized(best, room, there)
        chosen = make(best.strategy, parameters)
        why = reason(rows, score, len(looked_at), budget, best, parameters)
        yield Note(why + but, best.strategy, parameters)
        if not going:
            yield from samples(tree, left - used)
        anew = not going and best.strategy not in (SAMPLING, *CHAINS)
        yield from chosen.search(FreshView(tree) if anew else tree)


def samples(tree: Tree, n: int) -> Generator[Op, list[Node], None]:
    """n independent solutions from the root; what is open elsewhere is left alone."""
    yield Parallel([draw(tree, tree.root, verified=True) for _ in range(n)])


def rows_for(tree: Tree) -> tuple[Rows, str]:
    started = tree.started
    assert started is not None
    return table().rows(str(started.problem.get("task", "")), started.policy, started.verifier)


def sized(best: Best, most: int, finished: int) -> tuple[dict[str, int], int]:
    """The parameters with which it spends the most of `most` generations, and how many; none where it cannot at all.

    `finished`: how many solutions there are already; those that it can use as its own cost nothing more.
    """
    free = free_size(best.strategy, best.knobs)
    own = [knob.name for knob in STRATEGIES[best.strategy].knobs]
    for size in range(most + finished, 0, -1):
        known = {**best.knobs, free: size}
        parameters = {name: known[name] for name in own if name in known}
        try:
            chosen = make(best.strategy, parameters)
        except ValueError:  # not a multiple of its M, say
            continue
        cost = chosen.generations - used_again(best.strategy, chosen, finished)
        if 0 < cost <= most:
            return parameters, cost
    return {}, 0


def used_again(name: str, chosen: Strategy, finished: int) -> int:
    """How many of the solutions that are there it counts among its own."""
    if name == SAMPLING:
        return min(finished, chosen.generations)
    return min(finished, getattr(chosen, "chains", 1)) if name in CHAINS else 0


def reason(rows: Rows, score: float, of: int, budget: int, best: Best, parameters: dict[str, int]) -> str:
    """ "looks hard (mean score 0.31 of 4 samples, bin 4 of 5): beam search (N = 12, M = 4): …" """
    bin = rows.bin(score)
    looks = LOOKS[round((bin - 1) * (len(LOOKS) - 1) / max(1, rows.bins - 1))]
    knobs = ", ".join(f"{name.upper() if len(name) == 1 else name} = {value}" for name, value in parameters.items())
    samples = f"{of} sample" if of == 1 else f"{of} samples"
    begin = f"looks {looks} (mean score {score:.2f} of {samples}, bin {bin} of {rows.bins}): "
    picked = f"{STRATEGIES[best.strategy].title}, {knobs}, because at {budget} generations "
    if best.strategy == SAMPLING:
        return f"{begin}{picked}nothing did better there ({best.accuracy:.2f} right)"
    return f"{begin}{picked}it did best there ({best.accuracy:.2f} right against {best.best_of_n:.2f} for best of N)"
