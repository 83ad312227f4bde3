"""One algorithm a file. Importing this package registers them all, in the order in which a visitor meets them."""

# isort: off
from tts_viz.strategies import greedy, sampling, beam_search, dvts, rebase, particles, mcts, revisions
from tts_viz.strategies import compute_optimal, adaptive
# isort: on

from tts_viz.strategies.base import STRATEGIES, Chains, Strategy, StrategyEntry, make, strategy
from tts_viz.strategies.in_force import from_settings
from tts_viz.strategies.knobs import Knob, choice, knob, switch

__all__ = [
    "STRATEGIES",
    "Chains",
    "Knob",
    "Strategy",
    "StrategyEntry",
    "adaptive",
    "beam_search",
    "choice",
    "compute_optimal",
    "dvts",
    "from_settings",
    "greedy",
    "knob",
    "make",
    "mcts",
    "particles",
    "rebase",
    "revisions",
    "sampling",
    "strategy",
    "switch",
]
