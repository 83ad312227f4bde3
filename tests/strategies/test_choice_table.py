"""The table of choices: how it is read, and what it answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.search.scripted import begin, finish, full, scattered
from tests.strategies.tables import put_in_force, row, rows, said
from tts_viz.core.events import Settings, Started
from tts_viz.search.replay import fast_forward
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES, choice_table
from tts_viz.traces.schema import decode, encode

BINS = [row("best_of_n"), row("beam", m=2), row("beam", m=4), row("dvts", m=4), row("rebase", balance_temperature=0.2)]


def test_bins_are_told_from_the_easiest() -> None:
    table = choice_table.rows(rows(BINS))
    assert [table.bin(s) for s in (1.0, 0.81, 0.8, 0.61, 0.5, 0.21, 0.2, 0.0)] == [1, 1, 2, 2, 3, 4, 5, 5]
    assert table.best(0.7, 16) == (16, choice_table._best(BINS[1]))


@pytest.mark.parametrize(
    ("n", "budget"), [(1, 4), (4, 4), (7, 4), (8, 4), (9, 16), (16, 16), (32, 16), (33, 64), (256, 64)]
)
def test_the_nearest_budget_by_ratio_is_asked(n: int, budget: int) -> None:
    assert choice_table.rows(rows(BINS)).best(0.5, n)[0] == budget


def test_chances_lie_on_lines_between_the_points_and_level_outside() -> None:
    table = choice_table.rows(rows(BINS, [(0.2, 0.1), (0.4, 0.5), (0.8, 0.6)]))
    found = [round(table.chance(s), 3) for s in (0.0, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)]
    assert found == [0.1, 0.1, 0.3, 0.5, 0.55, 0.6, 0.6]


def test_the_file_is_read_again_where_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    file = put_in_force(tmp_path, monkeypatch, said(all=rows(BINS)))
    assert choice_table.read()["policy"] == "policy-small"
    put_in_force(tmp_path, monkeypatch, said(all=rows(BINS)) | {"policy": "another"})
    os.utime(file, ns=(1, 1))
    assert choice_table.read()["policy"] == "another"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("{", "is no table of choices"),
        ("[]", "is no table of choices"),
        (said(countdown=rows(BINS)), "all tasks"),
        (said(all=rows(BINS)) | {"probe": 0}, "positive"),
        (said(all=rows(BINS[:4])), "one row for each bin"),
        (said(all=rows(BINS) | {"edges": [0.4, 0.2, 0.6, 0.8]}), "must rise"),
        (said(all=rows(BINS, [(0.5, 0.1), (0.5, 0.2)])), "must rise"),
        (said(all=rows([row("beam", m=2, n=4)] * 5)), "must leave one of n"),
        (said(all=rows([row("parallel_revisions")] * 5)), "must leave one of chains, length"),
        (said(all=rows([row("beam", width=2)] * 5)), "must leave one of"),
        (said(all=rows([row("oracle")] * 5)), "there is no strategy 'oracle'"),
        (said(all=rows([row("greedy")] * 5)), "costs what it costs"),
        (said(all=rows([row("compute_optimal")] * 5)), "looks up such a table itself"),
        (said(all=rows([row("beam", accuracy=1.2, m=2)] * 5)), "from 0 to 1"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(
    table: Any, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_force(tmp_path, monkeypatch, table)
    with pytest.raises(ValueError, match="table of choices") as caught:
        choice_table.lookup("countdown", "", "")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.json: No such file"):
        choice_table.lookup("countdown", "", "", tmp_path / "none.json")


def test_only_strategies_that_look_something_up_need_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_force(tmp_path, monkeypatch, "{")
    assert choice_table.needed("beam", "countdown", "", "") == {}
    with pytest.raises(ValueError, match="table of choices"):
        choice_table.needed("compute_optimal", "countdown", "", "")


@pytest.mark.parametrize("name", [name for name, entry in STRATEGIES.items() if entry.looks_up])
def test_a_search_without_the_table_it_needs_does_not_begin(name: str) -> None:
    with pytest.raises(ValueError, match="started without one"):
        Session(Started("P\n", Settings(name, {})))
    session = Session(Started("P\n", Settings("beam", {})))
    with pytest.raises(ValueError, match="started without one"):
        session.change(strategy=name, parameters={})
    assert len(session.trace) == 1


def test_a_table_of_the_first_release_is_read_with_its_knobs_in_percent(tmp_path: Path) -> None:
    old = said(all=rows([row("rebase", t=20), row("mcts", c=150, m=4), *BINS[:3]]))
    del old["version"]
    file = tmp_path / "old.json"
    file.write_text(json.dumps(old), encoding="utf-8")
    bins = choice_table.rows(choice_table.lookup("", "", "", file)).budgets[16]
    assert [best.knobs for best in bins[:2]] == [{"balance_temperature": 0.2}, {"c": 1.5, "m": 4}]


def test_a_search_is_the_same_under_any_other_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it looked up is in its trace; what the table says by now is not."""
    put_in_force(tmp_path, monkeypatch, said(all=rows([row("beam", 0.9, m=2)] * 5)))
    script = full(3, 9)
    trace = finish(begin("compute_optimal", n=8), script, scattered(script)).session.trace
    kept = [decode(encode(event)) for event in trace]
    put_in_force(tmp_path, monkeypatch, said(all=rows([row("dvts", 0.2, m=2)] * 5)))
    again = fast_forward(kept)
    assert again.trace == trace
    assert [note.strategy for note in again.tree.notes] == ["beam"]
    put_in_force(tmp_path, monkeypatch, "no table at all")
    assert fast_forward(kept).trace == trace
