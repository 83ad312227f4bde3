"""The trace on paper: whatever can happen comes back exactly, and nothing else comes in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import (
    Changed,
    Decided,
    Ended,
    Expanded,
    MoreRequested,
    NoCandidate,
    Noted,
    Pinned,
    Pruned,
    Scored,
    ScoreOverridden,
    Settings,
    Started,
    Undone,
    Valued,
)
from tts_viz.core.tree import Tree
from tts_viz.errors import TraceError
from tts_viz.strategies import STRATEGIES
from tts_viz.traces import schema
from tts_viz.traces.schema import THIS, Gate, check_all, decode, encode, version_of

real = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
count = st.integers(min_value=0)
plain = st.one_of(st.none(), st.booleans(), st.integers(), real, st.text())
ids = st.text(min_size=1)
by = st.sampled_from(["search", "user"])
kinds = st.sampled_from(["step", "rollout", "attempt"])
costs = st.builds(Cost, count, count, count, count, count, real, real, real)
budgets = st.builds(Budget, st.none() | st.integers(1), st.none() | st.integers(1), st.none() | positive)
settings = st.builds(
    Settings, st.text(), st.dictionaries(st.text(), plain), budgets, real, st.text(), st.text(), st.integers()
)
reals = st.lists(real).map(tuple)
names = st.lists(ids).map(tuple)

events = st.one_of(
    st.builds(
        Started, st.text(), settings, max_depth=count, max_tokens=count, problem=st.dictionaries(st.text(), plain),
        policy=st.text(),
    ),
    st.builds(Changed, settings, st.text(), by=by),
    st.builds(
        Expanded, ids, ids, st.text(), kinds, st.lists(count).map(tuple), reals, st.lists(st.text()).map(tuple),
        st.sampled_from(["step", "eos", "length"]), costs, st.none() | ids, by=by,
    ),
    st.builds(NoCandidate, ids, ids, kinds, costs, by=by),
    st.builds(Scored, ids, reals, costs, by=by),
    st.builds(Decided, names, names, st.dictionaries(ids, real), st.text(), st.integers(), st.none() | count, by=by),
    st.builds(Valued, ids, real, by=by),
    st.builds(Noted, st.text(), st.none() | st.text(), st.dictionaries(st.text(), plain)),
    st.builds(Ended, st.sampled_from(["finished", "stopped"]), by=by),
    st.builds(Pruned, names, st.booleans()),
    st.builds(Pinned, ids, st.booleans()),
    st.builds(ScoreOverridden, ids, st.none() | real),
    st.builds(MoreRequested, ids, count, st.booleans(), names),
    st.builds(Undone, count, st.booleans()),
)  # fmt: skip


@given(events)
def test_every_event_comes_back_exactly(event) -> None:
    line = encode(event)
    assert "\n" not in line
    back = decode(line)
    assert back == event
    assert encode(back) == line


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("seed", range(3))
def test_every_search_passes_the_gate_and_folds_to_the_same_tree(search, strategy: str, seed: int) -> None:
    trace = search(strategy, seed)
    assert len(trace) > 2
    back = [decode(encode(event)) for event in trace]
    check_all(back)
    assert back == trace
    assert list(Tree.fold(back).nodes) == list(Tree.fold(trace).nodes)


SCORED: dict[str, Any] = {"node": "0.0", "rewards": [0.5], "kind": "scored"}
START = Started("p", Settings("beam", {"n": 4}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "exploded"}, "kind"),
        ({"kind": None}, "kind"),
        ({"surprise": 1}, "surprise"),
        ({"rewards": ["0.5"]}, "rewards.0"),
        ({"rewards": [float("nan")]}, "finite"),
        ({"rewards": [float("inf")]}, "finite"),
        ({"rewards": None}, "rewards"),
        ({"node": 0}, "node"),
        ({"by": "chance"}, "by"),
        ({"cost": {"generated": 1.5}}, "cost.generated"),
        ({"cost": {"dollars": 1}}, "cost.dollars"),
    ],
)
def test_a_line_must_be_an_event(change: dict[str, Any], says: str) -> None:
    assert decode(json.dumps(SCORED)) == Scored("0.0", (0.5,))
    with pytest.raises(TraceError) as caught:
        decode(json.dumps(SCORED | change))
    assert says in str(caught.value)


@pytest.mark.parametrize("line", ["", "null", "[]", "3", "{", '{"kind": "ended"', "\ufeff{}", "[" * 100_000])
def test_a_line_must_be_an_object(line: str) -> None:
    with pytest.raises(TraceError):
        decode(line)


def test_a_line_must_not_be_huge() -> None:
    with pytest.raises(TraceError, match="bytes"):
        decode(json.dumps(SCORED | {"node": "0" * schema.MAX_LINE}))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_what_could_not_be_read_again_is_not_written(bad: float) -> None:
    with pytest.raises(TraceError):
        encode(Scored("0.0", (bad,)))


@pytest.mark.parametrize(
    "line", ["{}", "null", '{"format":"tts_viz","version":3}', '{"format":"other","version":1}', '{"kind":"ended"}']
)
def test_only_this_version_and_those_before_are_read(line: str) -> None:
    assert version_of(encode(THIS)) == 2
    assert version_of('{"format":"tts_viz","version":1}') == 1
    with pytest.raises(TraceError, match="first line must be"):
        version_of(line)


def grown(node: str, parent: str = "0", **more: Any) -> Expanded:
    return Expanded(parent, node, "text", **more)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (START, "second start"),
        (grown("0.0"), "there already"),
        (grown("0.7.1", "0.7"), "has not grown yet"),
        (grown("0.1.0", "0"), "no id for a child"),
        (grown("0.1.1", "0.1 "), "has not grown yet"),
        (grown("0.x"), "no id for a child"),
        (grown("0.1\n"), "no id for a child"),
        (grown("0.١"), "no id for a child"),
        (grown("0.1234567"), "no id for a child"),
        (grown("0.r5"), "no id for a step"),
        (grown("0.5", node_kind="rollout"), "no id for a rollout"),
        (grown("0.0.r0.0", "0.0.r0"), "cannot follow a look ahead"),
        (grown("0.5", node_kind="root"), "root"),
        (grown("0.5", tokens=(1, 2), logprobs=(0.5,)), "equally many"),
        (grown("0.5", cost=Cost(generated=-1)), "negative"),
        (NoCandidate("0.9", "0.9.0"), "has not grown yet"),
        (Scored("0.9", (0.5,)), "has not grown yet"),
        (Scored("0.0", ()), "0 rewards"),
        (Scored("0.0", (0.5, 0.5)), "2 rewards for 1 steps"),
        (Scored("0", (0.5,)), "1 rewards for 0 steps"),
        (Scored("0.0", (1.5,)), "from 0 to 1"),
        (Decided(("0.0",), ("0.9",), {}, "last", 1), "has not grown yet"),
        (Decided(("0.0",), ("0.0",), {}, "last", 1), "twice"),
        (Decided(("0.0",), (), {"0.1": 0.5}, "last", 1), "no rival"),
        (Decided(("0.0",), (), {}, "median", 1), "aggregation"),
        (Valued("0.9", 0.5), "has not grown yet"),
        (Noted("x" * 2_001), "2,000 characters"),
        (Noted("x", "beam", {"n": [4]}), "plain finite value"),
        (Noted("x", by="user"), "only a strategy"),
        (Changed(Settings("beam", {}, temperature=-1), "temperature"), "temperature"),
        (Changed(Settings("beam", {}, vote="coin"), "vote"), "vote"),
        (Changed(Settings("beam", {"n": [1]}), "parameters"), "plain"),
        (Changed(Settings("beam", {"n": float("nan")}), "parameters"), "plain"),
        (Changed(Settings("beam", {}), "mood"), "mood"),
    ],
)
def test_an_event_must_fit_those_before_it(event, says: str) -> None:
    gate = Gate()
    for before in (START, grown("0.0"), grown("0.1"), grown("0.0.r0", "0.0", node_kind="rollout")):
        gate.accept(before)
    with pytest.raises(TraceError) as caught:
        gate.accept(event)
    assert says in str(caught.value)
    gate.accept(grown("0.2"))  # what was refused has had no effect


@pytest.mark.parametrize(
    ("started", "says"),
    [
        (Started("p", Settings("beam", {}), max_depth=10**9), "max_depth"),
        (Started("p", Settings("beam", {}), max_tokens=0), "max_tokens"),
        (Started("p", Settings("beam", {}), problem={"task": "countdown"}), "id"),
        (
            Started("p", Settings("beam", {}), problem={"task": "t", "id": "", "question": "", "prompt": "", "x": 1}),
            "x",
        ),
        (Ended("finished"), "must be started"),
    ],
)
def test_a_trace_must_begin_well(started, says: str) -> None:
    with pytest.raises(TraceError, match="event 0") as caught:
        check_all([started])
    assert says in str(caught.value)


def test_trees_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MAX_NODES", 3)
    with pytest.raises(TraceError, match="event 3: more than 3 nodes"):
        check_all([START, grown("0.0"), grown("0.1"), grown("0.2")])
    monkeypatch.setattr(schema, "MAX_NODES", 100)
    monkeypatch.setattr(schema, "MAX_DEPTH", 50)
    chain = [grown("0" + ".0" * d, "0" + ".0" * (d - 1)) for d in range(1, 52)]
    with pytest.raises(TraceError, match="event 51: deeper than 50"):
        check_all([START, *chain])
