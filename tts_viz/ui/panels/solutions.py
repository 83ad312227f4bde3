"""The answers found so far."""

from tts_viz.ui.html.solution_list import solution_list
from tts_viz.ui.panels.base import PANELS, PagePanel

PANELS.add(
    "solutions",
    PagePanel(lambda moment: solution_list(moment.tree, moment.solutions), tabs=("search", "compare", "lesson")),
)
