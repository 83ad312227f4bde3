"""The doctor's verdict on the chosen verifier: one line, and details on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz.engines.base import Verifier
from tts_viz.engines.load.cache import imported
from tts_viz.errors import EngineError
from tts_viz.ui.components.events import LIVE
from tts_viz.ui.components.panel import Panel
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html, join

MARKS = {"ok": "✓", "doubt": "?", "bad": "✗"}

SUMMARY = {
    "ok": "all examinations passed",
    "doubt": "an examination leaves a doubt",
    "bad": "an examination failed: its scores may mean nothing",
}

WAITING = html('<p class="badge">Being loaded and examined …</p>')


def wire_badge(verifier: gr.Dropdown, models: OfferedModels) -> None:
    """Lay out the badge in the current container; it shows the verifier that is chosen in the list."""
    panel = Panel(elem_id="badge")

    async def on_choice(name: Any) -> AsyncIterator[Any]:
        if name not in models.verifiers:
            yield gr.skip()
            return
        yield WAITING
        yield await asyncio.to_thread(_badge_of, models, str(name))

    gr.on(None, on_choice, verifier, panel, **LIVE)  # when the page opens, and when another verifier is chosen


def _badge_of(models: OfferedModels, name: str) -> Markup:
    try:
        verifier = models.verifier(name)
        imported("tts_viz.engines.load.doctor")
        return badge(verifier)
    except (ValueError, EngineError) as error:
        return html('<p class="badge bad">✗ {}</p>').format(str(error))


@cache
def badge(verifier: Verifier) -> Markup:
    """The badge as HTML, computed once; empty for a verifier that is not a model. Raises EngineError."""
    from tts_viz.engines.load.doctor import Formatted, diagnose  # slow imports
    from tts_viz.engines.prm.formats import DetectedFormat

    if not isinstance(verifier, Formatted):
        return Markup("")
    found = diagnose(verifier, DetectedFormat(verifier.format.name, "see the log"))
    checks = join(
        html("<li>{} {}: {}</li>").format(MARKS[check.verdict], check.name, check.said) for check in found.checks
    )
    return html(
        '<details class="badge {}" title="Whether the verifier is read as it was trained to be. Click for the examinations.">'
        "<summary>{} reads steps as “{}”; {}</summary><ul>{}</ul></details>"
    ).format(found.verdict, MARKS[found.verdict], verifier.format.name, SUMMARY[found.verdict], checks)
