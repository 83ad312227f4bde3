"""The page's parts without a browser: registry, controls, and HTML that never trusts what it is given."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.search.scripted import SEED, ScriptedPolicy, ScriptedVerifier
from tts_viz.core.budget import Budget
from tts_viz.core.events import Changed, Settings, Started
from tts_viz.errors import CrowdedError, ProblemError
from tts_viz.lab.figures import FIGURES
from tts_viz.search.scheduler import LiveRun, Scheduler, drive
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES
from tts_viz.tasks import get_task
from tts_viz.tasks.math500 import Math500
from tts_viz.traces.library import Library
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms import strategy as strategy_form
from tts_viz.ui.forms.offered import TASKS, OfferedModels
from tts_viz.ui.html.latex import DISPLAY, INLINE, typeset
from tts_viz.ui.html.markup import amount
from tts_viz.ui.html.status import loading_line
from tts_viz.ui.lab.tab import LABELS
from tts_viz.ui.runs import start
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import MAX_VISITORS, Visitors

PROBLEM = get_task("countdown").parse("make 24 from 4 6 1")
NASTY = "<script>alert(1)</script>"
SCRIPT = {
    "0.0": "6*4=24 left 1 24", "0.1": "6+4=10 left 1 10", "0.2": NASTY, "0.3": "6-4=3 left 1 3",
    "0.0.0": "24*1=24 left 24", "0.0.1": "24+1=25 left 25", "0.1.0": "10+1=24 left 24", "0.1.1": NASTY,
    "0.0.0.0": "x.", "0.0.1.0": "y.", "0.0.0.1": "x.", "0.0.1.1": "z.",
}  # fmt: skip
REWARDS = {"6*4=24 left 1 24": 0.9, "6+4=10 left 1 10": 0.8}


def run_of(n: int = 4, m: int = 2) -> LiveRun:
    chosen = Settings("beam", {"n": n, "m": m}, Budget(generations=64))
    started = Started(PROBLEM.prompt, replace(chosen, seed=SEED), problem=asdict(PROBLEM))
    return LiveRun(Session(started), ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS))


def test_a_view_draws_all_parts_as_the_search_goes_and_only_when_something_changed() -> None:
    run = run_of()
    view = View(run, PROBLEM, "run1")
    first = view.refresh()
    assert first is not None
    assert "Searching" in first["status"]
    assert view.refresh() is None
    asyncio.run(drive([run]))
    last = view.refresh()
    assert last is not None
    assert last["state"] == "finished"
    assert last["tree"].startswith(first["tree"])
    assert "kept 2 of 4" in last["log"]
    assert "4 of 64" in last["meters"]


def test_what_models_write_is_shown_and_never_becomes_html() -> None:
    run = run_of()
    asyncio.run(drive([run]))
    view = View(run, PROBLEM, "run1")
    parts = view.refresh()
    assert parts is not None
    panels = [str(parts[name]) for name in ("status", "meters", "solutions", "log", "inspector")]
    panels += [str(view.select(node)) for node in run.session.tree.nodes]
    assert not any("<script" in panel for panel in panels)
    assert any("&lt;script&gt;" in panel for panel in panels)


def test_the_inspector_says_why_and_what_is_true() -> None:
    run = run_of()
    asyncio.run(drive([run]))
    view = View(run, PROBLEM, "run1")
    view.refresh()
    pruned = str(view.select("0.3"))
    assert "pruned at depth 1: score 0.50 ranked" in pruned
    assert "6−4 is 2, not 3." in pruned
    assert "There is no way from 1, 10 to 24." in str(view.select("0.1"))
    assert view.select("0.9.9") is None
    assert view.select("../../etc/passwd") is None


def test_only_what_differs_is_changed() -> None:
    run = run_of()
    view = View(run, PROBLEM, "run1")
    settings = run.session.tree.settings
    view.change(settings)
    view.change(Settings("beam", {"n": 4, "m": 4}, settings.budget))
    run.apply_commands()
    changes = [e for e in run.session.trace if isinstance(e, Changed)]
    assert [e.what for e in changes] == ["parameters"]


def watching(visitors: Visitors, key: str) -> View:
    run = run_of()
    return visitors.start(key, run.session, (run.policy, run.verifier), PROBLEM)


def test_a_visitor_sees_only_its_own_run_and_leaving_frees_it() -> None:
    scheduler = Scheduler()
    try:
        visitors = Visitors(scheduler, Library.in_memory())
        first = watching(visitors, "key-1")
        second = watching(visitors, "key-2")
        one, other = first.run, second.run
        assert visitors.view("key-1") is first
        assert visitors.view("key-2") is second
        assert visitors.view("key-3") is None
        again = watching(visitors, "key-1")
        assert visitors.view("key-1") is again
        assert one not in scheduler._runs
        visitors.leave("key-2")
        visitors.leave("key-2")
        assert visitors.view("key-2") is None
        assert other not in scheduler._runs
    finally:
        scheduler.close()


def test_a_crowd_is_asked_to_wait_but_those_who_are_here_may_go_on() -> None:
    scheduler = Scheduler()
    try:
        visitors = Visitors(scheduler, Library.in_memory())
        for i in range(MAX_VISITORS):
            watching(visitors, f"key-{i}")
        with pytest.raises(CrowdedError, match="Try again"):
            watching(visitors, "one more")
        watching(visitors, "key-0")
        visitors.leave("key-1")
        watching(visitors, "one more")
    finally:
        scheduler.close()


def values(strategy: str = "beam", **changed: object) -> list[object]:
    own = {k.name: k.default for k in STRATEGIES[strategy].knobs} if strategy in STRATEGIES else {}
    knobs = {name: knob.default for name, knob in strategy_form.KNOBS.items()} | own | changed
    return [strategy, *(knobs[name] for name in strategy_form.KNOBS), 64, 1.0, "last", "weighted"]


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategys_defaults_are_good_settings(name: str) -> None:
    chosen = strategy_form.settings(values(name))
    assert chosen.strategy == name
    assert set(chosen.parameters) == {k.name for k in STRATEGIES[name].knobs}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (values(n=10), "multiple of m=4"),
        (values(n=2.5), "whole number"),
        (values(n=None), "whole number"),
        (values("nonsense"), "from the list"),
        ([*values()[:-3], 9.0, "last", "weighted"], "Temperature"),
        ([*values()[:-2], "loudest", "weighted"], "from the lists"),
        ([*values()[:-4], 0, 1.0, "last", "weighted"], "positive"),
    ],
)
def test_bad_settings_are_refused_in_words(bad: list[object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        strategy_form.settings(bad)


def test_a_small_budget_is_foretold() -> None:
    chosen = strategy_form.settings([*values()[:-4], 8, 1.0, "last", "weighted"])
    assert "needs 16 generations and the budget is 8" in strategy_form.advice(chosen)


def test_a_model_that_is_not_offered_cannot_be_loaded() -> None:
    models = OfferedModels(("policy-small",), ("oracle",))
    with pytest.raises(ValueError, match="choose from the list"):
        models.policy("/etc/passwd")
    with pytest.raises(ValueError, match="choose from the list"):
        models.verifier("someone/else")
    with pytest.raises(ValueError, match="speed"):
        start.seconds("Ludicrous")


def test_a_typed_problem_goes_to_the_task_that_can_read_it() -> None:
    assert problem_form.read(TASKS, "countdown", "2+3*4").task == "arithmetic"
    assert problem_form.read(TASKS, "arithmetic", "make 24 from 3 8 1").task == "countdown"
    with pytest.raises(ProblemError, match="Countdown needs"):
        problem_form.read(TASKS, "countdown", "hello")
    with pytest.raises(ProblemError, match="from the list"):
        problem_form.read(TASKS, "math500", "2+3")


def test_an_embedded_policy_is_not_asked_what_it_never_learned() -> None:
    problem = problem_form.read((*TASKS, "math500"), "math500", "What is 1/2 + 1/3?")
    problem_form.check_taught("some/chat-model", problem)
    with pytest.raises(ValueError, match="policy-small has only learned"):
        problem_form.check_taught("policy-small", problem)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("If $x < 3$ then", f"If {INLINE[0]}x \\lt 3{INLINE[1]} then"),
        ("\\[a\nb\\] and \\(c\\)", f"{DISPLAY[0]}a b{DISPLAY[1]} and {INLINE[0]}c{INLINE[1]}"),
        ("one\n\ntwo", "one  \n  \ntwo"),
        ("<b>", "&#60;b&#62;"),
        ("![](http://a)", "&#33;&#91;&#93;&#40;http&#58;&#47;&#47;a&#41;"),
        ("$![](http://a)$", "&#36;&#33;&#91;&#93;&#40;http&#58;&#47;&#47;a&#41;&#36;"),
        ("\ue000x", "x"),
    ],
)
def test_formulas_are_typeset_and_nothing_else_is_taken_for_a_command(text: str, shown: str) -> None:
    assert typeset(text) == shown


def test_a_math_problem_that_was_read_is_known_by_its_text(tmp_path: Path) -> None:
    source = tmp_path / "one.jsonl"
    source.write_text(json.dumps({
        "problem": "What is  $1/2$?", "level": 2, "subject": "Algebra", "unique_id": "a/1", "answer": "0.5"
    }))  # fmt: skip
    task = Math500(str(source))
    assert task.parse("What is $1/2$?").answer is None
    assert [p.answer for p in task.matching(2, "Algebra")] == ["0.5"]
    assert task.matching(2, "Geometry") == []
    assert task.parse("What is $1/2$?").answer == "0.5"


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0"), (950, "950"), (12_345, "12.3k"), (4_560_000, "4.56M"), (7.8e9, "7.8G"), (0.25, "0.25")]
)
def test_amounts_for_people(n: float, said: str) -> None:
    assert amount(n) == said


def test_it_is_said_which_model_is_being_loaded_and_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    models, seen = OfferedModels(("policy-small",), ("oracle",)), []

    def load(name: str) -> ScriptedPolicy:
        seen.append(models.loading)
        return ScriptedPolicy({})

    monkeypatch.setattr("tts_viz.engines.load.policy.load_policy", load)
    assert models.loading is None
    models.policy("policy-small")
    (name, seconds), *more = seen
    assert (name, more) == ("policy-small", []) and 0 <= seconds < 60
    models.policy("policy-small")
    assert len(seen) == 1 and models.loading is None
    assert "Loading &lt;b&gt; … 3 s" in loading_line("<b>", 3.2)


def test_every_switch_of_a_figure_is_explained() -> None:
    assert {name for figure in FIGURES for name in figure.choices} <= set(LABELS)
