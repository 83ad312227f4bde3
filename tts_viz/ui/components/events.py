"""What all events of the page share: who asked, what came with it, how a short event is registered, how a refusal is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency
from pydantic import BaseModel, ConfigDict, ValidationError

from tts_viz.ui.html.markup import html

SHORT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For events that only post a command: they never wait."""

LIVE: dict[str, Any] = {
    "concurrency_limit": None, "trigger_mode": "multiple", "show_progress": "hidden", "api_visibility": "private",
}  # fmt: skip
"""For events that watch a run."""

POLL = 0.08
"""Seconds between two looks at a run."""

Listener = Callable[..., Dependency]
"""How gradio registers a handler of an event: `listener(handler, inputs, outputs, …)`."""


def on(component: Block, event: str) -> Listener:
    """The listener of an event by its name: gradio makes these attributes only when it runs. Raises AttributeError where the
    component has no such event."""
    return getattr(component, event)


class Payload(BaseModel):
    """What a component of ours sends along with an event. Strict: "3" is no number. What is not asked for is ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


Sent = TypeVar("Sent", bound=Payload)


def payload(event: gr.EventData, model: type[Sent]) -> Sent:
    """What came with this event. No component of ours sends anything else: whoever does is refused, and the log stays short."""
    try:
        return model.model_validate(event._data)
    except ValidationError:
        raise gr.Error("This event does not carry what it should.", print_exception=False) from None


def key_of(request: gr.Request) -> str:
    """The unguessable key of the visitor's tab."""
    return request.session_hash or ""


def warning(text: str) -> str:
    return html('<p class="notice" role="alert">{}</p>').format(text) if text else ""
