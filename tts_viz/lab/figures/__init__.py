"""The laboratory's figures, in order: each draws a plot of a sweep and computes a sentence on it."""

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
