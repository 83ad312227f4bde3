"""Parameters against test-time compute at equal FLOPs (Snell et al. 2024, section 7).

Pre-training costs 6·N·D_pre and inference 2·N·D_inf FLOPs. A model with M times the parameters, trained on as many tokens,
costs M times both; at equal cost a small model may generate M + 3 (D_pre / D_inf)(M − 1) times as much. The camera-ready
version (ICLR 2025) counts inference twice, for the verifier: 1.5 replaces 3, and its ratios R = D_inf / D_pre are half as
large. Knows nothing about figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts_viz.lab.metrics.arrays import SweepArrays
from tts_viz.lab.metrics.compute_optimal import Option, option
from tts_viz.lab.metrics.curves import Mask, baseline, compared, greedy
from tts_viz.lab.metrics.difficulty import halves
from tts_viz.lab.metrics.revote import Revote, budgets

RATIOS: dict[str, tuple[float, float, float]] = {"v1": (0.16, 0.79, 22.0), "iclr": (0.08, 0.40, 11.0)}
"""R = D_inf / D_pre in each version of the paper."""

TRAINING: dict[str, float] = {"v1": 3.0, "iclr": 1.5}
"""Ratio of the FLOPs of training on a token to those of generating one: 6·N to 2·N, or to 4·N."""


def multiplier(larger: float, ratio: float, paper: str = "v1") -> float:
    """How many times as much inference the small model may use. `larger`: M; `ratio`: R.

    Raises ValueError for numbers that are not positive.
    """
    if not (larger > 0 and ratio > 0):
        raise ValueError(f"M = {larger:g} and R = {ratio:g} must be positive")
    return larger + TRAINING[paper] / ratio * (larger - 1)


def real_multiplier(larger: float, trained: tuple[float, float], inference: float, paper: str = "v1") -> float:
    """The same if the (small, large) models were `trained` on different numbers of tokens. `inference`: D_inf.

    Equal FLOPs: 6·N·D_small + 2·N·k·D_inf = 6·M·N·D_large + 2·M·N·D_inf, solved for k.
    """
    small, large = trained
    return larger + TRAINING[paper] * (larger * large - small) / inference


@dataclass(frozen=True, slots=True)
class Exchange:
    """At ratio `ratio`, one answer of the large model costs as much as `generations` of the small one. `budget`: the largest
    budget within that which the sweep can score. `real`: computed from the models' own training."""

    ratio: float
    generations: float
    budget: int
    real: bool = False


def exchanges(m: SweepArrays, paper: str = "v1") -> list[Exchange]:
    """For the paper's ratios and, if both models' training is known, for their own.

    Their own D_inf is the tokens that the large model generates to answer each problem of the sweep once. Empty without a
    larger model.
    """
    large, base = greedy(m, large=True), baseline(m)
    if large is None or base is None:
        return []
    times = m.parameters(large.policy) / m.parameters(m.spec.policy)
    ratios = [(r, multiplier(times, r, paper), False) for r in RATIOS[paper]]
    trained = [m.about["models"][name].get("training_tokens") for name in (m.spec.policy, large.policy)]
    if all(trained):
        written = float(m.table["generated"].to_numpy(dtype=float)[m.rows(large.name)].sum())
        real = real_multiplier(times, (trained[0], trained[1]), written, paper)
        ratios.append((written / trained[1], real, True))
    most = halves(m)[0].last or max(budgets(m, base.name), default=1)
    return [Exchange(r, k, max(1, min(int(k), most)), real) for r, k, real in ratios]


def within(m: SweepArrays, budget: int, choice: Revote) -> list[Option]:
    """The small model's options within a budget: best of N at the whole budget, and each other arm at its largest budget that
    fits and is more than half of it."""
    base = baseline(m)
    assert base is not None
    found = [option(m, base.name, base.name, budget, choice, halves(m)[0])]
    for kind in compared(m):
        fits = [b for b in budgets(m, kind.name) if budget / 2 < b <= budget]
        if fits and kind != base:
            one = option(m, f"{kind.name}, {max(fits)} generations", kind.name, max(fits), choice)
            found += [one] if not np.isnan(one.accuracy).all() else []
    return found


def covering(options: list[Option], among: Mask) -> list[Option]:
    """The options known for all problems that the first one is known for."""
    all_of = among & ~np.isnan(options[0].accuracy)
    return [o for o in options if not (all_of & np.isnan(o.accuracy)).any()]
