"""The table of choices, from a sweep small enough to work out by hand: ten problems, best of N and two other arms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts_viz.cli.main import main
from tts_viz.errors import SweepLacksError
from tts_viz.lab.metrics.choice_table import table
from tts_viz.lab.sweeps import store
from tts_viz.lab.sweeps.spec import parse
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.strategies import choice_table

SPEC: dict[str, Any] = {
    "title": "by hand", "tasks": ["arithmetic"], "levels": [1], "problems": 10,
    "arm": [
        {"name": "best of N", "strategy": "best_of_n", "budgets": [4, 8]},
        {"name": "beam", "strategy": "beam", "knobs": {"m": "sqrt"}, "budgets": [4]},
        {"name": "chains", "strategy": "parallel_revisions", "knobs": {"length": 2}, "budgets": [4]},
    ],
}  # fmt: skip


def sweep(folder: Path, spec: dict[str, Any] | None = None) -> Path:
    """Problem i gets the score (i + ½) / 10 for each sample. Best of N is wrong on problems 0 and 1, the hardest; the beam is
    right on these, and wrong on 8 and 9; chains are right on 1 and 2 only."""
    plan = parse(spec or SPEC)
    rows = []
    for run in plan.runs:
        i = run.index
        right = {"best of N": i > 1, "beam": i < 8, "chains": i in (1, 2)}[run.arm.name]
        for place in range(8 if run.arm.name == "best of N" else 4):
            chain = run.arm.name == "chains"
            rows.append(
                {
                    "run": run.number, "arm": run.arm.name, "budget": run.n, "task": run.task, "level": run.level,
                    "problem": f"p{i}", "seed": run.seed, "place": place, "ended": True, "answer": str(right), "right": right,
                    "chain": place // 2 if chain else None, "attempt": place % 2 if chain else None,
                    "rewards": [0.5, (i + 0.5) / 10], "steps": 2,
                }
            )  # fmt: skip
    file = folder / "sweep.parquet"
    models = {name: {"parameters": 10, "training_tokens": None} for name in ("policy-small", "verifier")}
    about = {"command": "by hand", "date": "2026-01-01", "spec": SPEC if spec is None else spec, "models": models}
    store.write(file, store.table(rows), about)
    return file


def test_in_each_bin_what_did_best_there(tmp_path: Path) -> None:
    made = table(Sweep(sweep(tmp_path)), "a test")
    for task in ("all", "arithmetic"):
        rows = made["tasks"][task]
        assert rows["edges"] == [0.2, 0.4, 0.6, 0.8]
        assert list(rows["budgets"]) == ["4"]
        easiest, *middle, hardest = rows["budgets"]["4"]
        assert hardest == {"strategy": "beam", "knobs": {"m": 2}, "accuracy": 1.0, "best_of_n": 0.0, "problems": 2}
        assert {best["strategy"] for best in (easiest, *middle)} == {"best_of_n"}
        assert easiest["accuracy"] == easiest["best_of_n"] == 1.0
    assert (made["probe"], made["policy"], made["verifier"]) == (4, "policy-small", "verifier")
    assert made["made"]["command"] == "a test"


def test_the_calibration_rises_from_wrong_to_right(tmp_path: Path) -> None:
    points = table(Sweep(sweep(tmp_path)), "")["tasks"]["all"]["calibration"]
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (1.0, 1.0)
    # Right from problem 2 on, whose score is 0.25; wrong at 0.15; halfway in between.
    assert dict(points)[0.15] == 0.0
    assert dict(points)[0.2] == 0.5
    assert dict(points)[0.25] == 1.0


def test_a_difference_that_chance_would_give_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains gain on problem 1 and not on 0: a half, with a standard error of a half."""
    spec = SPEC | {"arm": [SPEC["arm"][0], SPEC["arm"][2]]}
    assert table(Sweep(sweep(tmp_path, spec)), "")["tasks"]["all"]["budgets"]["4"][4]["strategy"] == "best_of_n"
    monkeypatch.setattr("tts_viz.lab.metrics.choice_table.ERRORS", 0.9)
    hardest = table(Sweep(sweep(tmp_path, spec)), "")["tasks"]["all"]["budgets"]["4"][4]
    assert (hardest["strategy"], hardest["knobs"]) == ("parallel_revisions", {"length": 2})
    assert (hardest["accuracy"], hardest["best_of_n"]) == (0.5, 0.0)


def test_a_sweep_without_best_of_n_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SweepLacksError, match="no best-of-N"):
        table(Sweep(sweep(tmp_path, SPEC | {"arm": SPEC["arm"][1:]})), "")


def test_the_command_writes_what_the_search_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    made, out = sweep(tmp_path), tmp_path / "choices.json"
    assert main(["choose", str(made), "--out", str(out)]) == 0
    assert "beam m 2 1.00 (0.00)" in capsys.readouterr().out
    monkeypatch.setenv(choice_table.VARIABLE, str(out))
    _, hardest = choice_table.rows(choice_table.lookup("arithmetic", "", "")).best(0.1, 4)
    assert hardest == choice_table.Best("beam", {"m": 2}, 1.0, 0.0, 2)
    with pytest.raises(SystemExit, match="2"):
        main(["choose", str(made), "--out", str(out)])
    assert "--force" in capsys.readouterr().err


def test_the_shipped_table_is_one_and_says_how_it_was_made() -> None:
    import json

    shipped = json.loads(choice_table.SHIPPED.read_text(encoding="utf-8"))
    assert {"command", "date", "sweep", "seeds"} <= set(shipped["made"])
    assert set(choice_table.read()["tasks"]) == {"all", "countdown", "arithmetic"}
