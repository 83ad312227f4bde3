"""Compute-optimal choice: it cannot see the fold that it is scored on, nor the samples that are scored; and planted savings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.lab import planted
from tts_viz.lab.metrics.arrays import sweep_arrays
from tts_viz.lab.metrics.compute_optimal import DIFFICULTIES, ArmSetting, cross_validated, optimal, saved
from tts_viz.lab.metrics.curves import needed
from tts_viz.lab.metrics.difficulty import BINS, binned, difficulty, folds, halves
from tts_viz.lab.metrics.revote import accuracy
from tts_viz.lab.sweeps.spec import PlannedRun

BEST = {"name": "best of N", "strategy": "best_of_n", "budgets": [1, 2, 4, 8, 16, 32]}
BEAM = {"name": "beam", "strategy": "beam", "knobs": {"m": 2}, "budgets": [4]}
LOOK = {"name": "lookahead", "strategy": "lookahead", "knobs": {"m": 2, "k": 1}, "budgets": [4]}


def test_a_planted_leak_is_found() -> None:
    """Two options know which fold a problem is in: each is right on all of one fold, and on nothing of the other. Whoever is
    scored where he chose takes them, and seems always right; across folds the choice is always wrong."""
    bins = np.repeat(np.arange(BINS), 8)
    splits = folds(bins, 1)
    fair = np.tile([1.0, 0.0], 20)
    accuracy = np.stack([fair, splits[0] == 0, splits[0] == 1], axis=1).astype(float)
    drawn = np.ones((1, len(bins)))
    assert cross_validated(accuracy, {}, bins, splits, drawn, own=True).accuracy.tolist() == [1.0]
    assert cross_validated(accuracy, {}, bins, splits, drawn).accuracy.tolist() == [0.0]


def test_luck_is_not_taken_for_skill() -> None:
    """Of a hundred coins the luckiest is chosen: in its own fold it seems good, in the other one it is a coin."""
    rng = np.random.default_rng(0)
    bins = np.repeat(np.arange(BINS), 100)
    coins = rng.integers(0, 2, size=(500, 100)).astype(float)
    drawn, splits = np.ones((1, 500)), folds(bins, 10)
    assert cross_validated(coins, {}, bins, splits, drawn, own=True).accuracy[0] > 0.62
    assert cross_validated(coins, {}, bins, splits, drawn).accuracy[0] == pytest.approx(0.5, abs=0.03)


def test_choices_by_a_slow_plain_way() -> None:
    rng = np.random.default_rng(1)
    accuracy, cost = rng.uniform(size=(30, 3)), rng.uniform(size=(30, 3))
    bins = rng.integers(-1, BINS, size=30)
    splits, drawn = folds(bins, 2), rng.integers(0, 4, size=(5, 30)).astype(float)
    found = cross_validated(accuracy, {"tokens": cost}, bins, splits, drawn)
    for sample in range(5):
        right = paid = weight = 0.0
        for split in splits:
            for b in range(BINS):
                for fold in range(2):
                    here = [i for i in range(30) if bins[i] == b and split[i] == fold]
                    there = [i for i in range(30) if bins[i] == b and split[i] != fold]
                    # In a sample without any of the fold, the fold itself tells.
                    weights = drawn[sample] if any(drawn[sample, i] for i in there) else np.ones(30)
                    best = max(range(3), key=lambda o: sum(weights[i] * accuracy[i, o] for i in there))
                    right += sum(drawn[sample, i] * accuracy[i, best] for i in here)
                    paid += sum(drawn[sample, i] * cost[i, best] for i in here)
                    weight += sum(drawn[sample, i] for i in here)
        assert found.accuracy[sample] == pytest.approx(right / weight)
        assert found.costs["tokens"][sample] == pytest.approx(paid / weight)


def test_bins_and_folds_are_equally_large(tmp_path: Path) -> None:
    m = sweep_arrays(planted.sweep(tmp_path / "p", [BEST], 40, lambda run, place: {"right": place < run.index}))
    easy = difficulty(m, "oracle")
    bins = binned(m, easy, np.ones(40, dtype=bool))
    assert np.bincount(bins).tolist() == [8] * BINS
    assert all(easy[bins == b].min() >= easy[bins == b + 1].max() for b in range(BINS - 1))
    for split in folds(bins, 3):
        assert [split[bins == b].sum() for b in range(BINS)] == [4] * BINS
    assert (binned(m, easy, m.of_task("arithmetic")) == -1).all()
    with pytest.raises(ValueError, match="unknown difficulty 'mood'; use one of oracle, predicted"):
        difficulty(m, "mood")


def test_the_samples_that_bin_are_not_those_that_are_scored(tmp_path: Path) -> None:
    """Whatever the scored samples say, the bins stay; whatever the others say, the scores stay."""

    def made(name: str, first: bool, second: bool):
        def solution(run: PlannedRun, place: int) -> dict:
            own = run.index % 3 == 0
            right = own ^ first if place < 16 else own ^ second
            return {"right": right, "rewards": [0.9 if right else 0.1]}

        return sweep_arrays(planted.sweep(tmp_path / name, [BEST], 10, solution))

    plain, other_scored, other_binning = made("a", False, False), made("b", True, False), made("c", False, True)
    scored, binning = halves(plain)
    assert (scored.first, scored.last, binning.first) == (0, 16, 16)
    for kind in ("oracle", "predicted"):
        for few in (None, 4):
            assert difficulty(plain, kind, few=few).tolist() == difficulty(other_scored, kind, few=few).tolist()
            assert difficulty(plain, kind, few=few).tolist() != difficulty(other_binning, kind, few=few).tolist()


def planted_strengths(run: PlannedRun, place: int) -> dict:
    """Beam is right on the first half of the problems, lookahead on the second. The i-th problem's samples are right once in
    eight, and the verifier knows it (so best of N has them all with eight); easy problems come first by the other samples."""
    early = run.index < 20
    if run.arm.strategy != "best_of_n":
        return {"right": early if run.arm.strategy == "beam" else not early}
    right = place % 8 == 0 if place < 16 else place - 16 < 16 * (40 - run.index) / 40
    return {"right": right, "answer": "ab"[right], "rewards": [0.9 if right else 0.1]}


def test_a_planted_saving_is_measured(tmp_path: Path) -> None:
    m = sweep_arrays(planted.sweep(tmp_path / "p", [BEST, BEAM, LOOK], 40, planted_strengths))
    among = m.of_task("all")
    found = {bins: optimal(m, 4, ArmSetting("search", bins), among) for bins in DIFFICULTIES}
    oracle = found["oracle bins"]
    assert oracle and oracle.options == ["best of N", "beam", "lookahead"]
    # The middle bin is half and half: whichever of the two is taken there, that half is right.
    assert oracle.accuracy[0] == pytest.approx(0.9, abs=0.05)
    assert oracle.picked[0].tolist() == [0, 1, 0]
    assert oracle.picked[4].tolist() == [0, 0, 1]
    assert oracle.costs["generations"][0] == 4.0
    paid = found["predicted bins, cost counted"]
    assert paid and paid.costs["generations"][0] == 8.0
    assert paid.costs["tokens"][0] == pytest.approx(oracle.costs["tokens"][0] + 80)
    sizes = [1, 2, 4, 8, 16, 32]
    curve = np.array([[np.mean(accuracy(m, "best of N", n)) for n in sizes]])
    for bins, one in found.items():
        assert one
        factor = saved(m, one, ArmSetting("search", bins), among)
        equal = needed([float(n) for n in sizes], curve, one.accuracy[:1])[0]
        assert factor.factor == pytest.approx(equal / (8 if "counted" in bins else 4))
        assert factor.interval[0] <= factor.factor <= factor.interval[1] <= factor.most
    assert saved(m, oracle, ArmSetting("search", "oracle bins"), among).factor > 1.5


def test_a_saving_beyond_what_was_tried_is_at_least_that(tmp_path: Path) -> None:
    """Beam is always right, best of N never."""
    m = sweep_arrays(
        planted.sweep(tmp_path / "p", [BEST, BEAM], 20, lambda run, place: {"right": run.arm.strategy == "beam"})
    )
    one = optimal(m, 4, ArmSetting(), m.of_task("all"))
    assert one and one.interval == (1.0, 1.0)
    assert str(saved(m, one, ArmSetting(), m.of_task("all"))) == "at least 8× (95 %: 8 to 8 or more)"


def test_nothing_to_choose_is_no_choice(tmp_path: Path) -> None:
    m = sweep_arrays(planted.sweep(tmp_path / "p", [BEST, BEAM], 40, planted_strengths))
    assert optimal(m, 8, ArmSetting(), m.of_task("all")) is None
    assert optimal(m, 4, ArmSetting("revisions"), m.of_task("all")) is None
    assert optimal(m, 4, ArmSetting(), m.of_task("arithmetic")) is None
