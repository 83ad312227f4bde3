"""What people wish of a running search is never lost, never done twice, and always answered."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, finish, full, scattered
from tests.search.test_scheduler import eventually
from tts_viz.core.budget import Budget
from tts_viz.core.events import Changed, Expanded, Undone
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Sampled, SampleRequest
from tts_viz.search.live_run import LiveRun
from tts_viz.search.replay import fast_forward
from tts_viz.search.scheduler import Scheduler, drive, tick
from tts_viz.search.wishes import (
    Answer,
    AskMore,
    Edit,
    OverrideScore,
    Pause,
    Pin,
    Prune,
    Redo,
    Restore,
    Resume,
    SetPace,
    SetSettings,
    Step,
    Stop,
    Undo,
    Wish,
    Write,
)

SCRIPT = full(3, 8)
REWARDS = scattered(SCRIPT)


class Slow(ScriptedPolicy):
    """Every round lasts until the test lets it end, and runs in another thread, as a model does."""

    def __init__(self) -> None:
        super().__init__(SCRIPT)
        self.begun, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        self.begun.release()
        await asyncio.to_thread(self.go_on.acquire, timeout=30)
        return await super().sample(requests)


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


def run_of(policy: ScriptedPolicy | None = None, strategy: str = "beam", **knobs: int) -> LiveRun:
    session = begin(strategy, **(knobs or {"n": 8, "m": 4}))
    return LiveRun(session, policy or ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS))


def now(run: LiveRun, *wishes: Wish) -> list[Answer]:
    """Their answers, all of them having arrived together."""
    answers = [run.wish(wish) for wish in wishes]
    run.apply_wishes()
    return [answer.result(timeout=0) for answer in answers]


# --- merged, and each answered ----------------------------------------------------------------------------------------


def test_of_two_moves_of_a_slider_in_one_round_the_last_one_counts() -> None:
    run = run_of()
    assert now(run, SetSettings({"m": 2}), SetSettings({"m": 4})) == [Answer(), Answer()]
    assert run.session.tree.settings.parameters == {"n": 8, "m": 4}
    assert len(run.session.trace) == 1, "what was only passed through is not tried out"


def test_knobs_are_merged_one_by_one_into_the_newest_settings() -> None:
    run = run_of()
    now(run, SetSettings({"m": 2}))
    now(run, SetSettings({"n": 4}), SetSettings(others={"vote": "best"}))
    assert run.session.tree.settings.parameters == {"n": 4, "m": 2}
    assert run.session.tree.settings.vote == "best"


def test_values_that_only_go_together_are_taken_together() -> None:
    run = run_of()
    first, second = now(run, SetSettings({"n": 6}), SetSettings({"m": 3}))
    assert (first.refused, second.refused) == (None, None)
    assert run.session.tree.settings.parameters == {"n": 6, "m": 3}


def test_one_bad_value_does_not_take_the_others_with_it() -> None:
    run = run_of()
    good, bad, odd = now(
        run, SetSettings(others={"budget": Budget(9)}), SetSettings({"m": 3}), SetSettings(others={"colour": "red"})
    )
    assert good.refused is None and "multiple of m=3" in (bad.refused or "") and "colour" in (odd.refused or "")
    assert run.session.tree.settings.budget == Budget(9)
    assert run.session.tree.settings.parameters == {"n": 8, "m": 4}


def test_another_strategy_has_its_own_knobs_only() -> None:
    run = run_of()
    now(run, SetSettings({"n": 3}, {"strategy": "best_of_n"}))
    assert run.session.tree.settings.parameters == {"n": 3}
    now(run, SetSettings({}, {"strategy": "best_of_n"}))
    assert run.session.tree.settings.parameters == {"n": 3}


def test_undo_twice_undoes_twice_and_a_third_time_says_why_not() -> None:
    run = run_of()
    asyncio.run(tick([run]))
    now(run, Prune("0.0"), Prune("0.1"))
    answers = now(run, Undo(), Undo(), Undo())
    assert [answer.refused for answer in answers] == [None, None, "There is nothing to undo."]
    assert not any(node.pruned_by_user for node in run.session.tree.nodes.values())
    assert [e.deed for answer in answers for e in answer.events if isinstance(e, Undone)] == [1, 0]


def test_what_the_search_has_overtaken_is_refused_in_words() -> None:
    run = run_of()
    asyncio.run(tick([run]))
    assert [answer.refused for answer in now(run, Prune("0.0"), Prune("0.0"), Prune("0.99"))] == [
        None, "This branch is given up already.", "There is no such step here.",
    ]  # fmt: skip


# --- while a round is under way ---------------------------------------------------------------------------------------


def test_wishes_wait_for_a_slow_round_and_are_answered_when_it_is_over(scheduler: Scheduler) -> None:
    policy = Slow()
    run = run_of(policy)
    scheduler.add(run)
    policy.begun.acquire(timeout=30)
    answers = [run.wish(SetSettings({"m": m})) for m in (2, 4, 2)]
    answers += [run.wish(Write("0", "mine")), run.wish(Undo()), run.wish(Undo())]
    assert not any(answer.done() for answer in answers)
    policy.go_on.release()
    assert [answer.result(30).refused for answer in answers] == [None] * 5 + ["There is nothing to undo."]
    assert [e.settings.parameters["m"] for e in run.session.trace if isinstance(e, Changed)] == [2]
    run.wish(Stop())
    policy.go_on.release(9)
    eventually(lambda: run.state == "stopped")


def test_a_run_that_rests_is_answered_while_others_are_in_a_round(scheduler: Scheduler) -> None:
    policy = Slow()
    resting = LiveRun(begin("beam", n=4, m=2), policy, ScriptedVerifier(REWARDS))
    resting.pause()
    busy = run_of(policy)
    scheduler.add(resting)
    scheduler.add(busy)
    policy.begun.acquire(timeout=30)
    assert resting.wish(Write("0", "mine")).result(30).refused is None
    assert busy.in_flight
    busy.stop()
    policy.go_on.release(9)


def test_a_run_that_is_put_away_refuses_what_it_was_asked(scheduler: Scheduler) -> None:
    policy = Slow()
    run = run_of(policy)
    scheduler.add(run)
    policy.begun.acquire(timeout=30)
    before = run.wish(Pause())
    scheduler.drop(run)
    for answer in (before, run.wish(Pause())):
        assert "put away" in (answer.result(30).refused or "")
    policy.go_on.release(9)


def test_an_answer_that_nobody_waits_for_harms_nobody() -> None:
    run = run_of()
    run.pause().cancel()
    assert run.stop().done() is False
    run.apply_wishes()
    assert run.state == "stopped"


# --- whatever is wished, whenever -------------------------------------------------------------------------------------

WISHES = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


def some_wish(pick: random.Random, tree: Tree) -> Wish:
    node = pick.choice([*tree.nodes, "0.99"])
    return pick.choice(
        [
            Prune(node), Restore(node), Pin(node, pick.random() < 0.7), OverrideScore(node, pick.choice([0.0, 1.0, None])),
            Write(node, f"by hand {pick.random()}"), Edit(node, f"edited {pick.random()}"), AskMore(node, pick.randint(1, 3)),
            Undo(), Undo(), Redo(), Pause(), Resume(), Step(), SetPace(0.0), SetSettings({"m": pick.choice([1, 2, 3, 4])}),
            SetSettings({"n": pick.choice([4, 8])}, {"temperature": pick.random()}),
            SetSettings({"n": 5}, {"strategy": "best_of_n"}), SetSettings({"n": 8, "m": 2}, {"strategy": "beam"}),
        ]
    )  # fmt: skip


@settings(max_examples=60)
@given(WISHES)
def test_no_wish_is_lost_or_done_twice_and_the_trace_replays(seeds: list[int]) -> None:
    async def whole() -> tuple[LiveRun, list[tuple[Wish, Future[Answer]]]]:
        run, asked = run_of(), []
        for number, seed in enumerate(seeds):
            pick = random.Random(f"{number} {seed}")  # no two texts are the same
            for _ in range(pick.choice([0, 0, 1, 3])):
                await tick([run])
            for _ in range(pick.randint(1, 3)):
                wish = some_wish(pick, run.session.tree)
                asked.append((wish, run.wish(wish)))
        run.resume()
        run.change(budget=Budget(None))
        await drive([run])
        return run, asked

    run, asked = asyncio.run(whole())
    answers = [(wish, answer.result(timeout=0)) for wish, answer in asked]
    assert run.state in ("finished", "stopped") and not run.error
    # Each granted wish by hand left its event, once, in the order in which they were made.
    granted = [event for wish, answer in answers for event in answer.events[:1] if not isinstance(wish, SetSettings)]
    by_hand = [e for e in run.session.trace if e.by == "user" and e.kind not in ("started", "changed", "decided")]
    assert granted == by_hand
    assert all(not answer.events for _, answer in answers if answer.refused)
    written = [e.text for e in by_hand if isinstance(e, Expanded)]
    assert len(written) == len(set(written))
    assert fast_forward(run.session.trace).trace == run.session.trace


def test_an_untouched_run_is_what_it_was() -> None:
    run = run_of()
    asyncio.run(drive([run]))
    assert run.session.trace == finish(begin("beam", n=8, m=4), SCRIPT, REWARDS).session.trace
