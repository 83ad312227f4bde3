"""One search: a strategy, the tree it grows, and the trace of its events. No I/O, no threads, no clock.

Theory of operation. The strategy's generator yields an op; the session turns it into *requests*, each for one child or
one node's score, and waits. The driver of the session (the scheduler, a test, a replay) reads `wants`, has the requests
answered by any means and in any order, and calls `feed`. When an op's last answer is in, the generator continues.
`Parallel` makes a tree of generators that continue independently. An intervention may need requests too (a score for a
step written by hand): it gets a generator of its own, and the strategy waits until that one has ended.

Rule 1. Every change is an event, applied to the tree and appended to the trace in one place: `_emit`.
Rule 2. The budget holds requests back; it never drops them and never closes a generator.
Rule 3. Commands are given between answers. A command never loses what was generated.
Rule 4. A session is in one of four states. It is "going" while requests wait for answers, "held" while only the budget
stops it, and "ended" once the strategy makes no more requests or a person stopped it; an intervention can make it leave
"ended". It is "failed" once a strategy has raised (see `failure`): the call that resumed the strategy raises
`StrategyError`, and the state is final. Answers that arrive after that are still recorded.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tts_viz import strategies
from tts_viz.core.budget import Budget
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
    Settings,
    Started,
    Undone,
    Valued,
)
from tts_viz.core.node import Node, in_order
from tts_viz.core.ops import Expand, Note, Op, Parallel, Revise, Rollout, Score, Search, Select, SetValue
from tts_viz.core.tree import Tree, reopens
from tts_viz.engines.base import ContextStep, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.errors import InterventionRefusedError, StrategyError
from tts_viz.search import steering
from tts_viz.search.pending import Key, Pending
from tts_viz.search.request import Request, first_free, request_seed
from tts_viz.tasks.base import problem_of

IDLE_OPS = 10_000
"""A strategy that yields this many ops in a row without making a request is in an endless loop."""

FORK = "Go back to an earlier moment and fork the run there to go on in another way."


SessionState = Literal["going", "held", "ended", "failed"]


@dataclass(slots=True, eq=False)
class Process:
    """A generator, what it waits for, and the results of its pending op so far."""

    search: Search
    by: Author = "search"
    parent: Process | None = None
    waiting: dict[NodeId, Request] = field(default_factory=dict)
    running: set[Process] = field(default_factory=set)
    grown: list[NodeId] = field(default_factory=list)


class Session:
    """See the module's docstring. `trace` is the source of truth; `tree` is its fold."""

    def __init__(self, started: Started) -> None:
        """Raises ValueError for bad settings. If the strategy fails before its first request, the session is "failed"."""
        self.tree = Tree()
        self.trace: list[Event] = []
        self.failure: StrategyError | None = None
        """The error with which the strategy failed."""
        self._pending: Pending[Process] = Pending(self.tree)
        self._next_index: Counter[tuple[NodeId, NodeKind]] = Counter()
        self._by_hand: dict[int, Process] = {}
        """The unfinished processes of interventions, by the intervention's number."""
        self._waiting: list[tuple[Process, list[Node] | None]] = []
        """The strategy's processes that will continue when no intervention's process is running."""
        self._why: Literal["finished", "stopped"] = "finished"
        strategy = strategies.from_settings(started.settings, started.table)
        self._emit(started)
        with suppress(StrategyError):
            self._begin(strategy)

    # --- requests ---------------------------------------------------------------------------------------------------

    @property
    def state(self) -> SessionState:
        """See rule 4."""
        if self.failure:
            return "failed"
        if self.tree.ended:
            return "ended"
        return "going" if self._pending.any_wanted else "held"

    @property
    def done(self) -> bool:
        """Finished or stopped."""
        return self.tree.ended is not None

    @property
    def wants(self) -> list[Request]:
        """Unanswered requests that the budget covers, oldest op first; [] unless the state is "going"."""
        return self.first_wants(None)

    def first_wants(self, most: int | None) -> list[Request]:
        """The first `most` of these requests."""
        return self._pending.wanted(most) if self.state == "going" else []

    @property
    def held(self) -> bool:
        """Is the budget the only thing that stops the search?"""
        return self.state == "held"

    # --- answers ----------------------------------------------------------------------------------------------------

    def feed(self, request: Request, answer: Sampled | Rewards) -> list[Event]:
        """Record the answer to a pending request and continue; returns the new events.

        Raises KeyError if the request is not pending, and `StrategyError` if the strategy fails; the answer is recorded
        even then.
        """
        before = len(self.trace)
        _, process = self._pending[request.want, request.node]
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
        self._pending.answered((request.want, request.node))
        del process.waiting[request.node]
        if request.want == "child" and request.node in self.tree.nodes:
            process.grown.append(request.node)
        if not process.waiting:
            # Nodes are created in order of arrival; a strategy gets its children in the order in which it requested them.
            grown, process.grown = in_order(self.tree.nodes[id] for id in process.grown), []
            self._resume(process, grown)

    def question(self, request: Request) -> SampleRequest | ScoreRequest:
        """The request in the form that engines read, with all context included."""
        assert self.tree.started is not None
        started = self.tree.started
        problem = problem_of(started)
        if request.want == "score":
            path = self.tree.nodes[request.node].path()
            # All rewards can be known already, if the answer for a deeper node came first.
            known = next((i for i, n in enumerate(path) if n.reward is None), len(path) - 1)
            return ScoreRequest(started.prompt, tuple(n.text for n in path), len(path) - known, problem)
        parent = self.tree.nodes[request.parent]
        steps = tuple(ContextStep(n.text, n.tokens) for n in parent.path())
        earlier = tuple(tuple(n.text for n in end.path()) for end in parent.earlier())
        temperature = 0.0 if request.greedy else self.tree.settings.temperature
        asked, limit = problem.asked if problem else "", started.max_tokens
        return SampleRequest(started.prompt, steps, temperature, request.seed, limit, earlier, asked=asked)

    def check_alive(self) -> None:
        """Raises `InterventionRefusedError` if the strategy has failed, since the search cannot continue then."""
        if self.failure:
            raise InterventionRefusedError(f"{self.failure} {FORK}")

    # --- a person's commands ----------------------------------------------------------------------------------------

    def change(self, **changes: Any) -> list[Event]:
        """Change settings (fields of `Settings`) from the next request on; a new strategy starts on the tree as it is.

        Raises ValueError, without any change, for a bad value or a new strategy after a failure; `StrategyError` if the new
        strategy fails at once.
        """
        before, old = len(self.trace), self.tree.settings
        settings = replace(old, **changes)
        if not isinstance(settings.budget, Budget):
            raise ValueError(f"budget={settings.budget!r} must be a Budget; Budget(None) has no cap")
        strategy = self._strategy(settings)
        if settings == old:
            return []
        restarts = (settings.strategy, settings.parameters) != (old.strategy, old.parameters)
        if restarts:
            self.check_alive()
        self._emit(Changed(settings, ", ".join(sorted(changes))))
        self._pending.settle()
        if not self.done and restarts:
            self._begin(strategy)
        return self.trace[before:]

    def intervene(self, intervention: Intervention | Undone) -> list[Event]:
        """Record an intervention (see `steering`, which makes and checks these events) and carry out its consequences.

        A search that had ended continues if the intervention gives it something to do. Raises ValueError or KeyError,
        without any change, for an intervention that is not possible (any more); `StrategyError` if the strategy fails.
        """
        self.check_alive()
        steering.check(self.tree, intervention)
        before = len(self.trace)
        if self.tree.ended:
            self._next_index, self._why = first_free(self.trace), self.tree.ended.why
        if isinstance(intervention, MoreRequested):
            first = self._next_index[intervention.node, "step"]
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
            self._waiting.append((Process(self._strategy(self.tree.settings).search(self.tree)), None))
            self._why = "finished"
        if search := steering.follow_up(self.tree, intervention):
            number = intervention.deed if isinstance(intervention, Undone) else len(self.tree.interventions) - 1
            self._by_hand[number] = process = Process(search, by="user")
            self._resume(process, None)
        else:
            self._go_on()
        return self.trace[before:]

    def stop(self) -> list[Event]:
        """End the search and keep its tree; does nothing if it has ended or failed."""
        if self.done or self.failure:
            return []
        self._pending.keep(lambda _: False)
        self._waiting.clear()
        self._by_hand.clear()
        self._emit(Ended("stopped", by="user"))
        return self.trace[-1:]

    def record(self, event: Expanded | NoCandidate | Scored) -> list[Event]:
        """Feed an answer recorded in a trace. Raises ValueError if it answers no pending request."""
        before = len(self.trace)
        key: Key = ("score" if isinstance(event, Scored) else "child", event.node)
        if key not in self._pending or not self._pending[key][0].fits(event):
            raise ValueError(f"the trace answers a request for {event.node} that was never made")
        request, process = self._pending[key]
        self._emit(event)
        self._answered(request, process)
        return self.trace[before:]

    # --- the strategy's side ----------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        self.tree.apply(event)
        self.trace.append(event)

    def _strategy(self, settings: Settings) -> strategies.Strategy:
        """The strategy of these settings. Raises ValueError for invalid settings."""
        assert self.tree.started is not None
        return strategies.from_settings(settings, self.tree.started.table)

    def _begin(self, strategy: strategies.Strategy) -> None:
        """Start a strategy on the tree as it is, replacing the one before; interventions' processes continue."""
        self._pending.keep(lambda process: process.by == "user")
        self._waiting.clear()
        if not self._by_hand:
            self._next_index = first_free(self.trace)
        self._resume(Process(strategy.search(self.tree)), None)

    def _cancel(self, process: Process) -> None:
        """Drop the requests of a process and of all processes that it runs."""
        cancelled = {process}
        while more := {child for p in cancelled for child in p.running} - cancelled:
            cancelled |= more
        self._pending.keep(lambda process: process not in cancelled)

    @property
    def _strategy_lives(self) -> bool:
        return bool(self._waiting) or any(process.by == "search" for process in self._pending.processes())

    def _go_on(self) -> None:
        """Continue the strategy unless an intervention's process is running; end the search if nothing is left to do."""
        while self._waiting and not self._by_hand:
            self._resume(*self._waiting.pop(0))
        if not self._waiting and not self._by_hand and not self._pending and not self.done:
            self._emit(Ended(self._why))

    def _resume(self, process: Process, grown: list[Node] | None) -> None:
        """Run a generator until it waits for answers; if it ends, continue the one that waits for it."""
        if self.failure:
            return
        if process.by == "search" and self._by_hand:
            self._waiting.append((process, grown))
            return
        try:
            ended = self._run(process, grown)
        except StrategyError:  # raised by a generator that this one runs
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}".rstrip(":. ")
            self.failure = StrategyError(f"The search failed: {what}.")
            raise self.failure from error
        if ended:
            self._finished(process)

    def _run(self, process: Process, grown: list[Node] | None) -> bool:
        """Run a generator until it ends (True) or waits (False)."""
        for _ in range(IDLE_OPS):
            try:
                op = next(process.search) if grown is None else process.search.send(grown)
            except StopIteration:
                return True
            if self._start(op, process):
                return False
            grown, process.grown = in_order(self.tree.nodes[id] for id in process.grown), []
        raise RuntimeError(f"the strategy asked for nothing {IDLE_OPS:,} times in a row")

    def _finished(self, process: Process) -> None:
        if process.parent is None:
            self._by_hand = {number: p for number, p in self._by_hand.items() if p is not process}
            self._go_on()
            return
        process.parent.running.discard(process)
        if not process.parent.running:
            self._resume(process.parent, [])

    def _start(self, op: Op, process: Process) -> bool:
        """Begin an op. Returns whether the process now waits."""
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
                # If all of them ended at once, the last one has already resumed this process.
                return bool(children)
            case _:
                raise TypeError(f"a strategy yields ops (see `core.ops`), not {type(op).__name__}")
        return bool(process.waiting)

    def _want_child(self, process: Process, parent: Node, kind: NodeKind, greedy: bool) -> None:
        index = self._next_index[parent.id, kind]
        self._next_index[parent.id, kind] += 1
        id = f"{parent.id}.{'r' if kind == 'rollout' else ''}{index}"
        seed = request_seed(self.tree.settings.seed, id)
        self._want(process, Request("child", id, parent.id, kind, greedy, seed))

    def _attempt(self, end: Node) -> NodeId:
        index = self._next_index[end.id, "attempt"]
        self._next_index[end.id, "attempt"] += 1
        self._emit(Expanded(end.id, f"{end.id}.a{index}", "", "attempt"))
        return f"{end.id}.a{index}"

    def _want(self, process: Process, request: Request) -> None:
        process.waiting[request.node] = request
        self._pending.add(request, process)

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
