"""Drives searches: batches their requests, paces them, and survives a failure in any of them.

One round: collect the requests of every run that may continue, send each engine one batch, feed the answers. Between rounds,
people's wishes are granted or refused (see `live_run`). There is no polling: the loop sleeps until a wish arrives, a run is
added or dropped, a round ends, or a run's pace allows the next round. Knows nothing about pages.
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
"""Health of the thread that drives all runs: "still" while it is stuck in one call, "ended" once it has exited."""

STILL = "All searches stand still: the program is busy with something that does not end. They go on when it does."
ENDED = "The program can drive no search any more: it must be started again. Everything found so far is kept."


# --- one round --------------------------------------------------------------------------------------------------------


async def tick(runs: Sequence[LiveRun]) -> bool:
    """Grant the wishes of these runs, then run one round for all of them. Returns whether there was anything to do."""
    for run in runs:
        run.apply_wishes()
    jobs = jobs_of(runs, monotonic())
    await one_round(jobs)
    return any(jobs.values())


def jobs_of(runs: Sequence[LiveRun], now: float) -> Jobs:
    """The requests of each run for a round that begins now; runs with nothing to do in it are left out."""
    jobs = {run: _due(run, now) for run in runs}
    return {run: requests for run, requests in jobs.items() if requests or run.has_news}


def _due(run: LiveRun, now: float) -> Sequence[Request]:
    with run.failing("What this search asks for could not be told"):
        return run.due(now)
    run.note_state()
    return ()


async def one_round(jobs: Jobs) -> None:
    """Send each engine one batch with the requests of all runs, and feed the answers. An exception becomes the `error` of
    the runs it concerns."""
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
    """Send one batch to one engine. If the engine fails, every run in the batch fails, but keeps its tree."""
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
        await asyncio.sleep(0)  # give other tasks of this thread a turn


def _question(run: LiveRun, request: Request, into: list[Any]) -> bool:
    with run.failing("What this search asks for could not be told"):
        into.append(replace(run.session.question(request), search=run.key))
        return True
    return False


def _feed(run: LiveRun, answers: Sequence[tuple[Request, Sampled | Rewards]]) -> None:
    """Feed a run its answers. A bug in the strategy or the recorder fails only this run; the answers are still recorded."""
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
    """Raises ValueError unless each question has one answer of its kind, with one number for each step to be scored."""
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
    """Run rounds until no run has anything to do: each is finished, stopped, failed, full or out of budget."""
    while await tick(runs):
        pass


def run_to_end(session: Session, policy: Policy, verifier: Verifier) -> LiveRun:
    """The simplest driver: run one session until it ends or its budget is spent. Raises EngineError and StrategyError."""
    run = LiveRun(session, policy, verifier)
    asyncio.run(drive([run]))
    if session.failure:
        raise session.failure
    if run.error:
        raise EngineError(run.error)
    return run


# --- in a thread of its own -------------------------------------------------------------------------------------------


class Scheduler:
    """Drives any number of runs together, in a thread of its own, until they are dropped.

    Runs with remote models have rounds of their own, so that a slow server does not delay other runs. If the thread ends or
    gets stuck, every run reports it (`error`, in state "failed"), and so does `health`.
    """

    WATCH = 2.0
    """Seconds between two checks of the watchdog."""

    PATIENCE = 15.0
    """Seconds that the thread may spend in one call before it counts as stuck ("still")."""

    def __init__(self) -> None:
        self._health: Health = "well"
        self._runs: list[LiveRun] = []
        self._dropped: list[LiveRun] = []
        self._lock = threading.Lock()
        """Guards the list of runs and the health reported to them."""
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
                self._report_health([run])
        self._bell.ring()

    def drop(self, run: LiveRun) -> None:
        """Remove a run; a round in progress may still feed it."""
        run.refuse_wishes(PUT_AWAY)
        with self._lock:
            self._runs = [r for r in self._runs if r is not run]
            self._dropped.append(run)
        self._bell.ring()

    def close(self) -> None:
        """End after the rounds in progress."""
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
            self._set_health("ended")

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
        """Grant wishes and start the rounds that are due. Returns the seconds until the next round is due; None if it
        depends on something else happening first."""
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
        """Check periodically that the thread still responds."""
        sign, since = threading.Event(), monotonic()
        sign.set()
        while not self._closed.wait(self.WATCH):
            if not self._thread.is_alive():
                self._set_health("ended")
                return
            if sign.is_set():
                if self._health == "still":
                    self._set_health("well")
                sign, since = threading.Event(), monotonic()
                try:
                    if self._loop:
                        self._loop.call_soon_threadsafe(sign.set)
                except RuntimeError:  # the loop is closing: the thread is about to end
                    continue
            elif self._health == "well" and monotonic() - since > self.PATIENCE:
                log.error("the scheduler's thread has not come back for %.0f s", monotonic() - since)
                self._set_health("still")

    def _set_health(self, health: Health) -> None:
        with self._lock:
            if self._health != "ended":
                self._health = health
                self._report_health(self._runs)

    def _report_health(self, runs: Sequence[LiveRun]) -> None:
        for run in runs:
            run.halt({"well": None, "still": STILL, "ended": ENDED}[self._health])
            if self._health == "ended":
                run.refuse_wishes(ENDED)
