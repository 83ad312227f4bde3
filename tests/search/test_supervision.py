"""Whatever is raised, wherever, reaches the run that it is about, in words; all others go on, and the thread lives."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, feed_one, finish, full, scattered
from tests.search.test_scheduler import eventually
from tts_viz.core.events import Ended
from tts_viz.core.ops import Expand, Search
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.errors import InterventionRefusedError, StrategyError
from tts_viz.search import scheduler as module
from tts_viz.search.live_run import LiveRun
from tts_viz.search.replay import fast_forward
from tts_viz.search.scheduler import Scheduler, drive, run_to_end
from tts_viz.search.session import Session
from tts_viz.search.wishes import Prune, Resume, SetSettings, Step, Stop
from tts_viz.strategies.beam_search import BeamSearch
from tts_viz.traces.library import Library
from tts_viz.traces.recorder import Recorder

SCRIPT = full(3, 6)
REWARDS = scattered(SCRIPT)
ALONE = finish(begin("beam", n=6, m=2), SCRIPT, REWARDS).session.trace


class PanicError(BaseException):
    """As libraries written in Rust raise them: not an `Exception`."""


class Policy(ScriptedPolicy):
    """Raises where it is told to, once."""

    def __init__(self, at: str = "", error: BaseException | None = None) -> None:
        super().__init__(SCRIPT)
        self.at, self.error = at, error

    def _raise(self, at: str) -> None:
        if at == self.at and self.error:
            error, self.error = self.error, None
            raise error

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        self._raise("sample")
        return await super().sample(requests)

    def release(self, dead: Sequence[Any]) -> None:
        self._raise("release")

    def close(self, search: str) -> None:
        self._raise("close")


class Verifier(ScriptedVerifier):
    def __init__(self, error: BaseException) -> None:
        super().__init__(REWARDS)
        self.error: BaseException | None = error

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        if self.error:
            error, self.error = self.error, None
            raise error
        return await super().score(requests)


def run_of(policy: Any = None, verifier: Any = None, **more: Any) -> LiveRun:
    session = begin("beam", n=6, m=2)
    return LiveRun(session, policy or Policy(), verifier or ScriptedVerifier(REWARDS), **more)


def keeping(error: BaseException) -> Callable[[Session], None]:
    left = [error]

    def keep(session: Session) -> None:
        if left and len(session.trace) > 3:
            raise left.pop()

    return keep


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


ERRORS = [RuntimeError("CUDA error"), PanicError("in Rust"), SystemExit(3), asyncio.CancelledError()]

WHERE: dict[str, tuple[Callable[[BaseException], LiveRun], str]] = {
    "sample": (lambda error: run_of(Policy("sample", error)), "The policy failed unexpectedly"),
    "score": (lambda error: run_of(verifier=Verifier(error)), "The verifier failed unexpectedly"),
    "release": (lambda error: run_of(Policy("release", error)), "could not forget what was pruned"),
    "keep": (lambda error: run_of(keep=keeping(error)), "could not be written down"),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_an_error_fails_its_own_run_which_can_be_resumed(
    scheduler: Scheduler, where: str, error: BaseException
) -> None:
    make, says = WHERE[where]
    bad, good = make(error), run_of()
    scheduler.add(bad)
    scheduler.add(good)
    eventually(lambda: bad.state == "failed" and good.state == "finished")
    assert says in (bad.error or "") and type(error).__name__ in (bad.error or "") and bad.resumable
    assert good.error is None and good.session.trace == ALONE
    bad.resume()
    eventually(lambda: bad.state == "finished")
    assert bad.session.trace == ALONE
    assert scheduler.health == "well"


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_an_engine_that_cannot_close_a_search_harms_no_other(scheduler: Scheduler, error: BaseException) -> None:
    policy = Policy("close", error)
    bad, good = run_of(policy), run_of()
    scheduler.add(bad)
    scheduler.drop(bad)
    eventually(lambda: policy.error is None)
    scheduler.add(good)
    eventually(lambda: good.state == "finished")


def test_an_engine_without_its_method_fails_its_run() -> None:
    class Nothing:
        name, parameters, step_tokens = "nothing", 1, 96

    bad, good = run_of(Nothing()), run_of()
    asyncio.run(drive([bad, good]))
    assert (bad.state, good.state) == ("failed", "finished")


@pytest.mark.parametrize("bad", [[None] * 6, ["text"] * 6, [Rewards((0.5,))] * 6], ids=["none", "text", "rewards"])
def test_an_answer_of_the_wrong_kind_is_not_taken(bad: list[Any]) -> None:
    class Odd(Policy):
        async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
            return bad if not self.asked and not self.asked.append(list(requests)) else await super().sample(requests)

    run = run_of(Odd())
    asyncio.run(drive([run]))
    assert run.state == "failed" and len(run.session.trace) == 1
    run.resume()
    asyncio.run(drive([run]))
    assert run.session.trace == ALONE


# --- a strategy that raises -------------------------------------------------------------------------------------------


def buggy(self: BeamSearch, tree: Tree) -> Search:
    yield Expand([tree.root], self.n)
    raise ZeroDivisionError("a bug")


def at_once(self: BeamSearch, tree: Tree) -> Search:
    raise ZeroDivisionError("a bug")
    yield


def spinning(self: BeamSearch, tree: Tree) -> Search:
    while True:
        yield Expand([], 1)


def nonsense(self: BeamSearch, tree: Tree) -> Search:
    yield "more"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("search", "nodes", "says"),
    [
        (buggy, 7, "The search failed: ZeroDivisionError: a bug."),
        (at_once, 1, "The search failed: ZeroDivisionError: a bug."),
        (spinning, 1, "asked for nothing 10,000 times"),
        (nonsense, 1, "not str"),
    ],
)
def test_a_strategy_that_fails_has_failed_for_good(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, search: Any, nodes: int, says: str
) -> None:
    monkeypatch.setattr(BeamSearch, "search", search)
    run = run_of()
    scheduler.add(run)
    eventually(lambda: run.state == "failed")
    for wish in (Resume(), Step(), Stop(), Prune("0.0"), SetSettings({"m": 3})):
        refused = run.wish(wish).result(30).refused or ""
        assert "The search failed:" in refused and says in refused
        assert run.state == "failed" and not run.resumable
    assert run.wish(SetSettings(others={"vote": "best"})).result(30).refused is None, "what was found is ranked anew"
    assert says in (run.error or "") and len(run.session.tree.nodes) == nodes
    session = run.session
    assert (session.state, session.done, session.held, session.wants) == ("failed", False, False, [])
    again = fast_forward(session.trace)
    assert again.trace == session.trace and again.state == "failed"


def test_what_was_generated_when_a_strategy_failed_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_the_first(self: BeamSearch, tree: Tree) -> Search:
        from tts_viz.core.ops import Parallel

        def one() -> Search:
            yield Expand([tree.root])
            raise ValueError("no")

        yield Parallel([one() for _ in range(self.n)])

    monkeypatch.setattr(BeamSearch, "search", at_the_first)
    library, session = Library.in_memory(), begin("beam", n=6, m=2)
    id = library.begin("ann", session.trace)
    run = LiveRun(session, Policy(), ScriptedVerifier(REWARDS), keep=Recorder(library, id, 1))
    asyncio.run(drive([run]))
    assert len(session.tree.nodes) == 7 and session.tree.spent.policy_calls == 6
    assert library.events(id, "ann") == session.trace
    assert library.get(id, "ann").summary.state == "failed"
    assert fast_forward(session.trace).trace == session.trace


def test_a_failure_comes_out_of_the_call_that_let_the_strategy_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BeamSearch, "search", buggy)
    session = begin("beam", n=2, m=2)
    feed_one(session, session.wants[0], SCRIPT, REWARDS)
    with pytest.raises(StrategyError, match="a bug") as failed:
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    assert isinstance(failed.value.__cause__, ZeroDivisionError) and session.failure is failed.value
    assert session.stop() == [] and not any(isinstance(e, Ended) for e in session.trace)
    with pytest.raises(InterventionRefusedError):
        session.intervene(Ended("stopped"))  # type: ignore[arg-type]
    with pytest.raises(StrategyError):
        run_to_end(begin("beam", n=2, m=2), Policy(), ScriptedVerifier(REWARDS))


def test_another_strategy_that_fails_at_once_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    run = LiveRun(begin("best_of_n", n=6), Policy(), ScriptedVerifier(REWARDS))
    monkeypatch.setattr(BeamSearch, "search", at_once)
    answer = run.wish(SetSettings({"n": 6, "m": 2}, {"strategy": "beam"}))
    run.apply_wishes()
    assert "The search failed" in (answer.result(0).refused or "") and run.state == "failed"
    assert fast_forward(run.session.trace).state == "failed"


# --- the watchdog -----------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scheduler]:
    monkeypatch.setattr(Scheduler, "WATCH", 0.01)
    monkeypatch.setattr(Scheduler, "PATIENCE", 0.05)
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


def test_a_thread_that_stands_still_is_said_by_every_run_until_it_goes_on(
    impatient: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def endless(self: BeamSearch, tree: Tree) -> Search:
        yield Expand([tree.root], 1)
        go_on.wait(60)

    over, waits = run_of(), LiveRun(begin("best_of_n", n=6), Policy(), ScriptedVerifier(REWARDS))
    impatient.add(over)
    eventually(lambda: over.state == "finished")
    waits.pause()
    impatient.add(waits)
    eventually(lambda: waits.state == "paused")
    monkeypatch.setattr(BeamSearch, "search", endless)
    impatient.add(run_of())
    eventually(lambda: impatient.health == "still")
    assert waits.state == "failed" and not waits.resumable and waits.error == module.STILL
    assert over.state == "finished" and over.error == module.STILL
    go_on.set()
    eventually(lambda: impatient.health == "well")
    assert (waits.state, waits.error) == ("paused", None)


def test_a_thread_that_has_ended_is_said_by_every_run_and_every_wish_is_answered(impatient: Scheduler) -> None:
    policy = Policy()
    run = run_of(policy)
    run.pause()
    impatient.add(run)
    eventually(lambda: run.state == "paused")
    assert impatient._loop is not None
    impatient._loop.call_soon_threadsafe(exec, "raise SystemExit")
    eventually(lambda: impatient.health == "ended")
    assert (run.state, run.error, run.resumable) == ("failed", module.ENDED, False)
    assert run.resume().result(30).refused == module.ENDED
    late = run_of()
    impatient.add(late)
    assert (late.state, late.error) == ("failed", module.ENDED)


def test_a_bug_of_its_own_does_not_end_the_thread(impatient: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, broken = module.jobs_of, [True]

    def once(*given: Any) -> Any:
        if broken:
            broken.pop()
            raise RuntimeError("a bug in the scheduler")
        return jobs(*given)

    monkeypatch.setattr(module, "jobs_of", once)
    run = run_of()
    impatient.add(run)
    eventually(lambda: run.state == "finished")


# --- at rest ----------------------------------------------------------------------------------------------------------


def test_nothing_is_looked_at_while_nothing_happens(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, look = [0], scheduler._look

    def counting(*given: Any) -> Any:
        looks[0] += 1
        return look(*given)

    monkeypatch.setattr(scheduler, "_look", counting)
    runs = [LiveRun(begin("best_of_n", budget=2, n=6), Policy(), ScriptedVerifier(REWARDS)) for _ in range(8)]
    for run in runs:
        scheduler.add(run)
    eventually(lambda: {run.state for run in runs} == {"held"})
    runs[0].set_pace(0).result(30)  # all that had happened has been looked at by now
    before = looks[0]
    threading.Event().wait(0.3)
    assert looks[0] - before <= 1
    assert runs[1].wish(SetSettings(others={"temperature": 0.5})).result(30).refused is None
    assert looks[0] > before


def test_a_pace_that_is_quickened_counts_at_once(scheduler: Scheduler) -> None:
    run = run_of(pace=3600)
    scheduler.add(run)
    eventually(lambda: len(run.session.tree.nodes) == 7)
    run.set_pace(0)
    eventually(lambda: run.state == "finished")
