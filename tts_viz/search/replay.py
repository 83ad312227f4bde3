"""Restore a search from its trace: run the same strategy on the recorded answers, so that it can continue exactly."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from tts_viz.core.events import (
    Changed,
    Ended,
    Event,
    Expanded,
    MoreRequested,
    NoCandidate,
    Pinned,
    Pruned,
    Scored,
    ScoreOverridden,
    Undone,
    start_of,
)
from tts_viz.errors import DriftError, StrategyError
from tts_viz.search.session import Session


def fast_forward(trace: Sequence[Event]) -> Session:
    """The session as it was after `trace`, ready to go on, or failed where its strategy failed.

    Raises `DriftError`, naming the event, if the strategy now does something other than the trace says.
    """
    started = start_of(trace)
    if started is None:
        raise DriftError("event 0 must be the start of a search")
    at = 0
    try:
        session = Session(started)
        while at < len(trace):
            if at == len(session.trace):
                with suppress(
                    StrategyError
                ):  # it has failed again as it did then, or the next event is no answer to it
                    _repeat(session, trace[at])
            done = session.trace[at] if at < len(session.trace) else "nothing"
            if done != trace[at]:
                raise ValueError(f"the trace says {trace[at]}, this version would have done {done}")
            at += 1
        return session
    except (ValueError, KeyError, IndexError, AttributeError, StrategyError) as error:
        raise DriftError(f"event {at}: {error}") from error


def _repeat(session: Session, event: Event) -> None:
    """Repeat an event that came from outside the strategy: a model's answer or a person's intervention."""
    match event:
        case Changed():
            session.change(**{name: getattr(event.settings, name) for name in event.what.split(", ")})
        case Ended(why="stopped"):
            session.stop()
        case Pruned() | Pinned() | ScoreOverridden() | MoreRequested() | Expanded(by="user") | Undone():
            session.intervene(event)
        case Expanded() | NoCandidate() | Scored():
            session.record(event)
        case _:
            raise ValueError(f"this version would not have done {event}")
