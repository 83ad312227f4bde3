"""The laboratory's figures, in order: each drawn from a sweep, with a reading that is computed from it."""

# isort: off
from tts_viz.lab.figures import budget, difficulty, revisions, optimal, exchange, overoptimisation, verifier
# isort: on

from tts_viz.lab.figures.base import FIGURES, Drawn, Figure, Switch

__all__ = [
    "FIGURES",
    "Drawn",
    "Figure",
    "Switch",
    "budget",
    "difficulty",
    "exchange",
    "optimal",
    "overoptimisation",
    "revisions",
    "verifier",
]
