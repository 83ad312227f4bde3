"""What goes wrong in one run stays in that run: the scheduler's thread, which all runs share, outlives it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, finish, full, scattered
from tests.search.test_scheduler import eventually
from tts_viz.core.ops import Expand, Search
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.search.scheduler import LiveRun, Scheduler, drive, tick
from tts_viz.strategies.beam_search import BeamSearch

SCRIPT = full(3, 6)
REWARDS = scattered(SCRIPT)
ALONE = finish(begin("beam", n=6, m=2), SCRIPT, REWARDS).session.trace


def run_of(policy: ScriptedPolicy | None = None, verifier: ScriptedVerifier | None = None) -> LiveRun:
    return LiveRun(begin("beam", n=6, m=2), policy or ScriptedPolicy(SCRIPT), verifier or ScriptedVerifier(REWARDS))


class Forgetful(ScriptedPolicy):
    """Loses the last answer of its first batch."""

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        answers = await super().sample(requests)
        return answers if len(self.asked) > 1 else answers[:-1]


class Talkative(ScriptedVerifier):
    """Gives more rewards than were wanted, the first time."""

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        answers = await super().score(requests)
        return answers if len(self.asked) > 1 else [Rewards((0.5, *a.rewards)) for a in answers]


@pytest.mark.parametrize("bad", ["policy", "verifier"])
def test_an_engine_that_answers_badly_has_failed_and_can_be_asked_again(bad: str) -> None:
    """Too few answers, or too many rewards: none is taken, nothing is lost, and resume asks for all of them again."""
    run = run_of(Forgetful(SCRIPT)) if bad == "policy" else run_of(verifier=Talkative(REWARDS))
    good = run_of()
    asyncio.run(drive([run, good]))
    assert (run.state, good.state) == ("failed", "finished")
    assert len(run.session.tree.nodes) == (1 if bad == "policy" else 7)
    run.resume()
    asyncio.run(drive([run]))
    assert run.session.trace == good.session.trace == ALONE


def faulty(self: BeamSearch, tree: Tree) -> Search:
    yield Expand([tree.root], self.n)
    raise ZeroDivisionError("a bug in a strategy")


def test_a_bug_in_a_strategy_fails_its_own_run(monkeypatch: pytest.MonkeyPatch) -> None:
    good = LiveRun(begin("best_of_n", n=6), ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS))
    policy, verifier = good.policy, good.verifier
    with monkeypatch.context() as patch:
        patch.setattr(BeamSearch, "search", faulty)
        bad = LiveRun(begin("beam", n=6, m=2), policy, verifier)  # in one batch with the good one
    asyncio.run(drive([bad, good]))
    assert (bad.state, good.state) == ("failed", "finished")
    assert len(bad.session.tree.nodes) == 7


def test_a_bad_command_is_refused_and_changes_nothing() -> None:
    run = run_of()
    run.change(aggregation="median")
    run.change(vote="loudest")
    run.change(temperature=-1.0)
    run.change(colour="red")
    run.change(strategy="gone")
    asyncio.run(drive([run]))
    assert run.session.trace == ALONE


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"aggregation": "median"}, "median"),
        ({"vote": "loudest"}, "loudest"),
        ({"temperature": -1.0}, "-1"),
        ({"temperature": float("nan")}, "nan"),
        ({"temperature": float("inf")}, "inf"),
        ({"budget": None}, "must be a Budget"),
    ],
)
def test_a_session_refuses_settings_that_no_search_could_go_by(changes: dict[str, object], says: str) -> None:
    session = begin("beam", n=6, m=2)
    with pytest.raises(ValueError, match=says):
        session.change(**changes)
    assert len(session.trace) == 1


def test_the_scheduler_outlives_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = Scheduler()
    try:
        forgetful, talkative, commanded, good = (
            run_of(Forgetful(SCRIPT)),
            run_of(verifier=Talkative(REWARDS)),
            run_of(),
            run_of(),
        )
        commanded.change(colour="red")
        for run in (forgetful, talkative, commanded, good):
            scheduler.add(run)
        eventually(lambda: good.state == "finished" and commanded.state == "finished")
        eventually(lambda: forgetful.state == talkative.state == "failed")
    finally:
        scheduler.close()


def test_law_12_a_run_is_asked_the_same_questions_whoever_runs_beside_it() -> None:
    """Not only the same answers: prompt, steps, temperature and seed of each request are those of a run alone."""
    alone, together = ScriptedPolicy(SCRIPT), ScriptedPolicy(SCRIPT)
    asyncio.run(drive([run_of(alone)]))
    neighbours = [LiveRun(begin("best_of_n", n=6, seed=s), together, ScriptedVerifier({})) for s in (1, 2)]
    asyncio.run(drive([neighbours[0], run_of(together), neighbours[1]]))
    asked = [replace(request, search="") for batch in together.asked for request in batch]
    expected = [replace(request, search="") for batch in alone.asked for request in batch]
    mine = {request.seed for request in expected}
    assert [r for r in asked if r.seed in mine] == expected
    assert len(asked) > len(mine)


def test_nothing_is_asked_of_a_run_that_rests() -> None:
    policy = ScriptedPolicy(SCRIPT)
    runs = {name: run_of(policy) for name in ("paused", "stopped", "running")}
    runs["paused"].pause()
    runs["stopped"].stop()
    asyncio.run(tick(list(runs.values())))
    assert [len(batch) for batch in policy.asked] == [6]
    assert {name: run.state for name, run in runs.items()} == {n: n for n in runs}
    assert [len(run.session.tree.nodes) for run in runs.values()] == [1, 1, 7]
