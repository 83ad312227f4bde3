"""Many runs driven together: batches, pauses, failures, fairness, and no run changing another."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, finish, full, scattered
from tts_viz.engines.base import Sampled, SampleRequest
from tts_viz.errors import EngineError
from tts_viz.search.scheduler import SHARE, LiveRun, Scheduler, drive, run_to_end, tick

SCRIPT = full(3, 8, rollouts=1)
REWARDS = scattered(SCRIPT)


def run_of(strategy: str = "beam", **knobs: int) -> LiveRun:
    return LiveRun(begin(strategy, **(knobs or {"n": 8, "m": 2})), ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS))


def rounds(run: LiveRun, n: int) -> None:
    for _ in range(n):
        asyncio.run(tick([run]))


def test_runs_that_share_an_engine_are_asked_together_and_end_as_they_would_alone() -> None:
    policy, verifier = ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS)
    chosen = [
        ("beam", {"n": 8, "m": 2}),
        ("best_of_n", {"n": 5}),
        ("lookahead", {"n": 4, "m": 2, "k": 1}),
        ("greedy", {}),
    ]
    runs = [LiveRun(begin(name, **knobs), policy, verifier) for name, knobs in chosen]
    asyncio.run(drive(runs))
    alone = [finish(begin(name, **knobs), SCRIPT, REWARDS) for name, knobs in chosen]
    for together, single in zip(runs, alone):
        assert together.session.trace == single.session.trace
    calls = len(policy.asked) + len(verifier.asked)
    apart = sum(len(r.policy.asked) + len(r.verifier.asked) for r in alone)  # type: ignore[attr-defined]
    assert calls < apart / 1.8
    assert {len(r.session.trace) for r in runs} == {len(r.session.trace) for r in alone}


def test_a_pause_rests_after_the_round_and_a_step_does_one() -> None:
    run = run_of()
    rounds(run, 1)
    run.pause()
    rounds(run, 3)
    assert run.state == "paused"
    before = len(run.session.trace)
    run.step()
    rounds(run, 5)
    assert run.state == "paused"
    assert len(run.session.trace) > before
    after = len(run.session.trace)
    rounds(run, 2)
    assert len(run.session.trace) == after
    run.resume()
    asyncio.run(drive([run]))
    assert run.state == "finished"
    assert run.session.trace == finish(begin("beam", n=8, m=2), SCRIPT, REWARDS).session.trace


def test_a_change_and_a_stop_take_effect_at_the_next_round() -> None:
    run = run_of()
    rounds(run, 1)
    run.change(parameters={"n": 4, "m": 2})
    run.change(parameters={"n": 4, "m": 3})  # refused, and logged
    rounds(run, 1)
    assert run.session.tree.settings.parameters == {"n": 4, "m": 2}
    run.stop()
    rounds(run, 1)
    assert run.state == "stopped"
    run.resume()
    rounds(run, 2)
    assert run.state == "stopped"


class Failing(ScriptedPolicy):
    """Fails at the second batch, once."""

    def __init__(self, error: Exception) -> None:
        super().__init__(SCRIPT)
        self.error: Exception | None = error

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        if self.error and self.asked:
            error, self.error = self.error, None
            raise error
        return await super().sample(requests)


@pytest.mark.parametrize(
    ("error", "words"), [(EngineError("out of memory"), "out of memory"), (KeyError("bug"), "unexpected")]
)
def test_a_failure_keeps_the_tree_and_can_be_resumed(error: Exception, words: str) -> None:
    run = LiveRun(begin("beam", n=8, m=2), Failing(error), ScriptedVerifier(REWARDS))
    asyncio.run(drive([run]))
    assert run.state == "failed"
    assert words in (run.error or "")
    assert len(run.session.tree.nodes) == 9
    run.resume()
    asyncio.run(drive([run]))
    assert run.state == "finished"
    assert run.session.trace == finish(begin("beam", n=8, m=2), SCRIPT, REWARDS).session.trace


def test_a_failing_engine_fails_only_those_who_asked_it() -> None:
    bad = LiveRun(begin("beam", n=8, m=2), Failing(EngineError("gone")), ScriptedVerifier(REWARDS))
    good = run_of()
    asyncio.run(drive([bad, good]))
    assert (bad.state, good.state) == ("failed", "finished")


def test_a_wide_search_does_not_make_the_others_wait() -> None:
    policy, verifier = ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS)
    wide = LiveRun(begin("best_of_n", n=256), policy, verifier)
    narrow = LiveRun(begin("greedy"), policy, verifier)
    asyncio.run(tick([wide, narrow]))
    assert len(policy.asked) == 1
    assert len(policy.asked[0]) == SHARE + 1
    assert len(narrow.session.tree.nodes) == 2


def test_a_tree_that_is_full_rests_and_keeps_everything() -> None:
    run = LiveRun(begin("beam", n=8, m=2), ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS), max_nodes=9)
    asyncio.run(drive([run]))
    assert run.state == "full"
    assert len(run.session.tree.nodes) == 9


def test_the_pace_leaves_time_between_rounds() -> None:
    run = LiveRun(begin("greedy"), ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS), pace=30)
    rounds(run, 5)
    assert len(run.session.tree.nodes) == 2
    run.set_pace(0)
    rounds(run, 1)
    assert run.pace == 0


def test_run_to_end_raises_what_failed() -> None:
    with pytest.raises(EngineError, match="gone"):
        run_to_end(begin("beam", n=8, m=2), Failing(EngineError("gone")), ScriptedVerifier(REWARDS))


def test_the_scheduler_drives_what_is_added_until_it_is_dropped() -> None:
    scheduler = Scheduler()
    try:
        one, other = run_of(), run_of("best_of_n", n=4)
        scheduler.add(one)
        scheduler.add(other)
        eventually(lambda: one.state == other.state == "finished")
        slow = run_of()
        slow.pace = 60
        scheduler.add(slow)
        eventually(lambda: len(slow.session.tree.nodes) == 9)
        scheduler.drop(slow)
        slow.set_pace(0)
        time.sleep(0.1)
        assert slow.pace == 60
    finally:
        scheduler.close()


def eventually(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came true")


class Elephant(ScriptedPolicy):
    """Notes what it is told to forget."""

    def __init__(self) -> None:
        super().__init__(SCRIPT)
        self.released: list[SampleRequest] = []
        self.closed: list[str] = []

    def release(self, dead: Sequence[SampleRequest]) -> None:
        self.released += dead

    def close(self, search: str) -> None:
        self.closed.append(search)


def test_an_engine_is_told_which_branches_were_pruned() -> None:
    policy = Elephant()
    run = LiveRun(begin("beam", n=4, m=2), policy, ScriptedVerifier(REWARDS))
    asyncio.run(drive([run]))
    tree = run.session.tree
    pruned = {tuple(s.text for s in r.steps) for r in policy.released}
    assert pruned == {tuple(n.text for n in node.path()) for node in tree.nodes.values() if node.pruned}
    assert len(policy.released) == len(pruned) > 2 and {r.search for r in policy.released} == {run.key}


def test_an_engine_is_told_when_a_run_is_dropped() -> None:
    policy = Elephant()
    scheduler = Scheduler()
    try:
        run = LiveRun(begin("beam", n=4, m=2), policy, ScriptedVerifier(REWARDS))
        scheduler.add(run)
        scheduler.drop(run)
        deadline = time.monotonic() + 5
        while not policy.closed and time.monotonic() < deadline:
            time.sleep(0.01)
        assert policy.closed == [run.key]
    finally:
        scheduler.close()


def test_any_thread_may_ask_how_a_run_stands_while_it_is_driven() -> None:
    run, seen, failed = run_of("best_of_n", n=256), set[str](), list[Exception]()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            try:
                seen.add(run.state)
            except Exception as error:
                failed.append(error)
                return

    before, watcher = sys.getswitchinterval(), threading.Thread(target=look)
    sys.setswitchinterval(1e-6)
    try:
        watcher.start()
        asyncio.run(drive([run]))
    finally:
        over.set()
        watcher.join()
        sys.setswitchinterval(before)
    assert not failed
    assert seen <= {"running", "finished"}
