"""One search that is being driven: its session, the engines that answer it, its controls, and what people wish of it.

A session is only ever touched by the thread that drives it. Everybody else reads `run.session.trace`, which only grows,
and posts wishes (see `wishes`), which that thread grants or refuses between rounds, against the newest state. Whatever
an engine, a strategy or the recorder raises becomes this run's `error`, in words. Knows nothing about pages.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf
from typing import Any, Literal

from tts_viz.core.events import Decided, Event, Pruned
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Distant, Policy, Remembering, Verifier
from tts_viz.errors import StrategyError
from tts_viz.search.bell import Bell
from tts_viz.search.request import Request, child_request, score_request
from tts_viz.search.session import Session
from tts_viz.search.wishes import (
    Answer,
    Pause,
    Resume,
    SetPace,
    SetSettings,
    Step,
    Stop,
    Wish,
    intervention,
)

log = logging.getLogger(__name__)

SHARE = 64
"""Requests of one run in one round at most, so that a wide search does not make the others wait."""

PUT_AWAY = "This search was put away, so nothing can be changed in it any more."

RunState = Literal["running", "paused", "held", "failed", "full", "finished", "stopped"]

_keys = count()


@dataclass(frozen=True, slots=True)
class Posted:
    """A wish on its way, and where its answer goes."""

    wish: Wish
    answer: Future[Answer] = field(default_factory=Future)

    def reply(self, answer: Answer) -> None:
        """Nothing happens where nobody waits for it any more."""
        if self.answer.set_running_or_notify_cancel():
            self.answer.set_result(answer)


class LiveRun:
    """A session with its engines and controls. Made by anyone, driven by a `Scheduler` (or by `drive`).

    `pace` is the least time in seconds between two rounds, for eyes that want to follow. `max_nodes` bounds the tree;
    a run that reaches it rests in state "full". `keep` is given the session after each answer and each wish.
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
        self.changed = Bell()
        """Rings when there is something new to see."""
        self.on_wish: Callable[[], None] = lambda: None
        """Wakes whoever drives it."""
        self.elapsed = 0.0
        """Seconds spent in rounds, this run's and its neighbours' in the same batches; not those spent paused."""
        self.in_flight = False
        """Is a round of it under way? Then its wishes wait."""
        self.waits_for = frozenset(id(e) for e in (policy, verifier) if isinstance(e, Distant) and e.distant)
        """The engines elsewhere that this run depends on; runs that depend on the same have their rounds together."""
        self._error: str | None = None
        self._halted: str | None = None
        self._paused = False
        self._rounds_allowed = 0
        self._began = -inf
        """When the last round began."""
        self._mailbox: deque[Posted] = deque()
        self._closed: str | None = None
        """Why no wish is granted any more."""
        self._lock = threading.Lock()
        """Of the mailbox and `_closed`."""
        self._released_up_to = len(session.trace)
        """Events up to which `release_pruned` has looked. Of what came before this run, no engine has read anything."""
        self._noted: RunState = self._state()

    # --- how it stands, for all threads -------------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """How the search stood when it last came to rest: between answers it would look as if nothing were wanted."""
        return "failed" if self._halted and self._noted not in ("finished", "stopped") else self._noted

    @property
    def error(self) -> str | None:
        """What went wrong, as a sentence; None where nothing did."""
        failure = self.session.failure
        return self._halted or (str(failure) if failure else self._error)

    @property
    def resumable(self) -> bool:
        """It has failed: can it be tried again? Not where the strategy itself has failed."""
        return self.state == "failed" and not self._halted and not self.session.failure

    def note_state(self) -> None:
        """Say how the search stands now. Called by whoever drives it, when the session rests."""
        self._noted = self._state()
        self.changed.ring()

    def _state(self) -> RunState:
        session = self.session
        if session.tree.ended:
            return session.tree.ended.why
        if self._error or session.failure:
            return "failed"
        if len(session.tree.nodes) >= self.max_nodes:
            return "full"
        if self._paused and not self._rounds_allowed:
            return "paused"
        return "held" if session.held else "running"

    # --- what people wish, from any thread ----------------------------------------------------------------------------

    def wish(self, wish: Wish) -> Future[Answer]:
        """Post a wish. Its answer comes once no round of this run is under way."""
        posted = Posted(wish)
        with self._lock:
            refused = self._closed
            if refused is None:
                self._mailbox.append(posted)
        if refused is not None:
            posted.reply(Answer(refused))
        else:
            self.on_wish()
        return posted.answer

    def pause(self) -> Future[Answer]:
        return self.wish(Pause())

    def resume(self) -> Future[Answer]:
        return self.wish(Resume())

    def step(self) -> Future[Answer]:
        return self.wish(Step())

    def stop(self) -> Future[Answer]:
        return self.wish(Stop())

    def set_pace(self, seconds: float) -> Future[Answer]:
        return self.wish(SetPace(seconds))

    def change(self, parameters: dict[str, Any] | None = None, **others: Any) -> Future[Answer]:
        """New settings; knobs that are not among the parameters stay as they are."""
        return self.wish(SetSettings(parameters or {}, others))

    # --- granting them, in the thread that drives ---------------------------------------------------------------------

    def apply_wishes(self) -> None:
        """Grant or refuse all wishes that have arrived."""
        while together := self._next_wishes():
            before = len(self.session.trace)
            for posted, answer in self._grant(together):
                posted.reply(answer)
            if len(self.session.trace) > before:
                self.keep_record()
            self.note_state()

    def _next_wishes(self) -> list[Posted]:
        """The next wish; where it is about settings, all that follow it and are about settings too."""
        taken: list[Posted] = []
        with self._lock:
            while self._mailbox and (
                not taken
                or (isinstance(taken[-1].wish, SetSettings) and isinstance(self._mailbox[0].wish, SetSettings))
            ):
                taken.append(self._mailbox.popleft())
        return taken

    def _grant(self, together: list[Posted]) -> list[tuple[Posted, Answer]]:
        """Wishes about settings are granted as one, the last word on each counting: what lies between would be tried out
        for nothing, and may not even go together. Where they cannot be, each is looked at by itself."""
        answer = self._answer([posted.wish for posted in together])
        if answer.refused and len(together) > 1:
            return [(posted, self._answer([posted.wish])) for posted in together]
        return [(posted, answer) for posted in together]

    def _answer(self, wishes: Sequence[Wish]) -> Answer:
        try:
            return Answer(events=tuple(self._do(wishes)))
        except KeyError:
            return Answer("There is no such step here.")
        except (ValueError, StrategyError) as error:
            return Answer(str(error))
        except Exception as error:
            log.exception("a wish could not be granted")
            return Answer(f"This could not be done: {type(error).__name__}; the log has the details.")

    def _do(self, wishes: Sequence[Wish]) -> list[Event]:
        session = self.session
        match wishes[-1]:
            case SetSettings():
                now = settings = session.tree.settings
                for wish in wishes:
                    assert isinstance(wish, SetSettings)
                    settings = wish.on(settings)
                names = [
                    name for name in ("parameters", *SetSettings.NAMES) if getattr(settings, name) != getattr(now, name)
                ]
                return session.change(**{name: getattr(settings, name) for name in names})
            case Pause():
                self._paused, self._rounds_allowed = True, 0
            case Resume():
                session.check_alive()
                self._paused, self._rounds_allowed, self._error = False, 0, None
            case Step():
                session.check_alive()
                self._paused, self._rounds_allowed, self._error = True, self._rounds_allowed + 1, None
            case Stop():
                session.check_alive()
                return session.stop()
            case SetPace(seconds):
                if not 0 <= seconds < inf:
                    raise ValueError(f"a pace of {seconds} s must be a number from 0 up; try 0.3")
                self.pace = seconds
            case by_hand:
                session.check_alive()
                return session.intervene(intervention(session.tree, by_hand))
        return []

    # --- being driven -------------------------------------------------------------------------------------------------

    def due(self, now: float) -> list[Request]:
        """This run's requests for a round that begins at `now`."""
        return self.session.first_wants(SHARE) if self.state == "running" and now >= self.due_at else []

    @property
    def due_at(self) -> float:
        """When its next round may begin."""
        return self._began + self.pace

    def round_ended(self, began: float, ended: float) -> None:
        self.elapsed += ended - began
        self._began = began
        self._rounds_allowed = max(0, self._rounds_allowed - 1)

    def fail(self, message: str) -> None:
        """What went wrong, as a sentence. The run rests until it is resumed; its tree is as it was."""
        self._error = message

    @contextmanager
    def failing(self, what: str) -> Iterator[None]:
        """Whatever is raised inside has gone wrong for this run, and for no other."""
        try:
            yield
        except BaseException as error:
            if is_ours(error):
                raise
            log.exception("%s %s", self.key, what)
            self.fail(f"{what} ({type(error).__name__}: {error}); the log has the details.")

    def keep_record(self) -> bool:
        """Give the session to whoever keeps it. Did that go well?"""
        with self.failing("This run could not be written down"):
            self.keep(self.session)
            return True
        return False

    @property
    def has_news(self) -> bool:
        """Has anything happened since `release_pruned` last looked?"""
        return self._released_up_to < len(self.session.trace)

    async def release_pruned(self) -> None:
        """Tell the engines which branches were pruned since the last time, so that they can forget them."""
        with self.failing("A model could not forget what was pruned"):
            pruned = self._freshly_pruned()
            for engine, ask in ((self.policy, child_request), (self.verifier, score_request)):
                if pruned and isinstance(engine, Remembering):
                    questions = [self.session.question(ask(id)) for id in pruned]
                    # It may have to wait for another round that its engine is at work on; nobody else should.
                    await asyncio.to_thread(engine.release, [replace(q, search=self.key) for q in questions])

    def _freshly_pruned(self) -> list[str]:
        fresh = self.session.trace[self._released_up_to :]
        self._released_up_to += len(fresh)
        tree = self.session.tree
        pruned = [
            id
            for event in fresh
            if isinstance(event, Decided) or (isinstance(event, Pruned) and event.pruned)
            for id in (event.pruned if isinstance(event, Decided) else event.nodes)
            if not tree.nodes[id].alive
        ]
        # What reads the same as a living branch is kept for that one.
        return [id for id in pruned if not any(node.alive for node in _that_read_the_same(tree, tree.nodes[id]))]

    # --- the end ------------------------------------------------------------------------------------------------------

    def halt(self, why: str | None) -> None:
        """Nobody drives this run at present, for this reason; None: somebody does again."""
        self._halted = why
        self.changed.ring()

    def refuse_wishes(self, why: str) -> None:
        """From now on no wish is granted, nor those that have arrived."""
        with self._lock:
            self._closed = why
            late = list(self._mailbox)
            self._mailbox.clear()
        for posted in late:
            posted.reply(Answer(why))

    def close(self) -> None:
        """Nothing more will be asked for this run. May have to wait for a round that an engine is at work on."""
        self.refuse_wishes(PUT_AWAY)
        for engine in (self.policy, self.verifier):
            with self.failing("A model could not forget this search"):
                if isinstance(engine, Remembering):
                    engine.close(self.key)


def is_ours(error: BaseException) -> bool:
    """Is it a sign to end for whoever drives, and no fault of what was called? (Libraries raise more than `Exception`, and
    only the main thread is ever interrupted.)"""
    if isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no loop runs in this thread, so nobody cancels
            return False
        return task is not None and task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def _that_read_the_same(tree: Tree, node: Node) -> list[Node]:
    """All nodes whose steps, from the beginning of their solution, have the same texts; the node is one of them."""
    same = [start for start in tree.nodes.values() if start.kind in ("root", "attempt")]
    for step in node.path():
        same = [child for at in same for child in at.children if child.kind != "attempt" and child.text == step.text]
    return same
