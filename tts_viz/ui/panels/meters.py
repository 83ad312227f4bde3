"""What the search has cost so far."""

from tts_viz.ui.html.meters import meters
from tts_viz.ui.panels.base import PANELS, PagePanel

PANELS.add(
    "meters",
    PagePanel(lambda moment: meters(moment.tree, moment.elapsed), where="under the tree", tabs=("search", "compare")),
)
