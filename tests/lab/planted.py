"""Sweeps whose outcome is known in advance: their solutions are written down, not searched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tts_viz.lab.sweeps import spec as specs
from tts_viz.lab.sweeps import store
from tts_viz.lab.sweeps.spec import PlannedRun

Solutions = Callable[[PlannedRun, int], dict[str, Any]]
"""The columns of the solution of a run at a place that differ from `PLAIN`."""

PLAIN: dict[str, Any] = {
    "ended": True, "answer": "a", "right": False, "rewards": [0.5], "valid": [True], "reachable": [True], "steps": 1,
    "repeats": 0, "generated": 10, "read": 0, "verified": 10, "policy_flops": 20.0, "verifier_flops": 40.0, "seconds": 0.5,
    "prompt_read": 0, "prompt_verified": 0,
}  # fmt: skip

MODELS = {
    "policy-small": {"parameters": 1, "training_tokens": 1000},
    "verifier": {"parameters": 2, "training_tokens": 1000},
    "policy-large": {"parameters": 14, "training_tokens": 1000},
}


def sweep(path: Path, arms: list[dict[str, Any]], problems: int, solution: Solutions) -> store.Sweep:
    """As many solutions in each run as its budget."""
    spec = specs.parse({"tasks": ["countdown"], "levels": [1], "problems": problems, "seeds": [0], "arm": arms})
    rows = []
    for run in spec.runs:
        n = 1 if run.arm.strategy == "greedy" else run.n
        each = [{**PLAIN, **solution(run, place), "place": place, "generations": place + 1} for place in range(n)]
        totals = {
            f"total_{name}": sum(row[name] for row in each)
            for name in ("generated", "read", "verified", "policy_flops", "verifier_flops", "seconds")
        }
        shared = {
            "run": run.number, "arm": run.arm.name, "budget": run.n, "task": run.task, "level": run.level,
            "problem": f"countdown/test/1/{run.index}", "seed": run.seed, "total_generations": run.n,
        }  # fmt: skip
        rows += [shared | totals | row for row in each]
    about = {"command": "planted", "date": "2026-01-01", "spec": specs.plain(spec), "models": MODELS, "parts": []}
    store.write(path, store.table(rows), about)
    return store.Sweep(path)
