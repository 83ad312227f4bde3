"""What a visitor wants, from any thread and however fast, reaches the run; and what became of it reaches the visitor."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import asdict
from typing import Any

import gradio as gr
import pytest

from tests.search.scripted import SEED, ScriptedPolicy, ScriptedVerifier
from tests.search.test_scheduler import eventually
from tests.search.test_wishes import Slow
from tests.ui.html.test_parts import PROBLEM, REWARDS, SCRIPT
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings, Started
from tts_viz.search.live_run import LiveRun
from tts_viz.search.scheduler import Scheduler, drive, tick
from tts_viz.search.session import Session
from tts_viz.search.wishes import Pin, Prune, SetSettings, Undo, Write
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.forms.strategy import KNOBS, build_strategy_form
from tts_viz.ui.runs.follow import followed
from tts_viz.ui.runs.start import fork
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.search.run_bar import build_run_bar


def run_of(policy: Any = None) -> LiveRun:
    settings = Settings("beam", {"n": 4, "m": 2}, Budget(generations=64), seed=SEED)
    session = Session(Started(PROBLEM.prompt, settings, problem=asdict(PROBLEM)))
    return LiveRun(session, policy or ScriptedPolicy(SCRIPT), ScriptedVerifier(REWARDS))


def looked(view: View) -> dict[str, Any]:
    view._seen = ()
    parts = view.refresh()
    assert parts is not None
    return parts


def test_two_moves_of_a_slider_within_a_round_leave_what_the_slider_shows() -> None:
    run = run_of()
    view = View(run, PROBLEM, "run1")
    view.change(SetSettings({"m": 4}))
    view.change(SetSettings({"m": 2}))
    assert "These 2 take effect when the round under way is over" in looked(view)["settings_reply"]
    run.apply_wishes()
    assert run.session.tree.settings.parameters == {"n": 4, "m": 2}
    assert looked(view)["settings_reply"] == ""


def test_undo_pressed_twice_undoes_twice_and_a_refusal_is_shown_beside_the_buttons() -> None:
    run = run_of()
    asyncio.run(tick([run]))
    view = View(run, PROBLEM, "run1")
    for node in ("0.0", "0.1"):
        view.steer("steer", lambda node=node: Prune(node))
    run.apply_wishes()
    for _ in range(3):
        view.steer("bar", Undo)
    run.apply_wishes()
    assert not any(node.pruned_by_user for node in run.session.tree.nodes.values())
    parts = looked(view)
    assert "There is nothing to undo." in parts["bar_reply"] and parts["steer_reply"] == ""
    view.steer("steer", lambda: Pin("0.0"))
    run.apply_wishes()
    assert "nothing to undo" in looked(view)["bar_reply"], "it stays until these buttons are used again"
    view.steer("bar", Undo)
    run.apply_wishes()
    assert looked(view)["bar_reply"] == ""


def test_a_setting_that_was_refused_is_tried_again_with_the_next_one() -> None:
    """The controls show both."""
    run = run_of()
    view = View(run, PROBLEM, "run1")
    view.change(SetSettings({"n": 9}))
    run.apply_wishes()
    assert "n=9 must be a multiple of m=2" in looked(view)["settings_reply"]
    view.change(SetSettings({"m": 3}))
    run.apply_wishes()
    assert run.session.tree.settings.parameters == {"n": 9, "m": 3}
    assert looked(view)["settings_reply"] == ""


def test_a_refused_setting_that_was_set_anew_is_over() -> None:
    run = run_of()
    view = View(run, PROBLEM, "run1")
    for n in (9, 8):
        view.change(SetSettings({"n": n}))
        run.apply_wishes()
    assert run.session.tree.settings.parameters == {"n": 8, "m": 2}
    assert looked(view)["settings_reply"] == ""


def test_with_a_slow_engine_the_answer_is_awaited_in_words_and_comes() -> None:
    policy, scheduler = Slow(), Scheduler()
    policy.by_seed = ScriptedPolicy(SCRIPT).by_seed
    try:
        run = run_of(policy)
        view = View(run, PROBLEM, "run1")
        scheduler.add(run)
        policy.begun.acquire(timeout=30)
        view.steer("steer", lambda: Write("0", *view.written("0", "6-1=5")))
        view.steer("bar", Undo)
        view.steer("bar", Undo)
        assert "takes effect when the round" in looked(view)["steer_reply"]
        policy.go_on.release()
        eventually(lambda: "nothing to undo" in looked(view)["bar_reply"])
        assert looked(view)["steer_reply"] == "" and view.selected == "0.u0"
        run.stop()
        policy.go_on.release(9)
    finally:
        scheduler.close()


def test_what_is_no_step_and_what_is_no_moment_to_act_is_said_at_once() -> None:
    run = run_of()
    asyncio.run(drive([run]))
    view = View(run, PROBLEM, "run1")
    looked(view)
    view.steer("steer", lambda: Write("0", *view.written("0", "25 apples")))
    assert "no step" in looked(view)["steer_reply"]
    view.seek(3)
    view.steer("steer", lambda: Prune("0.0"))
    assert "earlier moment" in looked(view)["steer_reply"]
    recording = View(None, PROBLEM, "run2", recording=list(run.session.trace))
    recording.steer("bar", Undo)
    assert "recording" in looked(recording)["bar_reply"]


def test_a_moment_is_gone_to_and_played_under_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """From another thread than the one that draws."""
    run = run_of()
    asyncio.run(drive([run]))
    view = View(run, PROBLEM, "run1")
    done = threading.Event()
    for work in (lambda: view.seek(3), lambda: view.play(1), lambda: view.shown, lambda: view.playing):
        done.clear()
        with view._lock:
            thread = threading.Thread(target=lambda work=work: (work(), done.set()))
            thread.start()
            assert not done.wait(0.02)
        assert done.wait(30)
        thread.join()


def test_a_failed_strategy_is_said_without_a_resume() -> None:
    run = run_of()
    run.session._run = lambda *_: 1 / 0  # type: ignore[method-assign]
    asyncio.run(drive([run]))
    view = View(run, PROBLEM, "run1")
    parts = looked(view)
    assert "The search failed: ZeroDivisionError" in parts["status"] and "Resume" not in parts["status"]
    assert (parts["state"], parts["resumable"], view.over) == ("failed", False, True)
    with gr.Blocks():
        bar = build_run_bar()
    pause, resume, stop = bar.looks(parts["state"], parts["resumable"])
    assert pause["visible"] and not pause["interactive"] and not resume["visible"] and not stop["interactive"]


def test_a_failed_model_is_said_with_a_resume() -> None:
    run = run_of()
    run.fail("The server is down.")
    run.note_state()
    parts = looked(View(run, PROBLEM, "run1"))
    assert "The server is down. Resume tries again." in parts["status"] and parts["resumable"]


def test_a_control_asks_for_what_it_shows_and_for_nothing_else() -> None:
    with gr.Blocks():
        form = build_strategy_form()
    shown = Settings("beam", {"n": 8, "m": 2}, Budget(9), temperature=0.5, vote="best")
    knobs = dict(zip((name for name, _ in KNOBS), form.chooser.knobs))
    assert form.turned(knobs["m"], shown) == SetSettings({"m": 2})
    assert form.turned(form.budget, shown) == SetSettings(others={"budget": Budget(9)})
    assert form.turned(form.vote, shown) == SetSettings(others={"vote": "best"})
    assert form.turned(form.chooser.strategy, shown) == SetSettings({"n": 8, "m": 2}, {"strategy": "beam"})


def test_a_view_is_looked_at_when_something_happens_and_let_go_when_it_is_put_away() -> None:
    scheduler = Scheduler()
    try:
        visitors = Visitors(scheduler, Library.in_memory())
        run = run_of()
        view = visitors.start("key", run.session, (run.policy, run.verifier), PROBLEM)
        assert view.run is not None
        driven = view.run
        eventually(lambda: driven.state == "finished")
        looks, refresh = [0], view.refresh

        def counting() -> Any:
            looks[0] += 1
            return refresh()

        view.refresh = counting  # type: ignore[method-assign]

        async def watched() -> list[str]:
            seen = []
            following = followed(visitors, "key", "main", view)
            seen.append((await anext(following))["state"])
            threading.Timer(0.3, view.seek, [3]).start()
            seen.append((await anext(following))["scrubber"])
            threading.Timer(0.3, visitors.leave, ["key"]).start()
            seen.extend([parts["state"] async for parts in following])
            return seen

        first, scrubbed, *more = asyncio.run(asyncio.wait_for(watched(), 30))
        assert first == "finished" and '"at": 3' in scrubbed and more == []
        assert looks[0] <= 5
    finally:
        scheduler.close()


def test_a_fork_goes_at_the_speed_that_is_set() -> None:
    scheduler = Scheduler()
    try:
        visitors = Visitors(scheduler, Library.in_memory())
        run = run_of()

        class Models(OfferedModels):
            def policy(self, name: str) -> Any:
                return run.policy

            def verifier(self, name: str) -> Any:
                return run.verifier

        view = visitors.start("key", run.session, (run.policy, run.verifier), PROBLEM)
        assert view.run is not None
        driven = view.run
        eventually(lambda: driven.state == "finished")
        view.seek(3)
        forked = fork(visitors, Models(), "key", view, "best_of_n", 1, pace=0.9)
        assert forked.run is not None and forked.run.pace == 0.9
    finally:
        scheduler.close()
