"""A sweep's verifier: metrics of its steps against scikit-learn's, noise put on it afterwards, and a planted fall."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.lab import planted
from tts_viz.lab.metrics.arrays import sweep_arrays
from tts_viz.lab.metrics.calibration import checked, first_errors, groups, quality, sampled, with_values
from tts_viz.lab.metrics.overoptimisation import divergence, fall, noisy, selected
from tts_viz.lab.metrics.revisions import by_attempt, revision_rates
from tts_viz.lab.metrics.revote import Revote
from tts_viz.lab.sweeps.spec import PlannedRun
from tts_viz.lab.sweeps.store import Sweep

BEST = {"name": "best of N", "strategy": "best_of_n", "budgets": [1, 2, 4, 8]}


@pytest.mark.parametrize("truth", ["valid", "reachable"])
def test_the_steps_are_those_of_the_table(tiny: Sweep, truth: str) -> None:
    m = sweep_arrays(tiny)
    table = tiny.solutions[tiny.solutions["arm"] == "best of N"]
    good = np.concatenate([*table[truth]]).astype(bool)
    score = np.concatenate([*table["rewards"]]).astype(float)
    assert quality(m, m.of_task("all"), truth).auroc == pytest.approx(roc_auc_score(good, score))
    first = [(r[0], t[0]) for r, t in zip(table["rewards"], table[truth])]
    by_depth = groups(m, m.of_task("all"), "depth")["step 1"](truth)
    assert by_depth.auroc == pytest.approx(roc_auc_score([t for _, t in first], [r for r, _ in first]))
    with pytest.raises(ValueError, match="cannot group by 'mood'; use one of all, level, depth"):
        groups(m, m.of_task("all"), "mood")


def test_values_are_compared_with_the_scores_of_the_same_steps(tiny: Sweep) -> None:
    m = sweep_arrays(tiny)
    steps, rollouts = with_values(m, m.of_task("countdown"))
    table = tiny.solutions[(tiny.solutions["arm"] == "values") & (tiny.solutions["task"] == "countdown")]
    assert rollouts == 4
    assert steps.value == pytest.approx(np.concatenate([*table["values"]]))
    assert steps.score == pytest.approx(np.concatenate([*table["rewards"]]))
    found = quality(m, m.of_task("countdown")).calibration
    assert found and found.brier.raw == pytest.approx(np.mean((steps.score - steps.value) ** 2))
    assert sum(b.n for b in found.bins) == found.steps == len(steps.score)


def test_a_threshold_is_judged_on_other_problems(tmp_path: Path) -> None:
    """In each half of the problems the verifier is perfect, but at another threshold, so that of the other half never serves:
    one half's steps all seem bad, the other half's all good."""

    def low(name: str) -> bool:
        return crc32(name.encode()) % 2 == 0

    def solution(run: PlannedRun, place: int) -> dict:
        good = place % 2 == 0
        score = (0.4 if good else 0.2) if low(f"countdown/test/1/{run.index}") else (0.8 if good else 0.6)
        return {"valid": [good], "reachable": [good], "right": good, "rewards": [score]}

    m = sweep_arrays(planted.sweep(tmp_path / "p", [BEST], 12, solution))
    rows = sampled(m, m.of_task("all"))
    found = first_errors(m, rows)
    lows = np.mean([low(str(name)) for name in m.problems])
    assert 0 < lows < 1
    assert found and (found.erroneous, found.correct) == pytest.approx((lows, 1 - lows))
    assert found.solutions == len(checked(m, rows).score) == 96
    one_kind = sweep_arrays(planted.sweep(tmp_path / "q", [BEST], 12, lambda run, place: {}))
    assert first_errors(one_kind, sampled(one_kind, one_kind.of_task("all"))) is None


def test_noise_turns_its_share_of_steps_and_equal_steps_alike(tmp_path: Path) -> None:
    def solution(run: PlannedRun, place: int) -> dict:
        twin = place // 2
        return {"rewards": [0.25, 0.5 + 0.01 * twin], "steps": 2, "answer": str(twin)}

    m = sweep_arrays(planted.sweep(tmp_path / "p", [{**BEST, "budgets": [64]}], 60, solution))
    plain = m.score("last")
    turned = noisy(m, 0.2, "last")
    assert np.mean(turned != plain) == pytest.approx(0.2, abs=0.03)
    assert turned[turned != plain] == pytest.approx(1 - plain[turned != plain])
    assert (turned[::2] == turned[1::2]).all()
    assert (noisy(m, 0.1, "last") != plain).sum() < (turned != plain).sum()
    # Equal first steps of one problem are turned alike, too.
    first = noisy(m, 0.2, "min").reshape(60, 64)
    assert all(len({v for v in row if v in (0.25, 0.75)}) <= 2 for row in first)


def test_a_planted_fall_is_found(tmp_path: Path) -> None:
    """The verifier likes the last of eight samples best, and it is wrong; before, it likes what is right."""

    def solution(run: PlannedRun, place: int) -> dict:
        liked = {0: 0.2, 1: 0.8, 7: 0.95}.get(place, 0.1)
        return {"right": place in (1, 5), "rewards": [liked], "answer": str(place), "steps": 1 + place}

    m = sweep_arrays(planted.sweep(tmp_path / "p", [BEST], 5, solution))
    points = selected(m, "best of N", Revote(vote="best"), m.of_task("all"))
    assert [float(p.right.mean()) for p in points] == [0.25, 0.25, 0.5, 0.0]
    assert [float(p.score.mean()) for p in points] == pytest.approx([(0.2 + 0.8 + 0.95 + 0.5) / 8, 0.4875, 0.875, 0.95])
    assert float(points[-1].steps.mean()) == 8.0
    found = fall(points)
    assert (found.peak, found.top, found.end, found.interval) == (4, 0.5, 0.0, (0.5, 0.5))
    assert divergence(1) == 0.0
    assert divergence(4) == pytest.approx(np.log(4) - 0.75)


def test_revisions_by_attempt(tiny: Sweep) -> None:
    m = sweep_arrays(tiny)
    table = tiny.solutions[tiny.solutions["arm"] == "revisions"]
    shares = by_attempt(m, "revisions", m.of_task("all"))
    assert len(shares) == 4
    for i, share in enumerate(shares):
        means = table[table["attempt"] == i].groupby("problem", observed=True)["right"].mean()
        assert dict(zip(m.problems, share)) == pytest.approx(means.to_dict())
    lost = won = before_right = before_wrong = 0
    for _, chain in table.groupby(["run", "chain"]):
        right = chain.sort_values("attempt")["right"].tolist()
        for a, b in pairwise(right):
            before_right, before_wrong = before_right + a, before_wrong + (not a)
            lost, won = lost + (a and not b), won + (b and not a)
    found = revision_rates(m, "revisions", m.of_task("all"))
    assert (found.lost, found.won) == pytest.approx((lost / before_right, won / before_wrong))
    assert found.revised == before_right + before_wrong
