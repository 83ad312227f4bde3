"""The table of choices: how it is read, and what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.strategies.tables import put_in_force, row, rows, said
from tts_viz.strategies import choice_table, make

BINS = [row("best_of_n"), row("beam", m=2), row("beam", m=4), row("dvts", m=4), row("rebase", t=20)]


def test_bins_are_told_from_the_easiest() -> None:
    table = choice_table._rows(rows(BINS))
    assert [table.bin(s) for s in (1.0, 0.81, 0.8, 0.61, 0.5, 0.21, 0.2, 0.0)] == [1, 1, 2, 2, 3, 4, 5, 5]
    assert table.best(0.7, 16) == (16, choice_table._best(BINS[1]))


@pytest.mark.parametrize(
    ("n", "budget"), [(1, 4), (4, 4), (7, 4), (8, 4), (9, 16), (16, 16), (32, 16), (33, 64), (256, 64)]
)
def test_the_nearest_budget_by_ratio_is_asked(n: int, budget: int) -> None:
    assert choice_table._rows(rows(BINS)).best(0.5, n)[0] == budget


def test_chances_lie_on_lines_between_the_points_and_level_outside() -> None:
    table = choice_table._rows(rows(BINS, [(0.2, 0.1), (0.4, 0.5), (0.8, 0.6)]))
    found = [round(table.chance(s), 3) for s in (0.0, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)]
    assert found == [0.1, 0.1, 0.3, 0.5, 0.55, 0.6, 0.6]


def test_the_file_is_read_again_where_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    file = put_in_force(tmp_path, monkeypatch, said(all=rows(BINS)))
    assert choice_table.table().probe == 4
    put_in_force(tmp_path, monkeypatch, said(all=rows(BINS)) | {"probe": 2})
    os.utime(file, ns=(1, 1))
    assert choice_table.table().probe == 2


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
        (said(all=rows([row("beam", m=2, n=4)] * 5)), "must leave one of n, chains, length"),
        (said(all=rows([row("beam", width=2)] * 5)), "must leave one of"),
        (said(all=rows([row("oracle")] * 5)), "must leave one of"),
        (said(all=rows([row("beam", accuracy=1.2, m=2)] * 5)), "from 0 to 1"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(
    table: Any, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_force(tmp_path, monkeypatch, table)
    for name in ("compute_optimal", "adaptive_best_of_n"):
        with pytest.raises(ValueError, match="table of choices") as caught:
            make(name, {})
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(choice_table.VARIABLE, str(tmp_path / "none.json"))
    with pytest.raises(ValueError, match=r"none\.json: No such file"):
        make("compute_optimal", {})
