"""Drives sessions: batches their requests together, keeps time, and lets people hold the reins. Awaits the engines.

One round (`tick`): take the requests of every run that may go on, ask each engine once for all of them, feed the
answers. Commands wait in a mailbox and are applied between rounds, so a session is only ever touched from one thread.
Knows nothing about pages: whoever watches reads `run.session.trace`, which only grows.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from time import monotonic
from typing import Any, Literal

from tts_viz.core.events import Decided, Intervention, Pruned, Undone
from tts_viz.core.node import Node
from tts_viz.engines.base import Distant, Policy, Remembering, Rewards, Sampled, SampleRequest, ScoreRequest, Verifier
from tts_viz.errors import EngineError
from tts_viz.search.request import Request, child_request, score_request
from tts_viz.search.session import Session

log = logging.getLogger(__name__)

SHARE = 64
"""Requests of one run in one round at most, so that a wide search does not make the others wait."""

_keys = count()

RunState = Literal["running", "paused", "held", "failed", "full", "finished", "stopped"]


class LiveRun:
    """A session, the engines that answer it, and its controls. Made by anyone, driven by a `Scheduler`.

    `pace` is the least time in seconds between two rounds, for eyes that want to follow. `max_nodes` bounds the tree;
    a run that reaches it rests in state "full". `keep` is given the session after each answer and each command.
    """

    def __init__(
        self,
        session: Session,
        policy: Policy,
        verifier: Verifier,
        *,
        pace: float = 0.0,
        max_nodes: int = 20_000,
        keep: Callable[[Session], None] | None = None,
    ) -> None:
        self.session, self.policy, self.verifier = session, policy, verifier
        self.pace, self.max_nodes, self.keep = pace, max_nodes, keep or (lambda _: None)
        self.key = f"run-{next(_keys)}"
        """Tells this run's requests from those of others, within this process."""
        self.error: str | None = None
        self.elapsed = 0.0
        """Seconds spent in rounds, this run's and its neighbours' in the same batches; not those spent paused."""
        self._paused = False
        self._rounds_allowed = 0
        self._not_before = 0.0
        self._mailbox: deque[Callable[[LiveRun], object]] = deque()
        self._released_up_to = 0
        """Events up to which `release_pruned` has looked."""
        self.state: RunState = self._state()
        """How the search stood when the scheduler last came to rest."""

    def note_state(self) -> None:
        """Say how the search stands, for all threads: between answers it would look as if nothing were wanted."""
        self.state = self._state()

    def _state(self) -> RunState:
        session = self.session
        if session.tree.ended:
            return session.tree.ended.why
        if self.error:
            return "failed"
        if len(session.tree.nodes) >= self.max_nodes:
            return "full"
        if self._paused and not self._rounds_allowed:
            return "paused"
        return "held" if session.held else "running"

    # Commands may be called from any thread.

    def pause(self) -> None:
        """Let the round under way end, and rest."""
        self._mailbox.append(lambda run: run._rest(True))

    def resume(self) -> None:
        """Go on; after a failure, ask again."""
        self._mailbox.append(lambda run: run._rest(False))

    def step(self) -> None:
        """One round more, then rest."""
        self._mailbox.append(lambda run: run._allow_one())

    def stop(self) -> None:
        """End the search; all that was found stays."""
        self._mailbox.append(lambda run: run.session.stop())

    def change(self, **changes: Any) -> None:
        """New settings from the next request on. Bad values must have been refused before (`strategies.make`)."""
        self._mailbox.append(lambda run: run.session.change(**changes))

    def intervene(self, intervention: Intervention | Undone) -> None:
        """By hand, made by `steering` from the tree as it was; what can no longer be done is refused, and logged."""
        self._mailbox.append(lambda run: run.session.intervene(intervention))

    def set_pace(self, seconds: float) -> None:
        self._mailbox.append(lambda run: setattr(run, "pace", seconds))

    def _rest(self, paused: bool) -> None:
        self._paused, self._rounds_allowed, self.error = paused, 0, None

    def _allow_one(self) -> None:
        self._paused, self.error = True, None
        self._rounds_allowed += 1

    def apply_commands(self) -> None:
        """Apply the commands that have arrived. Called by the scheduler between rounds."""
        while self._mailbox:
            command = self._mailbox.popleft()
            try:
                command(self)
            except (ValueError, KeyError) as error:
                log.warning("a command was refused: %s", error)
            except Exception:
                log.exception("a command failed")
            self.keep(self.session)
            self.note_state()

    def release_pruned(self) -> None:
        """Tell the engines which branches were pruned since the last time, so that they can forget them."""
        session, fresh = self.session, self.session.trace[self._released_up_to :]
        self._released_up_to = len(session.trace)
        nodes = session.tree.nodes
        pruned = [
            id
            for event in fresh
            if isinstance(event, Decided) or (isinstance(event, Pruned) and event.pruned)
            for id in (event.pruned if isinstance(event, Decided) else event.nodes)
            if not nodes[id].alive
        ]
        if pruned:  # what reads the same as a living branch is kept for that one
            alive = {_said(node) for node in nodes.values() if node.alive}
            pruned = [id for id in pruned if _said(nodes[id]) not in alive]
        for engine, ask in ((self.policy, child_request), (self.verifier, score_request)):
            if pruned and isinstance(engine, Remembering):
                questions = [session.question(ask(id)) for id in pruned]
                engine.release([replace(question, search=self.key) for question in questions])

    def close(self) -> None:
        """Nothing more will be asked for this run."""
        for engine in (self.policy, self.verifier):
            if isinstance(engine, Remembering):
                engine.close(self.key)

    @property
    def waits_for(self) -> frozenset[int]:
        """The engines elsewhere that this run depends on; runs that depend on the same have their rounds together."""
        return frozenset(id(e) for e in (self.policy, self.verifier) if isinstance(e, Distant) and e.distant)

    def due(self, now: float) -> list[Request]:
        """This run's requests for a round that begins at `now`."""
        if self.state != "running" or now < self._not_before:
            return []
        return self.session.wants[:SHARE]

    def round_ended(self, began: float, ended: float) -> None:
        self.elapsed += ended - began
        self._not_before = began + self.pace
        self._rounds_allowed = max(0, self._rounds_allowed - 1)


def _said(node: Node) -> tuple[str, ...]:
    return tuple(n.text for n in node.path())


async def tick(runs: Sequence[LiveRun]) -> bool:
    """One round for all runs together. Was there anything to do?"""
    began = monotonic()
    for run in runs:
        run.apply_commands()
    jobs = [(run, request) for run in runs for request in run.due(began)]
    children: dict[int, list[tuple[LiveRun, Request]]] = defaultdict(list)
    scores: dict[int, list[tuple[LiveRun, Request]]] = defaultdict(list)
    for run, request in jobs:
        if request.want == "child":
            children[id(run.policy)].append((run, request))
        else:
            scores[id(run.verifier)].append((run, request))
    await asyncio.gather(
        *(_ask(group[0][0].policy.sample, group) for group in children.values()),
        *(_ask(group[0][0].verifier.score, group) for group in scores.values()),
    )
    ended = monotonic()
    for run in {id(run): run for run, _ in jobs}.values():
        run.round_ended(began, ended)
    for run in runs:
        run.note_state()
        run.release_pruned()
    return bool(jobs)


async def _ask(engine: Callable[[Any], Any], group: Sequence[tuple[LiveRun, Request]]) -> None:
    """One engine, one batch. A failure reaches every run in the batch and loses none of their trees; a strategy's own
    bug reaches its run only."""
    try:
        questions = [replace(run.session.question(request), search=run.key) for run, request in group]
        answers: list[Sampled | Rewards] = await engine(questions)
        check_answers(questions, answers)
    except EngineError as error:
        _fail(group, str(error))
        return
    except Exception:
        log.exception("an engine failed")
        _fail(group, "The model failed unexpectedly; the log has the details. Resume tries again.")
        return
    broken: set[LiveRun] = set()
    for (run, request), answer in zip(group, answers, strict=True):
        if run in broken:
            continue
        try:
            run.session.feed(request, answer)
            run.keep(run.session)
        except Exception:
            log.exception("a search failed")
            broken.add(run)
            _fail([(run, request)], "The search failed unexpectedly; the log has the details.")


def check_answers(questions: Sequence[SampleRequest | ScoreRequest], answers: Sequence[Sampled | Rewards]) -> None:
    """Raises ValueError unless there is one answer to each question, and one reward for each step wanted."""
    for question, answer in zip(questions, answers, strict=True):
        if (
            isinstance(question, ScoreRequest)
            and isinstance(answer, Rewards)
            and len(answer.rewards) != question.wanted
        ):
            raise ValueError(f"{len(answer.rewards)} rewards for {question.wanted} steps")


def _fail(group: Sequence[tuple[LiveRun, Request]], message: str) -> None:
    for run, _ in group:
        run.error = message


async def drive(runs: Sequence[LiveRun]) -> None:
    """Tick until no run has anything to do: each is finished, stopped, failed, full or out of budget."""
    while await tick(runs):
        pass


def run_to_end(session: Session, policy: Policy, verifier: Verifier) -> LiveRun:
    """The simplest driver: one session, until it ends or its budget does. Raises EngineError."""
    run = LiveRun(session, policy, verifier)
    asyncio.run(drive([run]))
    if run.error:
        raise EngineError(run.error)
    return run


class Scheduler:
    """Drives any number of runs, together, in a thread of its own, until they are dropped.

    Runs whose models are elsewhere have rounds of their own, so that a server that is slow holds up nobody else.
    """

    REST = 0.02
    """Seconds between looks when there is nothing to do."""

    def __init__(self) -> None:
        self._runs: list[LiveRun] = []
        self._dropped: list[LiveRun] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._loop()), name="scheduler", daemon=True)
        self._thread.start()

    def add(self, run: LiveRun) -> None:
        with self._lock:
            self._runs.append(run)

    def drop(self, run: LiveRun) -> None:
        """Forget a run; the round under way may still feed it."""
        with self._lock:
            self._runs = [r for r in self._runs if r is not run]
            self._dropped.append(run)

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    async def _loop(self) -> None:
        rounds: dict[frozenset[int], asyncio.Task[bool]] = {}
        while not self._closed.is_set():
            with self._lock:
                groups: dict[frozenset[int], list[LiveRun]] = defaultdict(list)
                for run in self._runs:
                    groups[run.waits_for].append(run)
                dropped = [run for run in self._dropped if run.waits_for not in rounds]
                self._dropped = [run for run in self._dropped if run.waits_for in rounds]
            for run in dropped:
                run.close()
            for key, group in groups.items():
                if key not in rounds:
                    rounds[key] = asyncio.create_task(tick(group))
            if not await _any_ended(rounds, self.REST):
                # Nothing was done: a moment's rest, or as long as the rounds under way take.
                await _any_ended(rounds, self.REST) if rounds else await asyncio.sleep(self.REST)
        await asyncio.gather(*rounds.values())


async def _any_ended(rounds: dict[frozenset[int], asyncio.Task[bool]], within: float) -> bool:
    """Waits for the first round that ends, and takes out all that have. Had any of them something to do?"""
    if rounds:
        await asyncio.wait(rounds.values(), timeout=within, return_when=asyncio.FIRST_COMPLETED)
    ended = [rounds.pop(key) for key in [key for key, task in rounds.items() if task.done()]]
    return any(task.result() for task in ended)
