"""A visitor's own trace file: what may come in, what it becomes, and that nothing made up is computed with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.played import PROBLEM, Dice, Whim, played, rolled
from tts_viz.core.events import Event, Settings, Started
from tts_viz.engines.load.cache import ModelCache
from tts_viz.search.scheduler import Scheduler
from tts_viz.tasks import TASKS
from tts_viz.tasks.arithmetic import Arithmetic
from tts_viz.traces.library import Library
from tts_viz.traces.schema import THIS, encode
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.library import upload_trace
from tts_viz.ui.runs.start import begin_with, reopen
from tts_viz.ui.runs.visitors import Visitors


@pytest.fixture
def visitors() -> Iterator[Visitors]:
    scheduler = Scheduler()
    yield Visitors(scheduler, Library.in_memory())
    scheduler.close()


def models(policy: Any = None) -> OfferedModels:
    """With engines that a test knows, by the names that its traces may have."""
    return OfferedModels(("dice",), ("whim",), cache=ModelCache({"dice": policy or Dice()}, {"whim": Whim()}))


def written(events: Sequence[Event]) -> bytes:
    return "".join(encode(line) + "\n" for line in (THIS, *events)).encode()


def begun_by(**changed: Any) -> list[Event]:
    """A finished search whose start says something else."""
    first, *others = played().trace
    assert isinstance(first, Started)
    return [replace(first, **changed), *others]


def test_a_trace_becomes_a_run_of_the_visitor_who_gave_it(visitors: Visitors) -> None:
    session = played()
    (run,) = upload_trace.add(visitors, TASKS, "ann", written(session.trace))
    (entry,) = visitors.library.runs(visitors.owner("ann"))
    assert entry.id == run
    assert (entry.summary.state, entry.summary.nodes) == ("finished", len(session.tree.nodes))
    assert entry.summary.verdict is False  # the scripted beam answers 88, not 54
    assert not visitors.library.runs(visitors.owner("bob"))
    assert list(reopen(visitors, models(), "ann", run).trace) == session.trace


def test_one_that_was_cut_off_is_stopped_and_goes_on_where_its_models_are(visitors: Visitors) -> None:
    first, *others = rolled("beam", 1, n=4, m=2).trace
    assert isinstance(first, Started)
    part = [replace(first, policy="dice", verifier="whim"), *others[:5]]
    (run,) = upload_trace.add(visitors, TASKS, "ann", written(part) + b'{"kind":"gr')
    assert visitors.library.get(run, None).summary.state == "stopped"
    assert reopen(visitors, models(), "ann", run).run is not None
    assert reopen(visitors, OfferedModels(("policy-small",), ("oracle",)), "ann", run).run is None


def test_what_may_be_longer_than_its_policys_steps_is_only_looked_at(visitors: Visitors) -> None:
    first, *others = rolled("beam", 1, n=4, m=2).trace
    assert isinstance(first, Started)
    greedy = replace(first, policy="dice", verifier="whim", max_tokens=Dice.step_tokens + 1)
    (run,) = upload_trace.add(visitors, TASKS, "ann", written([greedy, *others[:5]]))
    assert reopen(visitors, models(), "ann", run).run is None


MANY = "make 54 from " + " ".join(["7"] * 40)

BAD = {
    "no trace": (b"hello\n", "no trace of a run .it begins like no recording"),
    "nothing": (b"", "no trace of a run"),
    "another puzzle": (written(begun_by(problem={**begun_by()[0].problem, "task": "chess"})), "“chess”"),  # type: ignore[union-attr]
    "too many numbers": (
        written(begun_by(problem={**begun_by()[0].problem, "question": MANY, "prompt": MANY})),  # type: ignore[union-attr]
        "none that can be asked here",
    ),
    "another prompt": (
        written(begun_by(problem={**begun_by()[0].problem, "prompt": MANY})),  # type: ignore[union-attr]
        "none that can be asked here",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_taken_is_refused_in_words_and_not_kept(visitors: Visitors, name: str) -> None:
    data, words = BAD[name]
    with pytest.raises(ValueError, match=words):
        upload_trace.add(visitors, TASKS, "ann", data)
    assert not visitors.library.runs(None)


def test_a_tree_too_large_for_a_shared_page_is_refused(visitors: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_trace, "MAX_NODES", 5)
    with pytest.raises(ValueError, match="more than 5 steps"):
        upload_trace.add(visitors, TASKS, "ann", written(played().trace))


@pytest.mark.parametrize("problem", [PROBLEM, Arithmetic().problem("test", 5, 0), Arithmetic().parse("(3+4)*(12-5)")])
def test_every_problem_of_the_page_may_come_back(visitors: Visitors, problem: Any) -> None:
    view = begin_with(visitors, models(), "ann", problem, Settings("greedy", {}), "dice", "whim")
    first = view.trace[0]
    assert upload_trace.add(visitors, TASKS, "ann", written([first]))


def test_a_search_of_the_page_lets_steps_be_as_long_as_its_policy_may_write(visitors: Visitors) -> None:
    talker = Dice()
    talker.step_tokens = 512  # type: ignore[misc]
    view = begin_with(visitors, models(talker), "ann", PROBLEM, Settings("greedy", {}), "dice", "whim")
    started = view.trace[0]
    assert isinstance(started, Started)
    assert (started.max_tokens, started.max_depth) == (512, 40)
