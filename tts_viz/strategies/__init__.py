"""One algorithm a file. Importing this package registers them all, in the order in which a visitor meets them."""

# isort: off
from tts_viz.strategies import greedy, sampling, beam_search, dvts, rebase, particles, mcts, revisions
from tts_viz.strategies import compute_optimal, adaptive
# isort: on

from tts_viz.strategies.base import STRATEGIES, Knob, Strategy, StrategyEntry, from_settings, make

__all__ = [
    "STRATEGIES",
    "Knob",
    "Strategy",
    "StrategyEntry",
    "adaptive",
    "beam_search",
    "compute_optimal",
    "dvts",
    "from_settings",
    "greedy",
    "make",
    "mcts",
    "particles",
    "rebase",
    "revisions",
    "sampling",
]
