"""The laboratory's figures, in order: each drawn from a sweep, with a reading that is computed from it."""

from tts_viz.lab.figures import budget, difficulty, optimal
from tts_viz.lab.figures.base import Drawn, Figure

FIGURES: tuple[Figure, ...] = (budget.FIGURE, difficulty.FIGURE, optimal.FIGURE)

__all__ = ["FIGURES", "Drawn", "Figure"]
