"""Everything known about the selected step."""

from __future__ import annotations

from markupsafe import Markup

from tts_viz.analysis import explain
from tts_viz.ui.html.inspector import EMPTY, inspector
from tts_viz.ui.panels.base import PANELS, Moment, PagePanel

SCORE_TIP = "How likely the verifier thinks it, after reading up to the end of this step, that the solution ends right."


def draw(moment: Moment) -> Markup:
    if moment.selected is None:
        return EMPTY
    fate = explain.why(moment.tree, moment.selected)
    return inspector(moment.tree, moment.selected, fate, moment.truths, moment.problem, SCORE_TIP)


PANELS.add("inspector", PagePanel(draw, where="step", tabs=("search", "compare", "lesson"), empty=EMPTY))
