"""What all events of the page share: the visitor's key, the payload, registration options and warnings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency
from pydantic import BaseModel, ConfigDict, ValidationError

from tts_viz.ui.html.markup import html

SHORT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Options of events that only post a command and never wait."""

LIVE: dict[str, Any] = {
    "concurrency_limit": None, "trigger_mode": "multiple", "show_progress": "hidden", "api_visibility": "private",
}  # fmt: skip
"""Options of events that watch a run."""

POLL = 0.08
"""Seconds between two polls of a run."""

Listener = Callable[..., Dependency]
"""How gradio registers a handler of an event: `listener(handler, inputs, outputs, …)`."""


def on(component: Block, event: str) -> Listener:
    """The listener of a component's event, by name: gradio creates these attributes only at run time.

    Raises AttributeError if the component has no such event.
    """
    return getattr(component, event)


class Payload(BaseModel):
    """Data that one of our components sends with an event. Strict: "3" is not a number. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


Sent = TypeVar("Sent", bound=Payload)


def payload(event: gr.EventData, model: type[Sent]) -> Sent:
    """The validated data of an event. Our components always send valid data; anything else gets a `gr.Error` without a log."""
    try:
        return model.model_validate(event._data)
    except ValidationError:
        raise gr.Error("This event does not carry what it should.", print_exception=False) from None


def key_of(request: gr.Request) -> str:
    """The unguessable key of the visitor's browser tab."""
    return request.session_hash or ""


def warning(text: str) -> str:
    return html('<p class="notice" role="alert">{}</p>').format(text) if text else ""
