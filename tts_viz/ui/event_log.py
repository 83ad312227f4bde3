"""What happened, newest first, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts_viz.ui.markup import html, join

SHOWN = 60


def event_log(lines: Sequence[tuple[str, str]]) -> Markup:
    """`lines` are (who, what), oldest first; who is "search" or "user"."""
    shown = join(html('<li class="{}">{}</li>').format(by, line) for by, line in reversed(lines[-SHOWN:]))
    return html('<section class="events"><h3>What happened</h3><ul class="log" tabindex="0">{}</ul></section>').format(
        shown
    )
