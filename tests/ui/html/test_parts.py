"""The page's parts without a browser: registry, controls, and HTML that never trusts what it is given."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.search.scripted import SEED, ScriptedPolicy, ScriptedVerifier
from tts_viz.core.budget import Budget
from tts_viz.core.events import Changed, Settings, Started
from tts_viz.engines.embedded import TAUGHT
from tts_viz.errors import CrowdedError, ProblemError
from tts_viz.lab.figures import FIGURES
from tts_viz.search.scheduler import LiveRun, Scheduler, drive
from tts_viz.search.session import Session
from tts_viz.search.wishes import SetSettings
from tts_viz.strategies import STRATEGIES
from tts_viz.tasks import get_task
from tts_viz.tasks.math500 import Math500
from tts_viz.tasks.ready_made import draw
from tts_viz.traces.library import Library
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms import strategy as strategy_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.latex import DISPLAY, INLINE, typeset
from tts_viz.ui.html.markup import amount
from tts_viz.ui.html.status import loading_line
from tts_viz.ui.runs import start
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import MAX_VISITORS, Visitors

PUZZLES = TAUGHT["policy-small"]
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
    view.change(SetSettings(settings.parameters, {"vote": settings.vote, "budget": settings.budget}))
    view.change(SetSettings({"m": 4}))
    run.apply_wishes()
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


def test_a_search_begins_where_the_library_cannot_be_written_and_the_page_says_so() -> None:
    scheduler, library = Scheduler(), Library.in_memory()
    library.close()
    try:
        view = watching(Visitors(scheduler, library), "key-1")
        assert view.run is not None
        while view.run.state == "running":
            time.sleep(0.01)
        parts = view.refresh()
        assert parts is not None
        assert view.saved is None
        assert view.state == "finished"
        assert "This run is not kept at the moment" in parts["status"]
    finally:
        scheduler.close()


def values(strategy: str = "beam", **changed: object) -> list[object]:
    own = STRATEGIES[strategy].defaults if strategy in STRATEGIES else {}
    knobs = {name: knob.default for (name, _), knob in strategy_form.KNOBS.items()} | own | changed
    return [strategy, strategy, *(knobs[name] for name, _ in strategy_form.KNOBS), 64, 1.0, "last", "weighted"]


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategys_defaults_are_good_settings(name: str) -> None:
    chosen = strategy_form.settings(values(name))
    assert chosen.strategy == name
    assert set(chosen.parameters) == {k.name for k in STRATEGIES[name].knobs}


def turned(strategy: str, shown: str, **knobs: object) -> list[object]:
    """The controls as they are when the strategy was just chosen, while another one's knobs are in sight."""
    return [strategy, *values(shown, **knobs)[1:]]


def test_a_knob_that_comes_into_sight_shows_its_own_strategys_default() -> None:
    """Whatever another strategy had left in it: MCTS's k was 0."""
    chosen = strategy_form.settings(turned("lookahead", "mcts", n=8, m=2, k=0))
    assert chosen.parameters == {"n": 8, "m": 2, "k": 0}, "it was in sight"
    chosen = strategy_form.settings(turned("lookahead", "beam", n=8, m=2, k=0))
    assert chosen.parameters == {"n": 8, "m": 2, "k": 1}
    assert strategy_form.settings(turned("beam", "greedy", n=64)).parameters == {"n": 16, "m": 4}


def test_the_controls_follow_the_strategy() -> None:
    strategy, shown, *knobs = turned("lookahead", "beam", n=8, m=2, k=0)[: 2 + len(strategy_form.KNOBS)]
    blurb, now, *updates = strategy_form.on_strategy(str(strategy), str(shown), *knobs)
    by_name = {name: update for (name, _), update in zip(strategy_form.KNOBS, updates)}
    assert "Beam search that first plays" in blurb and now == "lookahead"
    assert {n: (by_name[n]["visible"], by_name[n]["value"]) for n in ("n", "m", "k")} == {
        "n": (True, 8), "m": (True, 2), "k": (True, 1),
    }  # fmt: skip
    assert not by_name["c"]["visible"] and "value" not in by_name["c"]
    assert (by_name["c"]["step"], by_name["c"]["maximum"]) == (0.05, 5.0)


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
    assert problem_form.read(PUZZLES, "countdown", "2+3*4").task == "arithmetic"
    assert problem_form.read(PUZZLES, "arithmetic", "make 24 from 3 8 1").task == "countdown"
    with pytest.raises(ProblemError, match="Countdown needs"):
        problem_form.read(PUZZLES, "countdown", "hello")
    with pytest.raises(ProblemError, match="from the list"):
        problem_form.read(PUZZLES, "math500", "2+3")


def test_an_embedded_policy_is_not_asked_what_it_never_learned() -> None:
    problem = problem_form.read((*PUZZLES, "math500"), "math500", "What is 1/2 + 1/3?")
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
    assert [p.answer for p in draw(task, "test", 2, "Algebra")] == ["0.5"]
    with pytest.raises(ValueError, match="no problem of level 2 in Geometry"):
        draw(task, "test", 2, "Geometry")
    assert task.parse("What is $1/2$?").answer == "0.5"


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0"), (950, "950"), (12_345, "12.3k"), (4_560_000, "4.56M"), (7.8e9, "7.8G"), (0.25, "0.25")]
)
def test_amounts_for_people(n: float, said: str) -> None:
    assert amount(n) == said


def test_it_is_said_which_model_is_being_loaded_and_for_how_long() -> None:
    assert "Loading &lt;b&gt; … 3 s" in loading_line("<b>", 3.2)


def test_every_switch_of_a_figure_is_explained() -> None:
    assert all(switch.label and switch.help for figure in FIGURES.values() for switch in figure.switches.values())
