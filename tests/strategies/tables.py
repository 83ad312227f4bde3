"""Tables of choices made up for tests, put in force as an operator does it: by the variable that names the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts_viz.strategies import choice_table

EDGES = [0.2, 0.4, 0.6, 0.8]


def row(strategy: str = "best_of_n", accuracy: float = 0.5, best_of_n: float = 0.4, **knobs: float) -> dict[str, Any]:
    return {"strategy": strategy, "knobs": knobs, "accuracy": accuracy, "best_of_n": best_of_n, "problems": 20}


def rows(bins: list[dict[str, Any]], calibration: list[tuple[float, float]] | None = None) -> dict[str, Any]:
    """The same rows at budgets 4, 16 and 64; a score is its own chance unless said otherwise."""
    return {
        "edges": EDGES,
        "budgets": dict.fromkeys(("4", "16", "64"), bins),
        "calibration": calibration or [(0.0, 0.0), (1.0, 1.0)],
    }


def said(**tasks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 2, "probe": 4, "policy": "policy-small", "verifier": "verifier", "tasks": tasks}


def put_in_force(folder: Path, monkeypatch: pytest.MonkeyPatch, table: Any) -> Path:
    file = folder / "choices.json"
    file.write_text(table if isinstance(table, str) else json.dumps(table), encoding="utf-8")
    monkeypatch.setenv(choice_table.VARIABLE, str(file))
    return file
