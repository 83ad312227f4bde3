"""One search: a strategy, the tree it grows, and the trace of all that happened. No I/O, no threads, no clock.

Theory of operation. The strategy's generator yields an op; the session turns it into *requests*, each for one child or
one node's score, and waits. Whoever drives the session (the scheduler, a test, a replay) reads `wants`, gets each
request answered by whatever means and in whatever order, and calls `feed`. When an op's last answer is in, the
generator goes on. `Parallel` makes a tree of generators; each goes on by itself. What a person does by hand may ask for
things too (a score for the step that they wrote): a generator of its own, and the strategy waits until that has ended.

Rule 1. Every change is an event, applied to the tree and appended to the trace in one place: `_emit`.
Rule 2. The budget holds requests back; it never drops them and never closes a generator.
Rule 3. Commands are given between answers. A command never loses what was generated.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tts_viz import strategies
from tts_viz.core.events import (
    Author,
    Changed,
    Decided,
    Ended,
    Event,
    Expanded,
    Intervention,
    MoreRequested,
    NoCandidate,
    NodeId,
    NodeKind,
    Noted,
    Scored,
    Started,
    Undone,
    Valued,
)
from tts_viz.core.node import Node, in_order
from tts_viz.core.ops import Expand, Note, Op, Parallel, Revise, Rollout, Score, Search, Select, SetValue
from tts_viz.core.tree import Tree, reopens
from tts_viz.engines.base import ContextStep, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.search import steering
from tts_viz.search.request import Request, first_free, request_seed
from tts_viz.tasks.base import Problem

IDLE_OPS = 10_000
"""A strategy that yields this many ops in a row that ask for nothing is spinning: our bug, not a slow search."""


@dataclass(slots=True, eq=False)
class Process:
    """A generator, what it waits for, and what came of its pending op so far."""

    search: Search
    by: Author = "search"
    parent: Process | None = None
    waiting: dict[NodeId, Request] = field(default_factory=dict)
    running: set[Process] = field(default_factory=set)
    grown: list[NodeId] = field(default_factory=list)


class Session:
    """See the module's docstring. `trace` is the truth; `tree` is its fold."""

    def __init__(self, started: Started) -> None:
        """Raises ValueError for bad settings."""
        self.tree = Tree()
        self.trace: list[Event] = []
        self._pending: dict[tuple[str, NodeId], tuple[Request, Process]] = {}
        self._asked: Counter[tuple[NodeId, NodeKind]] = Counter()
        self._by_hand: dict[int, Process] = {}
        """What was asked for by hand and has not ended, by the number of the intervention."""
        self._waiting: list[tuple[Process, list[Node] | None]] = []
        """The strategy's generators that could go on, once nothing asked for by hand is under way."""
        self._why: Literal["finished", "stopped"] = "finished"
        strategy = strategies.from_settings(started.settings)
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
            return NoCandidate(request.parent, request.node, request.kind, answer.cost)
        c = answer.candidate
        return Expanded(
            request.parent, request.node, c.text, request.kind, c.tokens, c.logprobs, c.pieces, c.finish, answer.cost
        )

    def _answered(self, request: Request, process: Process) -> None:
        del process.waiting[request.node]
        if request.want == "child" and request.node in self.tree.nodes:
            process.grown.append(request.node)
        if not process.waiting:
            # Birth order is the order of arrival; a strategy sees its children in the order it asked for them.
            grown, process.grown = in_order(self.tree.nodes[id] for id in process.grown), []
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
        parent = self.tree.nodes[request.parent]
        steps = tuple(ContextStep(n.text, n.tokens) for n in parent.path())
        earlier = tuple(tuple(n.text for n in end.path()) for end in parent.earlier())
        temperature = 0.0 if request.greedy else self.tree.settings.temperature
        asked, limit = str(started.problem.get("asked", "")), started.max_tokens
        return SampleRequest(started.prompt, steps, temperature, request.seed, limit, earlier, asked=asked)

    # --- a person's commands ----------------------------------------------------------------------------------------

    def change(self, **changes: Any) -> list[Event]:
        """New settings (fields of `Settings`), from the next request on; a new strategy starts on the tree as it is.

        Raises ValueError for a bad value, and then nothing has changed.
        """
        before, old = len(self.trace), self.tree.settings
        settings = replace(old, **changes)
        strategy = strategies.from_settings(settings)
        if settings == old:
            return []
        self._emit(Changed(settings, ", ".join(sorted(changes))))
        if not self.done and (settings.strategy, settings.parameters) != (old.strategy, old.parameters):
            self._begin(strategy)
        return self.trace[before:]

    def intervene(self, intervention: Intervention | Undone) -> list[Event]:
        """What a person does by hand (see `steering`, which makes and checks these events), and what follows from it.

        A search that had ended goes on where there is something to go on with. Raises ValueError or KeyError for what
        cannot be done (any more), and then nothing has changed.
        """
        steering.check(self.tree, intervention)
        before = len(self.trace)
        if self.tree.ended:
            self._asked, self._why = first_free(self.trace), self.tree.ended.why
        if isinstance(intervention, MoreRequested):
            first = self._asked[intervention.node, "step"]
            intervention = replace(
                intervention, children=tuple(f"{intervention.node}.{first + i}" for i in range(intervention.n))
            )
        self._emit(intervention)
        if isinstance(intervention, Undone) and (undone := self._by_hand.pop(intervention.deed, None)):
            self._cancel(undone)
        if decision := steering.decide_anew(self.tree, intervention):
            self._emit(decision)
        if self.done:
            return self.trace[before:]
        if (
            not self._strategy_lives
            and not isinstance(intervention, MoreRequested)
            and reopens(intervention, Ended(self._why))
        ):
            self._waiting.append((Process(strategies.from_settings(self.tree.settings).search(self.tree)), None))
            self._why = "finished"
        if search := steering.follow_up(self.tree, intervention):
            number = intervention.deed if isinstance(intervention, Undone) else len(self.tree.interventions) - 1
            self._by_hand[number] = process = Process(search, by="user")
            self._resume(process, None)
        else:
            self._go_on()
        return self.trace[before:]

    def stop(self) -> list[Event]:
        """End the search here and keep everything."""
        if self.done:
            return []
        self._pending.clear()
        self._waiting.clear()
        self._by_hand.clear()
        self._emit(Ended("stopped", by="user"))
        return self.trace[-1:]

    def record(self, event: Expanded | NoCandidate | Scored) -> list[Event]:
        """Go on with an answer that was given before, from a trace. Raises ValueError if nobody asked for it."""
        before = len(self.trace)
        key = ("score" if isinstance(event, Scored) else "child", event.node)
        request, process = self._pending.pop(key, (None, None))
        if request is None or process is None or not request.fits(event):
            raise ValueError(f"the trace answers a request for {event.node} that was never made")
        self._emit(event)
        self._answered(request, process)
        return self.trace[before:]

    # --- the strategy's side ----------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        self.tree.apply(event)
        self.trace.append(event)

    def _begin(self, strategy: strategies.Strategy) -> None:
        """Start a strategy on the tree as it is, in place of the one before; what was asked for by hand goes on."""
        self._pending = {key: (r, p) for key, (r, p) in self._pending.items() if p.by == "user"}
        self._waiting.clear()
        if not self._by_hand:
            self._asked = first_free(self.trace)
        self._resume(Process(strategy.search(self.tree)), None)

    def _cancel(self, process: Process) -> None:
        """Forget what a generator, or one that it runs, is waiting for."""
        gone = {process}
        while more := {child for p in gone for child in p.running} - gone:
            gone |= more
        self._pending = {key: (r, p) for key, (r, p) in self._pending.items() if p not in gone}

    @property
    def _strategy_lives(self) -> bool:
        return bool(self._waiting) or any(process.by == "search" for _, process in self._pending.values())

    def _go_on(self) -> None:
        """Let the strategy go on, once nothing asked for by hand is under way; end where there is nothing to go on with."""
        while self._waiting and not self._by_hand:
            self._resume(*self._waiting.pop(0))
        if not self._waiting and not self._by_hand and not self._pending and not self.done:
            self._emit(Ended(self._why))

    def _resume(self, process: Process, grown: list[Node] | None) -> None:
        """Run a generator until it waits for something; when it ends, let the one that waits for it go on."""
        if process.by == "search" and self._by_hand:
            self._waiting.append((process, grown))
            return
        for _ in range(IDLE_OPS):
            try:
                op = next(process.search) if grown is None else process.search.send(grown)
            except StopIteration:
                self._finished(process)
                return
            if self._start(op, process):
                return
            grown, process.grown = in_order(self.tree.nodes[id] for id in process.grown), []
        raise RuntimeError(f"the strategy asked for nothing {IDLE_OPS} times in a row")

    def _finished(self, process: Process) -> None:
        if process.parent is None:
            self._by_hand = {number: p for number, p in self._by_hand.items() if p is not process}
            self._go_on()
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
            case Rollout(nodes):
                for node in nodes:
                    self._want_child(process, node, "rollout", greedy=True)
            case Score(nodes):
                for node in nodes:
                    if node.reward is None and ("score", node.id) not in self._pending:
                        self._want(process, Request("score", node.id, node.id))
            case Select():
                self._decide(op)
            case Revise(ends):
                for end in ends:
                    process.grown.append(self._attempt(end))
            case SetValue(node, value):
                self._emit(Valued(node.id, value))
            case Note(why, strategy, parameters):
                self._emit(Noted(why, strategy, dict(parameters)))
            case Parallel(searches):
                children = [Process(search, process.by, process) for search in searches]
                process.running.update(children)
                for child in children:
                    self._resume(child, None)
                # If all of them ended at once, the last one has already let this process go on.
                return bool(children)
        return bool(process.waiting)

    def _want_child(self, process: Process, parent: Node, kind: NodeKind, greedy: bool) -> None:
        index = self._asked[parent.id, kind]
        self._asked[parent.id, kind] += 1
        id = f"{parent.id}.{'r' if kind == 'rollout' else ''}{index}"
        seed = request_seed(self.tree.settings.seed, id)
        self._want(process, Request("child", id, parent.id, kind, greedy, seed))

    def _attempt(self, end: Node) -> NodeId:
        index = self._asked[end.id, "attempt"]
        self._asked[end.id, "attempt"] += 1
        self._emit(Expanded(end.id, f"{end.id}.a{index}", "", "attempt"))
        return f"{end.id}.a{index}"

    def _want(self, process: Process, request: Request) -> None:
        process.waiting[request.node] = request
        self._pending[request.want, request.node] = (request, process)

    def _decide(self, keep: Select) -> None:
        kept = {n.id for n in keep.best} | {n.id for n in keep.rivals if n.pinned}
        self._emit(
            Decided(
                kept=tuple(n.id for n in keep.rivals if n.id in kept),
                pruned=tuple(n.id for n in keep.rivals if n.id not in kept),
                scores={n.id: score for n in keep.rivals if (score := self.tree.score(n)) is not None},
                aggregation=self.tree.settings.aggregation,
                depth=max(n.depth for n in keep.rivals),
                places=keep.places,
            )
        )
