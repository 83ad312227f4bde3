"""A file in ProcessBench's format, made of the embedded tasks' problems; every label is by hand or by the exact checker."""

from __future__ import annotations

import json
import random
from typing import Any

from tts_viz.tasks.arithmetic import Arithmetic, solve
from tts_viz.tasks.base import StepTruth

ARITHMETIC = Arithmetic()


def row(id: str, problem: str, steps: list[str], label: int, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "generator": "by-hand", "problem": problem, "steps": steps, "final_answer_correct": label < 0,
        "label": label, **more,
    }  # fmt: skip


def sums(problems: int) -> list[dict[str, Any]]:
    """A right solution and a wrong one of each problem, whose steps a slip makes false from one place on."""
    rows = []
    for i in range(problems):
        problem = ARITHMETIC.problem("test", 1 + i % 3, i)
        steps = solve(random.Random(i), problem.prompt.removeprefix("Evaluate ").strip())
        rows.append(row(f"sums-{2 * i}", problem.question, steps, -1))
        at = i % len(steps)
        wrong = [*steps[:at], _slipped(steps[at]), *steps[at + 1 :]]
        rows.append(row(f"slips-{2 * i + 1}", problem.question, wrong, _first(ARITHMETIC.check(problem, wrong))))
    return rows


def _slipped(step: str) -> str:
    """With a result that is one too high."""
    operation, _, rest = step.partition("=")
    result, arrow, left = rest.partition(" -> ")
    return f"{operation}={int(result) + 1}{arrow}{left}"


def _first(truths: list[StepTruth]) -> int:
    return next((i for i, truth in enumerate(truths) if not truth.valid), -1)


def as_list(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows).encode()


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
