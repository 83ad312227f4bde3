"""The laboratory's figures, in order: each drawn from a sweep, with a reading that is computed from it."""

from tts_viz.lab.figures import budget, difficulty, exchange, optimal, overoptimisation, revisions, verifier
from tts_viz.lab.figures.base import Drawn, Figure

FIGURES: tuple[Figure, ...] = (
    budget.FIGURE,
    difficulty.FIGURE,
    revisions.FIGURE,
    optimal.FIGURE,
    exchange.FIGURE,
    overoptimisation.FIGURE,
    verifier.FIGURE,
)

__all__ = ["FIGURES", "Drawn", "Figure"]
