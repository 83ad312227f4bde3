"""One search that is being driven: its session, its engines, its controls, and the wishes that people post to it.

Only the thread that drives a session touches it. Other threads read `run.session.trace`, which only grows, and post wishes
(see `wishes`); the driving thread grants or refuses them between rounds, against the newest state. An exception from an
engine, a strategy or the recorder becomes this run's `error`, a sentence for people. Knows nothing about pages.
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
"""The most requests of one run in one round, so that a wide search does not make the others wait."""

PUT_AWAY = "This search was put away, so nothing can be changed in it any more."

RunState = Literal["running", "paused", "held", "failed", "full", "finished", "stopped"]

_keys = count()


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted wish and the future for its answer."""

    wish: Wish
    answer: Future[Answer] = field(default_factory=Future)

    def reply(self, answer: Answer) -> None:
        """Set the answer; does nothing if the future was cancelled."""
        if self.answer.set_running_or_notify_cancel():
            self.answer.set_result(answer)


class LiveRun:
    """A session with its engines and controls. Any thread can create it; a `Scheduler` (or `drive`) drives it.

    `pace` is the minimum time in seconds between two rounds, so that people can follow. `max_nodes` bounds the tree; a run
    that reaches it rests in state "full". `keep`, the recorder, is called with the session after each answer and each wish.
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
        """Identifies this run's requests within this process."""
        self.changed = Bell()
        """Rings when there is something new to see."""
        self.on_wish: Callable[[], None] = lambda: None
        """Wakes the driver."""
        self.elapsed = 0.0
        """Seconds spent in rounds, including other runs' parts of the same rounds; excludes time spent paused."""
        self.in_flight = False
        """Is a round under way? Until it ends, wishes wait."""
        self.waits_for = frozenset(id(e) for e in (policy, verifier) if isinstance(e, Distant) and e.distant)
        """The remote engines of this run, by `id`; runs with the same ones share their rounds."""
        self._error: str | None = None
        self._halted: str | None = None
        self._paused = False
        self._rounds_allowed = 0
        self._began = -inf
        """The time at which the last round began."""
        self._mailbox: deque[Posted] = deque()
        self._closed: str | None = None
        """Why no wish is granted any more."""
        self._lock = threading.Lock()
        """Guards the mailbox and `_closed`."""
        self._released_up_to = len(session.trace)
        """How many events `release_pruned` has handled. It starts at the trace's length: engines never read earlier nodes."""
        self._noted: RunState = self._state()

    # --- its state, for all threads -----------------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """The search's state when it last came to rest. (Between the answers of a round the session itself may seem idle.)"""
        return "failed" if self._halted and self._noted not in ("finished", "stopped") else self._noted

    @property
    def error(self) -> str | None:
        """What went wrong, as a sentence; None if nothing did."""
        failure = self.session.failure
        return self._halted or (str(failure) if failure else self._error)

    @property
    def resumable(self) -> bool:
        """Can a failed run be tried again? False if the strategy itself has failed."""
        return self.state == "failed" and not self._halted and not self.session.failure

    def note_state(self) -> None:
        """Record the search's current state. The driver calls this when the session rests."""
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

    # --- wishes, from any thread --------------------------------------------------------------------------------------

    def wish(self, wish: Wish) -> Future[Answer]:
        """Post a wish. It is answered when no round of this run is under way."""
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
        """Change settings; knobs that are not in `parameters` keep their values."""
        return self.wish(SetSettings(parameters or {}, others))

    # --- granting wishes, in the driving thread -----------------------------------------------------------------------

    def apply_wishes(self) -> None:
        """Grant or refuse all posted wishes."""
        while together := self._next_wishes():
            before = len(self.session.trace)
            for posted, answer in self._grant(together):
                posted.reply(answer)
            if len(self.session.trace) > before:
                self.keep_record()
            self.note_state()

    def _next_wishes(self) -> list[Posted]:
        """The next wish; if it changes settings, together with all directly following wishes that do too."""
        taken: list[Posted] = []
        with self._lock:
            while self._mailbox and (
                not taken
                or (isinstance(taken[-1].wish, SetSettings) and isinstance(self._mailbox[0].wish, SetSettings))
            ):
                taken.append(self._mailbox.popleft())
        return taken

    def _grant(self, together: list[Posted]) -> list[tuple[Posted, Answer]]:
        """Grant several wishes about settings as one change in which the last value of each setting counts, since
        intermediate settings would be wasted work and may be invalid. If that is refused, grant or refuse each by itself."""
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
        """The time at which its next round may begin."""
        return self._began + self.pace

    def round_ended(self, began: float, ended: float) -> None:
        self.elapsed += ended - began
        self._began = began
        self._rounds_allowed = max(0, self._rounds_allowed - 1)

    def fail(self, message: str) -> None:
        """Record a failure, as a sentence. The run rests until it is resumed; its tree stays as it is."""
        self._error = message

    @contextmanager
    def failing(self, what: str) -> Iterator[None]:
        """Turn an exception raised in this block into a failure of this run, so that other runs are not affected."""
        try:
            yield
        except BaseException as error:
            if is_ours(error):
                raise
            log.exception("%s %s", self.key, what)
            self.fail(f"{what} ({type(error).__name__}: {error}); the log has the details.")

    def keep_record(self) -> bool:
        """Pass the session to the recorder (`keep`). Returns whether that succeeded."""
        with self.failing("This run could not be written down"):
            self.keep(self.session)
            return True
        return False

    @property
    def has_news(self) -> bool:
        """Has anything happened since `release_pruned` last looked?"""
        return self._released_up_to < len(self.session.trace)

    async def release_pruned(self) -> None:
        """Tell the engines which branches were pruned since the last call, so that they can free their caches."""
        with self.failing("A model could not forget what was pruned"):
            pruned = self._freshly_pruned()
            for engine, ask in ((self.policy, child_request), (self.verifier, score_request)):
                if pruned and isinstance(engine, Remembering):
                    questions = [self.session.question(ask(id)) for id in pruned]
                    # In a thread, because it may have to wait while the engine is busy with another round.
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
        # A branch with the same text as a live one shares its cache with it, and must be kept.
        return [id for id in pruned if not any(node.alive for node in _with_same_text(tree, tree.nodes[id]))]

    # --- the end ------------------------------------------------------------------------------------------------------

    def halt(self, why: str | None) -> None:
        """Note that nothing drives this run at present, and why; None: it is driven again."""
        self._halted = why
        self.changed.ring()

    def refuse_wishes(self, why: str) -> None:
        """Refuse all waiting wishes and all later ones."""
        with self._lock:
            self._closed = why
            late = list(self._mailbox)
            self._mailbox.clear()
        for posted in late:
            posted.reply(Answer(why))

    def close(self) -> None:
        """Refuse all wishes and free the engines' caches for this run. May have to wait for a round in progress."""
        self.refuse_wishes(PUT_AWAY)
        for engine in (self.policy, self.verifier):
            with self.failing("A model could not forget this search"):
                if isinstance(engine, Remembering):
                    engine.close(self.key)


def is_ours(error: BaseException) -> bool:
    """Does the exception tell the driver to end (cancellation or Ctrl-C), rather than report a fault of the called code?
    (Libraries raise other BaseExceptions too, and only the main thread gets a real KeyboardInterrupt.)"""
    if isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no loop runs in this thread, so this is not a cancellation of ours
            return False
        return task is not None and task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def _with_same_text(tree: Tree, node: Node) -> list[Node]:
    """All nodes, including this one, whose paths from the start of their solution have the same step texts."""
    same = [start for start in tree.nodes.values() if start.kind in ("root", "attempt")]
    for step in node.path():
        same = [child for at in same for child in at.children if child.kind != "attempt" and child.text == step.text]
    return same
