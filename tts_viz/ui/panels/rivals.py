"""The rivals of the selected step in its decision and, once the search has ended, where the right path was lost."""

from __future__ import annotations

from markupsafe import Markup

from tts_viz.ui.html import why
from tts_viz.ui.panels.base import PANELS, Moment, PagePanel


def draw(moment: Moment) -> Markup:
    table = why.rivals(moment.tree, moment.selected, moment.truths)
    if not (moment.checked and moment.tree.ended):
        return table
    return why.lost_path_line(moment.lost, moment.tree, any(s.correct for s in moment.solutions)) + table


PANELS.add("rivals", PagePanel(draw, where="why", empty=why.CHOOSE))
