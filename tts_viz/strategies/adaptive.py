"""Best of N that finds its own N: easy problems get few samples, hard ones many."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, fsum, log

from tts_viz.core.ops import Note, Score, Search
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy
from tts_viz.strategies.compute_optimal import rows_for
from tts_viz.strategies.knobs import count, knob
from tts_viz.strategies.sampling import draw_all

FIRST = 2
"""Samples before anything is estimated; later at most as many more at a time as there are."""

SURE = 0.999
"""A chance is taken as at most this, and as at least one minus it."""


def needed(chance: float, confidence: float) -> int:
    """How many samples it takes for one of them to be right with this confidence, if each is with this chance:
    ⌈ln(1 − C) / ln(1 − p)⌉."""
    p = min(max(chance, 1 - SURE), SURE)
    return ceil(log(1 - confidence) / log(1 - p))


@strategy(
    "adaptive_best_of_n",
    "Best of N, adaptive",
    "Samples until one of them is right with the confidence wanted, as far as the verifier's scores can tell.",
    at_most=True,
    looks_up=True,
)
@dataclass(frozen=True, slots=True)
class AdaptiveBestOfN:
    """Best-of-N that stops when ⌈ln(1 − C) / ln(1 − p)⌉ samples are drawn, p being the mean, over those so far, of the
    calibrated chance that a sample is right. Budget: at most N generations.

    That one of the samples is right does not say that the verifier picks it.
    """

    n: int = count("Most samples N", "At most so many independent solutions are drawn and scored.", default=64)
    confidence: float = knob(
        0.99, 0.5, 0.99, "Confidence C", "How sure it wants to be that one of the samples is right."
    )

    def search(self, tree: TreeView) -> Search:
        yield Score(tree.unscored())
        rows = rows_for(tree)
        more, tried = FIRST, len(tree.finished()) + len(tree.open_steps())
        while True:
            more = max(0, min(more, self.n - tree.generations))
            there = len(tree.finished()) + len(tree.open_steps())
            yield from draw_all(tree, there + more, verified=True)
            # A sample that came to no end was tried, and is not right.
            tried = max(tried + more, len(tree.finished()))
            chance = fsum(rows.chance(tree.score(end, "last") or 0.0) for end in tree.finished()) / max(1, tried)
            wanted = needed(chance, self.confidence)
            if wanted <= tried or tree.generations >= self.n:
                break
            more = min(wanted - tried, tried)
        says = f"by the verifier’s scores a sample here is right with a chance of {chance:.2f}, so {wanted} are needed"
        enough = "enough" if wanted <= tried else "all that N allows"
        yield Note(f"{says} for a confidence of {100 * self.confidence:g} %; {tried} were drawn, {enough}{rows.caveat}")
