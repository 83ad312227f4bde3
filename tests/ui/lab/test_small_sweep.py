"""Small sweeps: what may be planned, that they come to what the command line's would, and that nobody starves."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

import pytest

from tests.search.scripted import ScriptedVerifier
from tts_viz.analysis.judge import Judge
from tts_viz.core.budget import Cost
from tts_viz.engines.base import Candidate, Sampled, SampleRequest
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.load.cache import ModelCache
from tts_viz.errors import EngineError
from tts_viz.lab.sweeps import run as sweep
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.lab import small_sweep
from tts_viz.ui.lab.runs_of_point import listed, numbers, outcomes, searched_again
from tts_viz.ui.lab.small_sweep import AT_ONCE, SLOTS, SmallSweep, SmallSweeps, generations, offered_arms, plan
from tts_viz.ui.runs.visitors import Visitors

SMALL: dict[str, Any] = {
    "tasks": ["countdown"], "levels": [1], "arms": ["Best of N", "Beam search"], "budget": 8, "problems": 2, "seeds": 1,
    "policy": "policy-small", "verifier": "verifier",
}  # fmt: skip


def plan_of(**changes: Any) -> Any:
    return plan(**(SMALL | changes))


class OneStep:
    """Every solution is one step long. Fails where it is told to."""

    name, parameters, step_tokens = "policy-small", 1, 96

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails

    async def sample(self, requests: list[SampleRequest]) -> list[Sampled]:
        if self.fails:
            raise EngineError("Out of memory.")
        return [Sampled(Candidate("1+1=2", (1,), (-0.5,), "eos", ("1",)), Cost(policy_calls=1)) for _ in requests]


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    made = Scheduler()
    yield made
    made.close()


def engines(fails: bool = False) -> Any:
    return OneStep(fails), ScriptedVerifier({})


def until_over(sweeps: SmallSweeps, *these: SmallSweep) -> None:
    began = monotonic()
    while any(s.state in ("waiting", "running") for s in these) and monotonic() - began < 60:
        for one in these:
            sweeps.advance(one)
        sleep(0.01)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"arms": ["Best of N"]}, "two to four"),
        ({"arms": [*offered_arms()][:5]}, "two to four"),
        ({"arms": ["Best of N", "rm -rf"]}, "two to four"),
        ({"tasks": []}, "at least one puzzle"),
        ({"levels": []}, "at least one puzzle"),
        ({"levels": [9]}, "no level 9"),
        ({"budget": 256}, "budget from the list"),
        ({"problems": 11}, "1 to 10 problems"),
        ({"seeds": 0}, "1 to 3 seeds"),
        ({"tasks": ["countdown", "arithmetic"], "levels": [1, 2, 3], "problems": 10, "budget": 16, "seeds": 3}, "at most 4,000"),
    ],
)  # fmt: skip
def test_what_is_too_much_or_not_on_the_form_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plan_of(**change)


@pytest.mark.parametrize("budget", small_sweep.BUDGETS)
def test_every_strategy_can_be_planned_at_every_budget(budget: int) -> None:
    for name in offered_arms():
        spec = plan_of(arms=["Best of N" if name != "Best of N" else "REBASE", name], budget=budget)
        assert max(run.n for run in spec.runs) == budget


def test_only_few_generations_are_in_flight_and_only_few_sweeps(scheduler: Scheduler) -> None:
    sweeps = SmallSweeps(scheduler)
    mine = [sweeps.begin(f"visitor {i}", plan_of(problems=10), engines()) for i in range(SLOTS + 2)]
    for one in mine:
        sweeps.advance(one)
    assert [one.state for one in mine] == ["running"] * SLOTS + ["waiting"] * 2
    assert all(sum(planned.n for planned, _ in one._in_flight) <= AT_ONCE for one in mine)
    with pytest.raises(ValueError, match="still running"):
        sweeps.begin("visitor 0", plan_of(), engines())
    sweeps.cancel("visitor 0")
    sweeps.leave("visitor 1")
    for one in mine:
        sweeps.advance(one)
    assert [one.state for one in mine] == ["cancelled"] * SLOTS + ["running"] * 2
    until_over(sweeps, *mine)
    assert [one.state for one in mine] == ["cancelled"] * SLOTS + ["finished"] * 2
    assert mine[2].done == mine[2].total == generations(mine[2].spec)
    assert not scheduler._runs


def test_one_that_nobody_looks_at_gives_its_place_up(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps = SmallSweeps(scheduler)
    gone = [sweeps.begin(f"gone {i}", plan_of(), engines()) for i in range(SLOTS)]
    for one in gone:
        sweeps.advance(one)
    here = sweeps.begin("here", plan_of(), engines())
    monkeypatch.setattr(small_sweep, "ABANDONED", -1.0)
    for one in gone:
        one.looked_at -= 1
    monkeypatch.setattr(small_sweep, "ABANDONED", 0.5)
    until_over(sweeps, here)
    assert here.state == "finished"
    assert all(one.state == "cancelled" for one in gone)


def test_a_failing_model_ends_it_in_words(scheduler: Scheduler) -> None:
    sweeps = SmallSweeps(scheduler)
    mine = sweeps.begin("me", plan_of(), engines(fails=True))
    until_over(sweeps, mine)
    assert (mine.state, mine.error) == ("failed", "Out of memory.")
    assert not scheduler._runs


@pytest.mark.skipif(not all(f.is_dir() for f in EMBEDDED.values()), reason="the embedded models are not here")
def test_it_comes_to_what_the_command_line_would_and_a_run_of_it_to_the_same_end_again(scheduler: Scheduler) -> None:
    models = OfferedModels(("policy-small",), ("verifier",))
    policy, verifier = models.policy("policy-small"), models.verifier("verifier")
    sweeps, spec = SmallSweeps(scheduler), plan_of()
    mine = sweeps.begin("me", spec, (policy, verifier))
    until_over(sweeps, mine)
    found = mine.result()
    expected = [row for part in spec.parts for row in sweep.search(models, spec, part).to_pylist()]
    columns = ["run", "arm", "budget", "problem", "place", "answer", "right", "steps", "generations"]
    assert [{c: row[c] for c in columns} for row in expected] == found.solutions[columns].to_dict("records")
    assert found.about["models"]["policy-small"]["parameters"] == policy.parameters

    beam = next(run.number for run in spec.runs if run.arm.strategy == "beam")
    assert numbers([beam, beam, -1, 10**6], found) == [beam]
    assert spec.runs[beam].arm.name in listed(found, [beam])

    visitors = Visitors(scheduler, Library.in_memory())
    again = searched_again(visitors, models, "me", found, beam)
    assert again.run is not None
    while again.run.state == "running":
        sleep(0.01)
    tree = again.run.session.tree
    solutions = Judge.of(tree).solutions(tree)
    rows = found.solutions[found.solutions["run"] == beam]
    assert sorted(s.answer or "" for s in solutions) == sorted(rows["answer"])
    assert outcomes(found, [beam])[beam] == solutions[0].correct


def test_a_run_behind_a_point_uses_the_pages_own_models_and_no_others(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def refuse(name: str) -> Any:
        loaded.append(name)
        raise ValueError("loaded past the page's models")

    monkeypatch.setattr("tts_viz.engines.load.policy.load_policy", refuse)
    monkeypatch.setattr("tts_viz.engines.load.verifier.load_verifier", refuse)
    spec, visitors = plan_of(), Visitors(scheduler, Library.in_memory())
    policy, verifier = OneStep(), ScriptedVerifier({})
    swept: Any = SimpleNamespace(spec=spec)
    cache = ModelCache({spec.policy: policy}, {spec.verifier: verifier})
    again = searched_again(
        visitors, OfferedModels((), (), also=(spec.policy, spec.verifier), cache=cache), "me", swept, 0
    )
    assert again.run is not None
    assert (again.run.policy, again.run.verifier, loaded) == (policy, verifier, [])
    with pytest.raises(ValueError, match="choose from the list"):
        searched_again(visitors, OfferedModels(("another",), ("oracle",)), "me", swept, 0)
    assert loaded == []
