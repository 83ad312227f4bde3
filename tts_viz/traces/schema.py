"""The trace format: one line of JSON for each event, lossless in both directions. Strict, because files are untrusted.

A trace is a header line, `{"format": "tts_viz", "version": 2}`, then the events in order. There are two checks: pydantic
validates each line against the dataclasses of `events` (selected by `kind`), and `Gate` checks each event against the
earlier ones, so that accepted events can be folded into a tree. Lines of version 1 are read too (see `upgrade`). Knows
nothing about files.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from tts_viz.core import aggregation
from tts_viz.core.budget import Cost
from tts_viz.core.events import (
    Author,
    Changed,
    Decided,
    Ended,
    Event,
    Expanded,
    MoreRequested,
    NoCandidate,
    NodeId,
    NodeKind,
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
from tts_viz.core.tree import ROOT
from tts_viz.errors import TraceError
from tts_viz.strategies import choice_table
from tts_viz.tasks.base import Problem
from tts_viz.traces.upgrade import upgrade

MAX_LINE = 1_000_000
"""Most bytes in one line."""

MAX_DEPTH = 500
MAX_NODES = 200_000

LONGEST_NOTE = 2_000
"""Most characters of a strategy's note."""

CHILD = re.compile(r"(?P<parent>.+)\.(?P<mark>[rua]?)\d{1,6}", re.ASCII)

MARKS = {"step": "", "rollout": "r", "attempt": "a"}
"""Prefix of the index of a sampled child, by its kind; a step written by the user has the prefix u."""

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a trace."""

    __pydantic_config__ = STRICT

    format: Literal["tts_viz"]
    version: Literal[1, 2]


THIS = Header("tts_viz", 2)


HEADER = TypeAdapter(Header)
EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")], config=STRICT)
# A union, because pydantic ignores `config` for a bare dataclass, and the core does not import pydantic.
PROBLEM: TypeAdapter[Problem | None] = TypeAdapter(Problem | None, config=STRICT)


def encode(event: Event | Header) -> str:
    """One line, without its newline. Raises `TraceError` for a number that is not finite."""
    plain = HEADER.dump_python(event) if isinstance(event, Header) else EVENT.dump_python(event)
    try:
        return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise TraceError(f"cannot be written: {error}") from None


def decode(line: str | bytes, version: int = THIS.version) -> Event:
    """The event in a line of this version. Raises `TraceError`. `Gate` checks what the event refers to."""
    if len(line) > MAX_LINE:
        raise TraceError(f"the line has {len(line):,} bytes; at most {MAX_LINE:,} are allowed")
    event: Event = _validated(EVENT, line)
    return upgrade(event) if version < THIS.version else event


def version_of(line: str | bytes) -> int:
    """The version in a trace's header. Raises `TraceError` unless it is supported."""
    try:
        return HEADER.validate_json(line).version
    except ValidationError:
        raise TraceError(f"this is no trace that can be read here: the first line must be {encode(THIS)}") from None


def _validated(adapter: TypeAdapter[Any], line: str | bytes) -> Any:
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise TraceError(f"{where}: {first['msg']}" if where else first["msg"]) from None


class Gate:
    """Checks events in order, each against the earlier ones."""

    def __init__(self) -> None:
        self._depth: dict[NodeId, int] = {}
        self._kinds: dict[NodeId, str] = {}
        self._interventions = 0

    def accept(self, event: Event) -> None:
        """Raises `TraceError` for an event that cannot follow, and then ignores it."""
        if isinstance(event, Started) == bool(self._depth):
            raise TraceError("a second start" if self._depth else f"the first event must be started, not {event.kind}")
        match event:
            case Started():
                self._start(event)
            case Noted():
                _require(event.by == "search", "only a strategy says what it does next")
                _require(len(event.why) <= LONGEST_NOTE, f"a note of more than {LONGEST_NOTE:,} characters")
                _check_parameters(event.parameters)
            case Changed():
                _check_settings(event.settings)
                names = {f.name for f in fields(Settings)}
                _require(set(event.what.split(", ")) <= names, f"{event.what!r} does not name settings")
            case Expanded():
                self._expand(event)
            case NoCandidate():
                self._check_place(event.parent, event.node, event.node_kind)
                _check_cost(event.cost)
            case Scored():
                steps = self._known(event.node)
                _require(1 <= len(event.rewards) <= steps, f"{len(event.rewards)} rewards for {steps} steps")
                _require(all(0 <= r <= 1 for r in event.rewards), "a reward must be from 0 to 1")
                _check_cost(event.cost)
            case Decided():
                _require(
                    event.by == "search" or self._interventions > 0,
                    "nothing was done by hand that it could follow from",
                )
                self._check_decision(event)
            case Valued():
                self._known(event.node)
            case Pruned():
                _require(bool(event.nodes), "no node is named")
                for node in event.nodes:
                    self._known(node)
                self._interventions += 1
            case Pinned() | ScoreOverridden() | MoreRequested():
                self._known(event.node)
                self._interventions += 1
                reward = event.reward if isinstance(event, ScoreOverridden) else None
                _require(reward is None or 0 <= reward <= 1, "a reward must be from 0 to 1")
            case Undone():
                _require(0 <= event.deed < self._interventions, f"nothing was done by hand as number {event.deed}")
            case Ended():
                pass

    def _start(self, event: Started) -> None:
        _check_settings(event.settings)
        _require(1 <= event.max_depth <= MAX_DEPTH, f"max_depth must be from 1 to {MAX_DEPTH}")
        _require(event.max_tokens >= 1, "max_tokens must be positive")
        if event.problem:
            _validated(PROBLEM, json.dumps(event.problem))
        if event.table:
            try:
                choice_table.rows(event.table)
            except ValueError as error:
                raise TraceError(f"table: {error}") from None
        self._depth[ROOT] = 0
        self._kinds[ROOT] = "root"

    def _expand(self, event: Expanded) -> None:
        self._check_place(event.parent, event.node, event.node_kind, event.by)
        lengths = {len(given) for given in (event.tokens, event.logprobs, event.pieces) if given}
        _require(len(lengths) <= 1, "tokens, logprobs and pieces must be equally many")
        _check_cost(event.cost)
        depth = self._depth[event.parent] + 1
        _require(depth <= MAX_DEPTH, f"deeper than {MAX_DEPTH} steps")
        _require(len(self._depth) < MAX_NODES, f"more than {MAX_NODES:,} nodes")
        if event.replaces is not None:
            self._known(event.replaces)
            _require(
                event.by == "user" and event.replaces.rpartition(".")[0] == event.parent,
                "only a sibling can be replaced",
            )
        self._interventions += event.by == "user"
        self._depth[event.node], self._kinds[event.node] = depth, event.node_kind

    def _check_place(self, parent: NodeId, node: NodeId, kind: NodeKind, by: Author = "search") -> None:
        self._known(parent)
        found = CHILD.fullmatch(node)
        if not found or found["parent"] != parent:
            raise TraceError(f"{node!r} is no id for a child of {parent}")
        _require(kind != "root", "a root cannot be grown")
        mark = "u" if by == "user" else MARKS[kind]
        _require(found["mark"] == mark, f"{node!r} is no id for a {kind}")
        _require(self._kinds[parent] != "rollout" or kind == "rollout", "a step cannot follow a look ahead")
        _require(node not in self._depth, f"node {node} is there already")

    def _check_decision(self, event: Decided) -> None:
        rivals = [*event.kept, *event.pruned]
        for id in rivals:
            self._known(id)
        _require(len(rivals) == len(set(rivals)), "a rival is named twice")
        _require(set(event.scores) <= set(rivals), "a score of a node that is no rival")
        _require(event.aggregation in aggregation.STEP_AGGREGATIONS, f"unknown step aggregation {event.aggregation!r}")

    def _known(self, node: NodeId) -> int:
        """The node's depth."""
        if node not in self._depth:
            raise TraceError(f"node {node[:60]!r} has not grown yet")
        return self._depth[node]


def check_all(events: Iterable[Event]) -> None:
    """Raises `TraceError`, naming the event's index, unless the events are a valid trace."""
    gate = Gate()
    for index, event in enumerate(events):
        try:
            gate.accept(event)
        except TraceError as error:
            raise TraceError(f"event {index}: {error}") from None


def _check_settings(settings: Settings) -> None:
    _require(settings.temperature >= 0, "the temperature must not be negative")
    _require(
        settings.aggregation in aggregation.STEP_AGGREGATIONS, f"unknown step aggregation {settings.aggregation!r}"
    )
    _require(settings.vote in aggregation.VOTES, f"unknown vote {settings.vote!r}")
    _check_parameters(settings.parameters)


def _check_parameters(parameters: dict[str, Any]) -> None:
    for name, value in parameters.items():
        plain = isinstance(value, str | int | bool | None) or (isinstance(value, float) and math.isfinite(value))
        _require(plain, f"parameter {name!r} must be a plain finite value")


def _check_cost(cost: Cost) -> None:
    _require(all(getattr(cost, f.name) >= 0 for f in fields(Cost)), "a cost must not be negative")


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise TraceError(rule)
