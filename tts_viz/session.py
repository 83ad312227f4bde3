"""One search: a strategy, the tree it grows, and the trace of all that happened. No I/O, no threads, no clock.

Theory of operation. The strategy's generator yields an op; the session turns it into *requests*, each for one child or
one node's score, and waits. Whoever drives the session (the scheduler, a test, a replay) reads `wants`, gets each
request answered by whatever means and in whatever order, and calls `feed`. When an op's last answer is in, the
generator goes on. `Parallel` makes a tree of generators; each goes on by itself.

Rule 1. Every change is an event, applied to the tree and appended to the trace in one place: `_emit`.
Rule 2. The budget holds requests back; it never drops them and never closes a generator.
Rule 3. Commands are given between answers. A command never loses what was generated.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Literal

from tts_viz import aggregate, strategies
from tts_viz.engines.base import Rewards, Sampled, SampleRequest, ScoreRequest, Step
from tts_viz.events import (
    Changed,
    Decided,
    Ended,
    Event,
    Grew,
    Kind,
    NodeId,
    Scored,
    Settings,
    Started,
    Valued,
    Withered,
)
from tts_viz.ops import Believe, Expand, Keep, Op, Parallel, Roll, Score, Search
from tts_viz.tasks.base import Problem
from tts_viz.tree import Node, Tree, in_order, place_of

IDLE_OPS = 10_000
"""A strategy that yields this many ops in a row that ask for nothing is spinning: our bug, not a slow search."""


class DriftError(ValueError):
    """A recorded trace is not what this strategy would have done. The message names the first event that differs."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing wanted: a child (`node` is its id, `parent` where it grows) or a score (`node` is scored).

    `seed` is 64 bits and depends on the session's seed and the node id only, so that no neighbour changes a sample.
    """

    want: Literal["child", "score"]
    node: NodeId
    parent: NodeId
    kind: Kind = "step"
    greedy: bool = False
    seed: int = 0

    def fits(self, event: Grew | Withered | Scored) -> bool:
        """Is a recorded event of this node an answer to this request?"""
        same = isinstance(event, Scored) or (event.parent, event.node_kind) == (self.parent, self.kind)
        return same and event.by == "search"


@dataclass(slots=True, eq=False)
class Process:
    """A generator, what it waits for, and what came of its pending op so far."""

    search: Search
    parent: Process | None = None
    waiting: dict[NodeId, Request] = field(default_factory=dict)
    running: set[Process] = field(default_factory=set)
    grown: list[NodeId] = field(default_factory=list)


def request_seed(seed: int, node: NodeId) -> int:
    """64 bits from the session's seed and the id of the node to be made (which ends in the child's index)."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{node}".encode(), digest_size=8).digest(), "little")


def chosen(settings: Settings) -> strategies.Strategy:
    """The strategy of these settings. Raises ValueError for a value that no search could go by."""
    if not 0 <= settings.temperature < inf:
        raise ValueError(f"temperature={settings.temperature} must be a finite number from 0 up; try 1")
    aggregate.steps([0.0], settings.aggregation)
    aggregate.rank([], settings.vote)
    return strategies.make(settings.strategy, settings.parameters)


class Session:
    """See the module's docstring. `trace` is the truth; `tree` is its fold."""

    def __init__(self, started: Started) -> None:
        """Raises ValueError for bad settings."""
        self.tree = Tree()
        self.trace: list[Event] = []
        self._pending: dict[tuple[str, NodeId], tuple[Request, Process]] = {}
        self._asked: Counter[tuple[NodeId, Kind]] = Counter()
        strategy = chosen(started.settings)
        self._emit(started)
        self._begin(strategy)

    # --- what is wanted ---------------------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Finished or stopped."""
        return self.tree.ended is not None

    @property
    def wants(self) -> list[Request]:
        """Unanswered requests that the budget covers, oldest op first; [] when done or out of budget."""
        budget, spent = self.tree.settings.budget, self.tree.spent
        reach = Counter[int]()
        wanted = []
        for request, _ in self._pending.values():
            if request.want == "child":
                depth = self.tree.charged_depth(self.tree.nodes[request.parent], request.kind)
                generations = max(self.tree.generations, self.tree.sampled(depth) + reach[depth] + 1)
                if not budget.covers(generations, spent):
                    continue
                reach[depth] += 1
            wanted.append(request)
        return wanted

    @property
    def held(self) -> bool:
        """Is it only the budget that keeps the search from going on?"""
        return not self.done and not self.wants

    # --- answers ----------------------------------------------------------------------------------------------------

    def feed(self, request: Request, answer: Sampled | Rewards) -> list[Event]:
        """Record the answer to a wanted request and go on; returns the new events. KeyError if it isn't wanted."""
        before = len(self.trace)
        _, process = self._pending.pop((request.want, request.node))
        self._emit(self._recorded(request, answer))
        self._answered(request, process)
        return self.trace[before:]

    def _recorded(self, request: Request, answer: Sampled | Rewards) -> Event:
        if isinstance(answer, Rewards):
            return Scored(request.node, answer.rewards, answer.cost)
        if answer.candidate is None:
            return Withered(request.parent, request.node, request.kind, answer.cost)
        c = answer.candidate
        return Grew(
            request.parent, request.node, c.text, request.kind, c.tokens, c.logprobs, c.pieces, c.finish, answer.cost
        )

    def _answered(self, request: Request, process: Process) -> None:
        del process.waiting[request.node]
        if request.want == "child" and request.node in self.tree.nodes:
            process.grown.append(request.node)
        if not process.waiting:
            # Birth order is the order of arrival; a strategy sees its children in the order it asked for them.
            grown = in_order(self.tree.nodes[id] for id in process.grown)
            process.grown = []
            self._resume(process, grown)

    def question(self, request: Request) -> SampleRequest | ScoreRequest:
        """The request as the engines read it: complete in itself."""
        assert self.tree.started is not None
        started = self.tree.started
        if request.want == "score":
            path = self.tree.nodes[request.node].path()
            # All are known where the answer to a deeper node's request came first.
            known = next((i for i, n in enumerate(path) if n.reward is None), len(path) - 1)
            problem = Problem(**started.problem) if started.problem else None
            return ScoreRequest(started.prompt, tuple(n.text for n in path), len(path) - known, problem)
        steps = tuple(Step(n.text, n.tokens) for n in self.tree.nodes[request.parent].path())
        temperature = 0.0 if request.greedy else self.tree.settings.temperature
        return SampleRequest(started.prompt, steps, temperature, request.seed, started.max_tokens)

    # --- a person's commands ----------------------------------------------------------------------------------------

    def change(self, **changes: Any) -> list[Event]:
        """New settings (fields of `Settings`), from the next request on; a new strategy starts on the tree as it is.

        Raises ValueError for a bad value, and then nothing has changed.
        """
        before, old = len(self.trace), self.tree.settings
        settings = replace(old, **changes)
        strategy = chosen(settings)
        if settings == old:
            return []
        self._emit(Changed(settings, ", ".join(sorted(changes))))
        if not self.done and (settings.strategy, settings.parameters) != (old.strategy, old.parameters):
            self._begin(strategy)
        return self.trace[before:]

    def stop(self) -> list[Event]:
        """End the search here and keep everything."""
        if self.done:
            return []
        self._pending.clear()
        self._emit(Ended("stopped", by="user"))
        return self.trace[-1:]

    # --- replay -----------------------------------------------------------------------------------------------------

    @classmethod
    def fast_forward(cls, trace: Sequence[Event]) -> Session:
        """The session as it was after `trace`, ready to go on: the same strategy, fed the recorded answers.

        Raises `DriftError`, naming the event, where the strategy would not have done what the trace says.
        """
        if not trace or not isinstance(trace[0], Started):
            raise DriftError("event 0 must be the start of a search")
        at = 0
        try:
            session = cls(trace[0])
            while at < len(trace):
                if at == len(session.trace):
                    session._replay(trace[at])
                done = session.trace[at] if at < len(session.trace) else "nothing"
                if done != trace[at]:
                    raise ValueError(f"the trace says {trace[at]}, this version would have done {done}")
                at += 1
            return session
        except (ValueError, KeyError, AttributeError) as error:
            raise DriftError(f"event {at}: {error}") from error

    def _replay(self, event: Event) -> None:
        match event:
            case Changed():
                self.change(**{name: getattr(event.settings, name) for name in event.what.split(", ")})
            case Ended(why="stopped"):
                self.stop()
            case Grew() | Withered() | Scored():
                key = ("score" if isinstance(event, Scored) else "child", event.node)
                request, process = self._pending.pop(key, (None, None))
                if request is None or process is None or not request.fits(event):
                    raise ValueError(f"the trace answers a request for {event.node} that was never made")
                self._emit(event)
                self._answered(request, process)
            case _:
                raise ValueError(f"this version would not have done {event}")

    # --- the strategy's side ----------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        self.tree.apply(event)
        self.trace.append(event)

    def _begin(self, strategy: strategies.Strategy) -> None:
        self._pending.clear()
        self._asked = self._answered_children()
        self._resume(Process(strategy.search(self.tree)), None)

    def _answered_children(self) -> Counter[tuple[NodeId, Kind]]:
        """The first free child index of each node; ids of children that never came are used again."""
        free = Counter[tuple[NodeId, Kind]]()
        for event in self.trace:
            if isinstance(event, Grew | Withered) and event.by == "search":
                key = event.parent, event.node_kind
                free[key] = max(free[key], place_of(event.node)[1] + 1)
        return free

    def _resume(self, process: Process, grown: list[Node] | None) -> None:
        """Run a generator until it waits for something; when it ends, let the one that waits for it go on."""
        for _ in range(IDLE_OPS):
            try:
                op = next(process.search) if grown is None else process.search.send(grown)
            except StopIteration:
                self._finished(process)
                return
            if self._start(op, process):
                return
            grown = []
        raise RuntimeError(f"the strategy asked for nothing {IDLE_OPS} times in a row")

    def _finished(self, process: Process) -> None:
        if process.parent is None:
            self._emit(Ended("finished"))
            return
        process.parent.running.discard(process)
        if not process.parent.running:
            self._resume(process.parent, [])

    def _start(self, op: Op, process: Process) -> bool:
        """Begin an op. Is the process now waiting?"""
        match op:
            case Expand(nodes, n, greedy):
                for node in nodes:
                    for _ in range(n):
                        self._want_child(process, node, "step", greedy)
            case Roll(nodes):
                for node in nodes:
                    self._want_child(process, node, "rollout", greedy=True)
            case Score(nodes):
                for node in nodes:
                    if node.reward is None and ("score", node.id) not in self._pending:
                        self._want(process, Request("score", node.id, node.id))
            case Keep(best, rivals):
                self._decide(best, rivals)
            case Believe(node, value):
                self._emit(Valued(node.id, value))
            case Parallel(searches):
                children = [Process(search, process) for search in searches]
                process.running.update(children)
                for child in children:
                    self._resume(child, None)
                # If all of them ended at once, the last one has already let this process go on.
                return bool(children)
        return bool(process.waiting)

    def _want_child(self, process: Process, parent: Node, kind: Kind, greedy: bool) -> None:
        index = self._asked[parent.id, kind]
        self._asked[parent.id, kind] += 1
        id = f"{parent.id}.{'r' if kind == 'rollout' else ''}{index}"
        seed = request_seed(self.tree.started.seed if self.tree.started else 0, id)
        self._want(process, Request("child", id, parent.id, kind, greedy, seed))

    def _want(self, process: Process, request: Request) -> None:
        process.waiting[request.node] = request
        self._pending[request.want, request.node] = (request, process)

    def _decide(self, best: Sequence[Node], rivals: Sequence[Node]) -> None:
        kept = {n.id for n in best}
        self._emit(
            Decided(
                kept=tuple(n.id for n in rivals if n.id in kept),
                pruned=tuple(n.id for n in rivals if n.id not in kept),
                scores={n.id: score for n in rivals if (score := self.tree.score(n)) is not None},
                aggregation=self.tree.settings.aggregation,
                depth=max(n.depth for n in rivals),
            )
        )
