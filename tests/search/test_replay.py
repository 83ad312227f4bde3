"""Law 9 where it is hard: a trace goes on exactly from any event, or is refused by the event that does not fit."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.scripted import begin, feed_one, finish, full, scattered
from tts_viz.core.budget import Budget
from tts_viz.core.events import Changed, Ended, Event, Expanded, NoCandidate, Scored, Started
from tts_viz.errors import DriftError
from tts_viz.search.replay import fast_forward
from tts_viz.search.request import Request
from tts_viz.search.session import Session

SCRIPT = {id: text for id, text in full(3, 6, rollouts=1).items() if not id.startswith("0.3.")}
REWARDS = scattered(SCRIPT)

CHANGES: list[dict[str, Any]] = [
    {"aggregation": "min"},
    {"vote": "best", "temperature": 0.5},
    {"budget": Budget(5)},
    {"budget": Budget(None)},
    {"strategy": "majority", "parameters": {"n": 4}},
    {"strategy": "beam", "parameters": {"n": 4, "m": 2}},
    {"strategy": "lookahead", "parameters": {"n": 4, "m": 2, "k": 1}},
    {"strategy": "dvts", "parameters": {"n": 4, "m": 2}},
]


def eventful(order: int, changes: list[int], stopped: bool) -> tuple[Session, dict[int, list[Request]]]:
    """A run in which a person turned every knob, its answers in any order; and what it wanted after so many events."""
    pick = random.Random(order)
    session = begin("beam", n=6, m=2)
    wanted = {1: session.wants}

    def feed(times: int) -> None:
        for _ in range(times):
            if session.wants:
                feed_one(session, pick.choice(session.wants), SCRIPT, REWARDS)
                wanted[len(session.trace)] = session.wants

    for change in changes:
        feed(pick.randrange(8))
        session.change(**CHANGES[change])
        wanted[len(session.trace)] = session.wants
    if stopped:
        session.stop()
    session.change(budget=Budget(None))
    feed(1000)
    assert session.done
    wanted[len(session.trace)] = []
    return session, wanted


@settings(max_examples=60)
@given(st.integers(0, 999), st.lists(st.integers(0, len(CHANGES) - 1), max_size=5), st.booleans(), st.floats(0, 1))
def test_law_9_any_run_goes_on_from_any_moment_just_as_it_did(
    order: int, changes: list[int], stopped: bool, cut: float
) -> None:
    """The resumed session has the same events and wants the same requests in the same order, seeds included."""
    whole, wanted = eventful(order, changes, stopped)
    moments = sorted(wanted)
    moment = moments[int(cut * (len(moments) - 1))]
    resumed = fast_forward(whole.trace[:moment])
    assert resumed.trace == whole.trace[:moment]
    assert resumed.wants == wanted[moment]


def test_law_9_what_is_wanted_after_a_resume_is_what_was_wanted() -> None:
    """Requests, seeds included: the next sample is the one that an uninterrupted run would have drawn."""
    session = begin("lookahead", n=4, m=2, k=1)
    while session.wants:
        assert fast_forward(session.trace).wants == session.wants
        feed_one(session, session.wants[-1], SCRIPT, REWARDS)
    assert fast_forward(session.trace).done


TRACE: list[Event] = list(finish(begin("beam", n=4, m=2), full(3, 6), scattered(full(3, 6))).session.trace)
START = TRACE[0]
assert isinstance(START, Started)
FIRST = TRACE[1]
assert isinstance(FIRST, Expanded)
SCORED = next(i for i, e in enumerate(TRACE) if isinstance(e, Scored))


@pytest.mark.parametrize(
    ("trace", "at"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([START, START], 1, id="a second start"),
        pytest.param([replace(START, settings=replace(START.settings, strategy="gone"))], 0, id="a strategy of old"),
        pytest.param([replace(START, settings=replace(START.settings, parameters={"x": 1}))], 0, id="a knob of old"),
        pytest.param([START, FIRST, FIRST], 2, id="an answer twice"),
        pytest.param([START, FIRST, replace(FIRST, parent="0.0", node="0.1")], 2, id="another parent"),
        pytest.param([START, FIRST, replace(FIRST, parent="0.9", node="0.1")], 2, id="a parent nobody knows"),
        pytest.param([START, replace(FIRST, node_kind="rollout")], 1, id="another kind"),
        pytest.param([START, replace(FIRST, by="user")], 1, id="another author"),
        pytest.param([START, NoCandidate("0.0", "0.0")], 1, id="a dead end elsewhere"),
        pytest.param([START, Scored("0.0", (0.5,))], 1, id="a score before its step"),
        pytest.param([*TRACE[:SCORED], Scored("0.0", (0.5,) * 9)], SCORED, id="more rewards than steps"),
        pytest.param([*TRACE, Ended("finished")], len(TRACE), id="finished twice"),
        pytest.param([*TRACE, Ended("stopped", by="user")], len(TRACE), id="stopped when finished"),
        pytest.param([START, Ended("stopped"), FIRST], 1, id="stopped by the search"),
        pytest.param([START, Changed(START.settings, "vote")], 1, id="a change of nothing"),
        pytest.param([START, Changed(replace(START.settings, vote="best"), "aggregation")], 1, id="another change"),
        pytest.param([START, Changed(replace(START.settings, vote="best"), "colour")], 1, id="a setting of old"),
        pytest.param([START, Changed(replace(START.settings, vote="loud"), "vote")], 1, id="a vote of old"),
        pytest.param([START, Changed(replace(START.settings, strategy="gone"), "strategy")], 1, id="changed to old"),
    ],
)
@pytest.mark.timeout(20)
def test_law_9_drift_names_the_first_event_that_does_not_fit(trace: list[Event], at: int) -> None:
    """Whatever a file may hold: never another exception, never an endless loop, never a tree that nobody grew."""
    with pytest.raises(DriftError, match=f"^event {at}\\b"):
        fast_forward(trace)
