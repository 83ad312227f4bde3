"""Whatever a stranger sends to the page's events is refused in short: it never ends in a traceback of ours in the log.

Each handler is called as gradio calls it, without a browser: with values and events of wrong types.
"""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gradio as gr
import pytest
from gradio.helpers import special_args

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, full, scattered
from tts_viz.engines.load.cache import ModelCache
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library
from tts_viz.ui.components.events import payload
from tts_viz.ui.components.panel import NodeClick
from tts_viz.ui.components.scrubber import Play, Seek
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.page import build_page

SCRIPT = full(2, 2)

VALUES: list[Any] = [None, [], ["x"], {}, {"id": [1]}, "x", "", -1, 10**12, 0.5, float("nan"), True, b"x"]
MIXED = 4
"""Tries of each handler in which some values are as on the page, and some are not."""

KEYS = ("id", "run", "do", "name", "at", "speed", "kind", "runs", "step", "steps", "index", "node")
EVENTS: list[Any] = [None, [], [1], "x", 3, {}, *(dict.fromkeys(KEYS, v) for v in (None, [1], {}, "x", -1, 0.5, True))]


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    scheduler = Scheduler()
    cache = ModelCache(
        {name: ScriptedPolicy(SCRIPT) for name in ("policy-small", "policy-large")},
        {name: ScriptedVerifier(scattered(SCRIPT)) for name in ("verifier", "oracle")},
    )
    models = OfferedModels(("policy-small", "policy-large"), ("verifier", "oracle"), cache=cache)
    yield build_page(models, scheduler, Library.in_memory())
    scheduler.close()


class Stranger:
    """As much of a request as handlers look at."""

    session_hash = "stranger"
    query_params: dict[str, str] = {}  # noqa: RUF012


async def asked(handler: Any, values: list[Any], event: Any) -> None:
    """Call it, and let a generator say its first two words."""
    request: Any = Stranger()
    inputs, *_ = special_args(handler, list(values), request=request, event_data=gr.EventData(None, event))
    answer = handler(*inputs)
    if hasattr(answer, "__anext__"):
        for _ in range(2):
            await asyncio.wait_for(anext(answer), 5)
        await answer.aclose()
    elif hasattr(answer, "__await__"):
        await answer


def received(component: Any, value: Any) -> Any:
    """What a handler gets of a value. Raises whatever gradio itself has against it."""
    if isinstance(component, gr.State):
        return component.value  # it never leaves the server
    return component.preprocess(component.data_model(value) if component.data_model else value)


def tries(handler: Any) -> Iterator[tuple[list[Any], Any]]:
    if any(hint is gr.EventData for hint in _hints(handler.fn)):
        yield from (([component.value for component in handler.inputs], event) for event in EVENTS)
    for value in VALUES:
        with suppress(Exception):
            yield [received(component, value) for component in handler.inputs], {}
    draw = random.Random(0)
    for _ in range(MIXED if handler.inputs else 0):
        with suppress(Exception):
            yield [received(c, draw.choice([c.value, c.value, draw.choice(VALUES)])) for c in handler.inputs], {}


def test_whatever_comes_from_outside_is_refused_in_short(page: gr.Blocks) -> None:
    wrong: dict[str, str] = {}
    handlers = [fn for fn in page.fns.values() if fn.fn is not None and fn.fn.__module__.startswith("tts_viz.ui")]
    assert len(handlers) > 50
    for handler in handlers:
        for values, event in tries(handler):
            try:
                asyncio.run(asked(handler.fn, values, event))
            except (gr.Error, StopAsyncIteration, TimeoutError):
                continue
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                wrong[f"{handler.fn.__qualname__} {last.filename}:{last.lineno}"] = f"{values[:6]} {event} {error!r}"
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def _hints(handler: Any) -> list[Any]:
    return list(gr.utils.get_type_hints(handler).values())


@pytest.mark.parametrize("sent", [None, [], "x", {}, {"id": None}, {"id": 3}, {"id": ["0"]}])
def test_what_no_component_sends_is_refused_without_a_traceback(sent: Any) -> None:
    with pytest.raises(gr.Error) as refused:
        payload(gr.EventData(None, sent), NodeClick)
    assert not refused.value.print_exception


def test_what_components_send_is_read_by_its_type() -> None:
    assert payload(gr.EventData(None, {"run": "run1", "id": "0.1"}), NodeClick).id == "0.1"
    assert payload(gr.EventData(None, {"at": 3}), Seek).at == 3
    assert payload(gr.EventData(None, {"speed": 4}), Play).speed == 4
    for sent in ({"at": True}, {"at": "3"}, {"at": 0.5}):
        with pytest.raises(gr.Error):
            payload(gr.EventData(None, sent), Seek)
    for speed in (-1, 101, float("nan"), float("inf")):
        with pytest.raises(gr.Error):
            payload(gr.EventData(None, {"speed": speed}), Play)
