"""The log of events as HTML, newest first; repeated lines are merged and counted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from tts_viz.ui.html.markup import html, join

SHOWN = 60


def event_log(lines: Sequence[tuple[str, str]]) -> Markup:
    """`lines` are pairs (by, text), oldest first; `by` is "search" or "user"."""
    counted = [(by, line, len(list(same))) for (by, line), same in groupby(lines)][-SHOWN:]
    shown = join(
        html('<li class="{}">{}{}</li>').format(by, line, html(" <b>×{}</b>").format(times) if times > 1 else "")
        for by, line, times in reversed(counted)
    )
    return html('<section class="events"><h3>What happened</h3><ul class="log" tabindex="0">{}</ul></section>').format(
        shown
    )
