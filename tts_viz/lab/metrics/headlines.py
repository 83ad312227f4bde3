"""A sweep's headline numbers as plain data, for the README and reports. Knows nothing about figures."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from tts_viz.lab.metrics.arrays import AXES, SweepArrays
from tts_viz.lab.metrics.calibration import quality
from tts_viz.lab.metrics.compute_optimal import DIFFICULTIES, OPTIONS, ArmSetting, optimal, saved
from tts_viz.lab.metrics.curves import Point, baseline, ceiling, compared, curve, greedy, point
from tts_viz.lab.metrics.flops_exchange import exchanges
from tts_viz.lab.metrics.revote import Revote, budgets


def headlines(m: SweepArrays, paper: str = "v1") -> dict[str, Any]:
    """The numbers of all tasks together, with the figures' defaults. Unknown numbers are None."""
    among, base = m.of_task("all"), baseline(m)
    arms = {k.name: curve(m, k.name, Revote(), among) for k in compared(m)}
    if base:
        arms["majority vote, no verifier"] = curve(m, base.name, Revote(vote="majority"), among)
        arms["pass@N"] = ceiling(m, base.name, among)
    for large in (True, False):
        if (kind := greedy(m, large)) and (p := point(m, kind.name, 1, Revote(), among)):
            arms[kind.name] = [p]
    q = quality(m, among)
    return {
        "accuracy": {name: {str(p.budget): _accuracy(p) for p in points} for name, points in arms.items()},
        "saved": {how: _saved(m, how) for how in OPTIONS} if base else {},
        "exchange": [
            {"R": round(e.ratio, 5), "generations": round(e.generations), "measured": e.budget, "their own": e.real}
            for e in exchanges(m, paper)
        ],
        "verifier": {
            "step AUROC": _known(q.auroc),
            "first-error F1": _known(q.first_error_f1),
            "outcome shift": _known(q.outcome_shift),
            "right answer, wrong process": _known(q.wrong_process),
            "ECE": _known(q.calibration.ece) if q.calibration else None,
            "Brier": _known(q.calibration.brier.raw) if q.calibration else None,
            "Brier, noise taken off": _known(q.calibration.brier.corrected) if q.calibration else None,
        },
    }


def table(accuracy: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Accuracies as a Markdown table: a row per arm, a column per budget, in percent of problems answered right."""
    sizes = sorted({int(n) for points in accuracy.values() for n in points})
    lines = ["| generations | " + " | ".join(map(str, sizes)) + " |", "|---" * (len(sizes) + 1) + "|"]
    for name, points in accuracy.items():
        cells = (points.get(str(n), {}).get("right") for n in sizes)
        lines.append(f"| {name} | " + " | ".join("" if c is None else f"{100 * c:.1f}" for c in cells) + " |")
    return "\n".join(lines)


def _accuracy(p: Point) -> dict[str, Any]:
    costs = {axis: float(f"{p.costs[axis]:.4g}") for axis in AXES}
    return {"right": _known(p.accuracy), "interval": [*map(_known, p.interval)], "problems": p.problems, **costs}


def _saved(m: SweepArrays, how: str) -> dict[str, Any]:
    """The accuracy at each binning and budget, and the factor saved with its interval, by axis."""
    among, base = m.of_task("all"), baseline(m)
    assert base is not None
    found: dict[str, Any] = {}
    for bins in DIFFICULTIES:
        setting = ArmSetting(how, bins, Revote(vote="weighted" if how == "search" else "chains"))
        for n in budgets(m, base.name):
            if one := optimal(m, n, setting, among):
                factors = {axis: saved(m, one, setting, among, axis) for axis in AXES}
                found.setdefault(bins, {})[str(n)] = {
                    "right": _known(float(one.accuracy[0])),
                    **{axis: [_known(f.factor), *map(_known, f.interval)] for axis, f in factors.items()},
                }
    return found


def _known(value: float) -> float | None:
    return round(float(value), 4) if isfinite(value) else None
