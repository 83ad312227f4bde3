"""Best-of-N that chooses N itself: few samples for easy problems, many for hard ones."""

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
"""Samples before the first estimate. Each later round at most doubles the number of samples."""

SURE = 0.999
"""Chances are clipped to [1 − SURE, SURE]."""


def needed(chance: float, confidence: float) -> int:
    """The number of samples of which at least one is right with confidence C, if each is right with chance p:
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
    """Best-of-N that stops after ⌈ln(1 − C) / ln(1 − p)⌉ samples, where p is the mean, over the samples so far, of the
    calibrated chance that a sample is right. Budget: at most N generations.

    Even if one of the samples is right, the verifier may not pick it.
    """

    n: int = count("Most samples N", "The most independent solutions that are drawn and scored.", default=64)
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
            # A sample that did not reach an end counts as tried and wrong.
            tried = max(tried + more, len(tree.finished()))
            chance = fsum(rows.chance(tree.score(end, "last") or 0.0) for end in tree.finished()) / max(1, tried)
            wanted = needed(chance, self.confidence)
            if wanted <= tried or tree.generations >= self.n:
                break
            more = min(wanted - tried, tried)
        says = f"by the verifier’s scores a sample here is right with a chance of {chance:.2f}, so {wanted} are needed"
        enough = "enough" if wanted <= tried else "all that N allows"
        yield Note(f"{says} for a confidence of {100 * self.confidence:g} %; {tried} were drawn, {enough}{rows.caveat}")
