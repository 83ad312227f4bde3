"""The page's panels, one per file: each draws a moment of a run. Knows nothing about visitors."""

# isort: off
from tts_viz.ui.panels import meters, solutions, inspector, typeset, log, rivals

# isort: on
from tts_viz.ui.panels.base import PANELS, Moment, PagePanel

__all__ = ["PANELS", "Moment", "PagePanel", "inspector", "log", "meters", "rivals", "solutions", "typeset"]
