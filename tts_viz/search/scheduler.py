"""Drives searches: batches their requests together, keeps time, and outlives whatever goes wrong in any of them.

One round: take the requests of every run that may go on, ask each engine once for all of them, feed the answers. Between
rounds, what people wish is granted or refused (see `live_run`). Nothing is looked at while nothing happens: the loop
sleeps until a wish arrives, a run is added or dropped, a round ends, or a run's pace lets it go on. Knows nothing about
pages.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import inf, isfinite
from time import monotonic
from typing import Any, Literal

from tts_viz.engines.base import Policy, Rewards, Sampled, SampleRequest, ScoreRequest, Verifier
from tts_viz.errors import EngineError, StrategyError
from tts_viz.search.bell import Bell, rung
from tts_viz.search.live_run import PUT_AWAY, SHARE, LiveRun, RunState, is_ours
from tts_viz.search.request import Request
from tts_viz.search.session import Session

__all__ = ["SHARE", "LiveRun", "RunState", "Scheduler", "drive", "run_to_end", "tick"]

log = logging.getLogger(__name__)

Jobs = Mapping[LiveRun, Sequence[Request]]

Health = Literal["well", "still", "ended"]
"""Of the thread that drives all runs: "still" while it does not come back from something, "ended" once it is gone."""

STILL = "All searches stand still: the program is busy with something that does not end. They go on when it does."
ENDED = "The program can drive no search any more: it must be started again. Everything found so far is kept."


# --- one round --------------------------------------------------------------------------------------------------------


async def tick(runs: Sequence[LiveRun]) -> bool:
    """Grant what is wished of these runs, then one round for all of them together. Was there anything to ask?"""
    for run in runs:
        run.apply_wishes()
    jobs = jobs_of(runs, monotonic())
    await one_round(jobs)
    return any(jobs.values())


def jobs_of(runs: Sequence[LiveRun], now: float) -> Jobs:
    """What each of these runs would ask in a round that begins now; runs that have nothing to do in it are not among them."""
    jobs = {run: _due(run, now) for run in runs}
    return {run: requests for run, requests in jobs.items() if requests or run.has_news}


def _due(run: LiveRun, now: float) -> Sequence[Request]:
    with run.failing("What this search asks for could not be told"):
        return run.due(now)
    run.note_state()
    return ()


async def one_round(jobs: Jobs) -> None:
    """Ask each engine once for all that the runs want of it, and feed the answers. Whatever is raised reaches the runs
    that it is about, as their `error`."""
    began = monotonic()
    asked: dict[tuple[str, int], list[tuple[LiveRun, Request]]] = defaultdict(list)
    for run, requests in jobs.items():
        run.in_flight = True
        for request in requests:
            engine = run.policy if request.want == "child" else run.verifier
            asked[request.want, id(engine)].append((run, request))
    try:
        await asyncio.gather(*map(_ask, asked.values()))
        ended = monotonic()
        for run, requests in jobs.items():
            if requests:
                run.round_ended(began, ended)
            run.note_state()
        for run in jobs:
            await run.release_pruned()
            run.note_state()
    finally:
        for run in jobs:
            run.in_flight = False


async def _ask(group: Sequence[tuple[LiveRun, Request]]) -> None:
    """One engine, one batch. An engine's failure reaches every run in the batch and loses none of their trees."""
    run, request = group[0]
    kind = "policy" if request.want == "child" else "verifier"
    questions: list[Any] = []
    group = [(run, request) for run, request in group if _question(run, request, questions)]
    try:
        ask: Callable[[Any], Any] = run.policy.sample if kind == "policy" else run.verifier.score
        answers: Sequence[Sampled | Rewards] = (await ask(questions)) if questions else []
        check_answers(questions, answers)
    except EngineError as error:
        _fail(group, str(error))
        return
    except BaseException as error:
        if is_ours(error):
            raise
        log.exception("an engine failed")
        _fail(group, f"The {kind} failed unexpectedly ({type(error).__name__}); the log has the details.")
        return
    for run, fed in groupby(zip(group, answers, strict=True), lambda pair: pair[0][0]):
        _feed(run, [(request, answer) for (_, request), answer in fed])
        await asyncio.sleep(0)  # whatever else waits for this thread has its turn


def _question(run: LiveRun, request: Request, into: list[Any]) -> bool:
    with run.failing("What this search asks for could not be told"):
        into.append(replace(run.session.question(request), search=run.key))
        return True
    return False


def _feed(run: LiveRun, answers: Sequence[tuple[Request, Sampled | Rewards]]) -> None:
    """A strategy's own bug, and one of the recorder's, reach this run only. What was generated is recorded all the same."""
    kept = True
    for request, answer in answers:
        try:
            run.session.feed(request, answer)
        except StrategyError:
            log.exception("%s: its strategy failed", run.key)
        except BaseException as error:
            if is_ours(error):
                raise
            log.exception("%s: an answer could not be taken in", run.key)
            run.fail(f"An answer could not be taken in ({type(error).__name__}); the log has the details.")
        kept = kept and run.keep_record()
        run.changed.ring()


def check_answers(questions: Sequence[SampleRequest | ScoreRequest], answers: Sequence[Sampled | Rewards]) -> None:
    """Raises ValueError unless there is one answer to each question, of its kind, with one number for each step wanted."""
    for question, answer in zip(questions, answers, strict=True):
        if isinstance(question, SampleRequest):
            if not isinstance(answer, Sampled):
                raise ValueError(f"a policy answers with Sampled, not {type(answer).__name__}")
            continue
        if not isinstance(answer, Rewards):
            raise ValueError(f"a verifier answers with Rewards, not {type(answer).__name__}")
        if len(answer.rewards) != question.wanted:
            raise ValueError(f"{len(answer.rewards)} rewards for {question.wanted} steps")
        if not all(map(isfinite, answer.rewards)):
            raise ValueError(f"the rewards {answer.rewards} are not all numbers")


def _fail(group: Sequence[tuple[LiveRun, Request]], message: str) -> None:
    for run, _ in group:
        run.fail(message)


# --- until the end, without a thread ----------------------------------------------------------------------------------


async def drive(runs: Sequence[LiveRun]) -> None:
    """Tick until no run has anything to do: each is finished, stopped, failed, full or out of budget."""
    while await tick(runs):
        pass


def run_to_end(session: Session, policy: Policy, verifier: Verifier) -> LiveRun:
    """The simplest driver: one session, until it ends or its budget does. Raises EngineError and StrategyError."""
    run = LiveRun(session, policy, verifier)
    asyncio.run(drive([run]))
    if session.failure:
        raise session.failure
    if run.error:
        raise EngineError(run.error)
    return run


# --- in a thread of its own -------------------------------------------------------------------------------------------


class Scheduler:
    """Drives any number of runs, together, in a thread of its own, until they are dropped.

    Runs whose models are elsewhere have rounds of their own, so that a server that is slow holds up nobody else. Should
    the thread end or stand still all the same, every run says so (`error`, in state "failed"), and so does `health`.
    """

    WATCH = 2.0
    """Seconds between two looks of the watchdog."""

    PATIENCE = 15.0
    """Seconds for which the thread may be busy with one thing before it is said to stand still."""

    def __init__(self) -> None:
        self._health: Health = "well"
        self._runs: list[LiveRun] = []
        self._dropped: list[LiveRun] = []
        self._lock = threading.Lock()
        """Of the lists of runs, and of what they are told of the thread's health."""
        self._closed = threading.Event()
        self._bell = Bell()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._live, name="scheduler", daemon=True)
        self._thread.start()
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._watchdog.start()

    @property
    def health(self) -> Health:
        return self._health

    def add(self, run: LiveRun) -> None:
        run.on_wish = self._bell.ring
        with self._lock:
            self._runs.append(run)
            if self._health != "well":
                self._tell([run])
        self._bell.ring()

    def drop(self, run: LiveRun) -> None:
        """Forget a run; the round under way may still feed it."""
        run.refuse_wishes(PUT_AWAY)
        with self._lock:
            self._runs = [r for r in self._runs if r is not run]
            self._dropped.append(run)
        self._bell.ring()

    def close(self) -> None:
        """End once the rounds under way are over."""
        self._closed.set()
        self._bell.ring()
        self._thread.join()
        self._watchdog.join()

    # --- the thread -----------------------------------------------------------------------------------------------

    def _live(self) -> None:
        try:
            asyncio.run(self._drive())
        except BaseException:
            log.critical("the scheduler's thread has ended", exc_info=True)
        if not self._closed.is_set():
            self._say("ended")

    async def _drive(self) -> None:
        self._loop = asyncio.get_running_loop()
        under_way: dict[frozenset[int], asyncio.Task[None]] = {}
        closing: set[asyncio.Task[None]] = set()
        with self._bell.listening() as rings:
            while not self._closed.is_set():
                rings.clear()
                try:
                    wait = self._look(under_way, closing)
                except Exception:
                    log.critical("the scheduler could not look after its runs", exc_info=True)
                    wait = self.WATCH
                await rung(rings, wait)
        for run in self._runs:
            run.refuse_wishes(ENDED)
        await asyncio.gather(*under_way.values(), *closing, return_exceptions=True)

    def _look(
        self, under_way: dict[frozenset[int], asyncio.Task[None]], closing: set[asyncio.Task[None]]
    ) -> float | None:
        """Grant wishes and begin the rounds that are due. Seconds until the next one is; None where none will be before
        something happens."""
        for key in [key for key, task in under_way.items() if task.done()]:
            if not (task := under_way.pop(key)).cancelled() and (error := task.exception()):
                log.critical("a round failed", exc_info=error)
        with self._lock:
            runs = list(self._runs)
            dropped = [run for run in self._dropped if run.waits_for not in under_way]
            self._dropped = [run for run in self._dropped if run.waits_for in under_way]
        for run in dropped:
            closing.add(task := asyncio.create_task(asyncio.to_thread(run.close)))
            task.add_done_callback(closing.discard)
        groups: dict[frozenset[int], list[LiveRun]] = defaultdict(list)
        for run in runs:
            if not run.in_flight:
                with run.failing("This search could not be driven"):
                    run.apply_wishes()
                groups[run.waits_for].append(run)
        now, next_due = monotonic(), inf
        for key, group in groups.items():
            if key in under_way:
                continue
            if jobs := jobs_of(group, now):
                under_way[key] = task = asyncio.create_task(one_round(jobs))
                task.add_done_callback(lambda _: self._bell.ring())
            else:
                waiting = (run.due_at for run in group if run.state == "running" and run.due_at > now)
                next_due = min([next_due, *waiting])
        return None if next_due == inf else next_due - now

    # --- the watchdog ---------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Ask the thread for a sign of life now and then."""
        sign, since = threading.Event(), monotonic()
        sign.set()
        while not self._closed.wait(self.WATCH):
            if not self._thread.is_alive():
                self._say("ended")
                return
            if sign.is_set():
                if self._health == "still":
                    self._say("well")
                sign, since = threading.Event(), monotonic()
                try:
                    if self._loop:
                        self._loop.call_soon_threadsafe(sign.set)
                except RuntimeError:  # it is being closed: the thread ends
                    continue
            elif self._health == "well" and monotonic() - since > self.PATIENCE:
                log.error("the scheduler's thread has not come back for %.0f s", monotonic() - since)
                self._say("still")

    def _say(self, health: Health) -> None:
        with self._lock:
            if self._health != "ended":
                self._health = health
                self._tell(self._runs)

    def _tell(self, runs: Sequence[LiveRun]) -> None:
        for run in runs:
            run.halt({"well": None, "still": STILL, "ended": ENDED}[self._health])
            if self._health == "ended":
                run.refuse_wishes(ENDED)
