"""What differs between two searches, in words."""

from __future__ import annotations

from dataclasses import asdict, replace

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier
from tts_viz.analysis.comparison import Side, differences
from tts_viz.analysis.judge import Judge
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.search.scheduler import run_to_end
from tts_viz.search.session import Session
from tts_viz.tasks import get_task

PROBLEM = get_task("countdown").parse("make 24 from 4 6 1")
SCRIPT = {
    "0.0": "6*4=24 left 1 24", "0.1": "6+4=10 left 1 10",
    "0.0.0": "24*1=24 left 24", "0.0.1": "24+1=25 left 25", "0.1.0": "10+1=24 left 24", "0.1.1": "10-1=9 left 9",
    "0.0.0.0": "x.", "0.1.0.0": "x.", "0.0.1.0": "x.", "0.1.1.0": "x.",
}  # fmt: skip
SCRIPT = {id: text + ("." if id.count(".") == 2 else "") for id, text in SCRIPT.items() if id.count(".") < 3}


def side(name: str, strategy: str, problem: str = PROBLEM.prompt, **changes: object) -> Side:
    parameters = {"n": 2, "m": 2} if strategy == "beam" else {"n": 2}
    settings = replace(Settings(strategy, parameters, Budget(64), seed=7), **changes)  # type: ignore[arg-type]
    session = Session(Started(problem, settings, problem=asdict(PROBLEM)))
    run_to_end(session, ScriptedPolicy(SCRIPT), ScriptedVerifier({}))
    return Side(name, session.tree, Judge(PROBLEM).solutions(session.tree))


def test_what_was_asked_shared_and_spent_is_said() -> None:
    said = " ".join(differences(side("Left", "best_of_n"), side("Right", "beam")))
    assert "Best of N (n 2) against Beam search (n 2, m 2)" in said
    assert "Their first 2 samples are the same" in said
    assert "Left 2 generations" in said


def test_two_runs_of_the_same_settings_differ_in_nothing() -> None:
    said = " ".join(differences(side("Left", "best_of_n"), side("Right", "best_of_n")))
    assert "the very same" in said
    assert "about the same compute" in said
    # The script's last steps have a full stop, so they are no answers of the task.
    assert "Left: a solution without an answer ✗ (wrong); Right: a solution without an answer" in said


def test_other_settings_and_other_problems_are_named() -> None:
    left = side("Left", "best_of_n")
    assert "temperature 1.0 against 0.5" in " ".join(differences(left, side("Right", "best_of_n", temperature=0.5)))
    assert "different problems" in " ".join(differences(left, side("Right", "best_of_n", problem="Make 3 from 1 2\n")))


def test_nothing_is_said_of_a_search_that_has_not_begun() -> None:
    assert differences(Side("Left", Tree(), []), side("Right", "beam")) == []
