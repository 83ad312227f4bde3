"""What all events of the page share: who asked, how a short event is registered, and how a refusal is said."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tts_viz.ui.html.markup import html

SHORT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For events that only post a command: they never wait."""

LIVE: dict[str, Any] = {
    "concurrency_limit": None, "trigger_mode": "multiple", "show_progress": "hidden", "api_visibility": "private",
}  # fmt: skip
"""For events that watch a run."""

POLL = 0.08
"""Seconds between two looks at a run."""


def key_of(request: gr.Request) -> str:
    """The unguessable key of the visitor's tab."""
    return request.session_hash or ""


def warning(text: str) -> str:
    return html('<p class="notice" role="alert">{}</p>').format(text) if text else ""
