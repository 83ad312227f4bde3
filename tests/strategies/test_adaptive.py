"""Adaptive best-of-N by hand: how many samples it takes to be sure, and what is said when it stops."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

from tests.search.scripted import begin, finish
from tests.strategies.tables import put_in_force, row, rows, said
from tts_viz.core.events import Noted
from tts_viz.search.session import Session
from tts_viz.strategies.adaptive import needed

SCRIPT = {f"0.{i}": f"s{i}." for i in range(300)}


@pytest.fixture(autouse=True)
def a_score_is_its_own_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_force(tmp_path, monkeypatch, said(all=rows([row()] * 5)))


def search(score: float, **knobs: float) -> Session:
    return finish(begin("adaptive_best_of_n", **knobs), SCRIPT, {f"s{i}.": score for i in range(300)}).session


def test_needed_is_the_formula() -> None:
    assert needed(0.5, 0.99) == 7  # 1 − 0.5⁷ = 0.992, 1 − 0.5⁶ = 0.984
    assert needed(0.9, 0.99) == 2
    assert needed(0.05, 0.95) == 59
    for p in (0.03, 0.2, 0.6):
        n = needed(p, 0.9)
        assert 1 - (1 - p) ** n >= 0.9 > 1 - (1 - p) ** (n - 1)
    assert needed(1.0, 0.99) == 1
    assert needed(0.0, 0.99) == round(log(0.01) / log(0.999) + 0.5)


@pytest.mark.parametrize(
    ("score", "confidence", "drawn"), [(0.9, 0.99, 2), (0.5, 0.99, 7), (0.05, 0.95, 59), (0.5, 0.5, 2)]
)
def test_it_draws_what_is_needed_and_says_so(score: float, confidence: float, drawn: int) -> None:
    session = search(score, confidence=confidence)
    assert session.tree.generations == len(session.tree.finished()) == drawn
    (note,) = session.tree.notes
    assert isinstance(session.trace[-2], Noted)
    assert note.why == (
        f"by the verifier’s scores a sample here is right with a chance of {score:.2f}, so {needed(score, confidence)} are "
        f"needed for a confidence of {round(100 * confidence)} %; {drawn} were drawn, enough"
    )


def test_it_stops_at_n_and_says_that_it_is_not_sure() -> None:
    session = search(0.05, n=20)
    assert session.tree.generations == 20
    assert "so 90 are needed for a confidence of 99 %; 20 were drawn, all that N allows" in session.tree.notes[0].why


def test_it_never_draws_more_than_twice_what_it_has_on_an_estimate() -> None:
    run = finish(begin("adaptive_best_of_n", n=64), SCRIPT, {f"s{i}.": 0.05 for i in range(300)})
    assert [len(batch) for batch in run.policy.asked] == [2, 2, 4, 8, 16, 32]  # type: ignore[attr-defined]


def test_a_sample_that_comes_to_no_end_was_tried_and_is_not_right() -> None:
    """0.0 is right with 0.8, 0.1 says nothing: p = 0.4, ten needed; from then on all are like 0.0."""
    script = {id: text for id, text in SCRIPT.items() if id != "0.1"}
    session = finish(begin("adaptive_best_of_n"), script, dict.fromkeys(SCRIPT.values(), 0.8)).session
    # 4 drawn: p = 0.6, 6 needed; 6 drawn: p = 0.67, 5 needed.
    assert session.tree.generations == 6
    assert len(session.tree.finished()) == 5


def test_the_calibration_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_force(tmp_path, monkeypatch, said(all=rows([row()] * 5, [(0.4, 0.1), (0.6, 0.3)])))
    session = search(0.5, n=256)  # halfway: 0.2
    assert session.tree.generations == needed(0.2, 0.99) == 21


def test_a_silent_policy_ends_it() -> None:
    session = finish(begin("adaptive_best_of_n", n=10), {}).session
    assert session.done
    assert session.tree.spent.policy_calls == 10
