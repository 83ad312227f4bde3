"""The verifier's metrics: by hand, and against scikit-learn and exhaustive search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score

from tts_viz.lab.metrics import verifier_scores
from tts_viz.lab.metrics.verifier_scores import NONE

score = st.integers(0, 20).map(lambda n: n / 20)


def test_first_errors_by_hand() -> None:
    scores = [[0.9, 0.2, 0.1], [0.9, 0.8], [0.4, 0.9], [0.9, 0.9, 0.3]]
    errors = [1, NONE, 1, 2]
    found = verifier_scores.first_error_f1(scores, errors, 0.5)
    # The third is blamed too early; the other two errors are found, and the one right solution is spared.
    assert (found.erroneous, found.correct) == (2 / 3, 1.0)
    assert found.f1 == pytest.approx(0.8)
    # Over 0.8 the right one is blamed as well, and nothing is left of the harmonic mean.
    assert verifier_scores.first_error_f1(scores, errors, 0.85).f1 == 0.0
    assert verifier_scores.predicted_error([0.5, 0.4], 0.5) == 1
    assert verifier_scores.first_error([True, False, False]) == 1
    assert verifier_scores.first_error([True]) == NONE


@given(
    st.lists(
        st.lists(score, min_size=1, max_size=4).flatmap(
            lambda s: st.tuples(st.just(s), st.sampled_from([NONE, *range(len(s))]))
        ),
        min_size=2,
        max_size=12,
    ).filter(lambda found: len({error == NONE for _, error in found}) == 2)
)
def test_no_threshold_is_better_than_the_one_picked(solutions: list[tuple[list[float], int]]) -> None:
    scores, errors = [s for s, _ in solutions], [e for _, e in solutions]
    picked = verifier_scores.pick_threshold(scores, errors)
    best = max(verifier_scores.first_error_f1(scores, errors, (i + 0.5) / 40).f1 for i in range(41))
    assert verifier_scores.first_error_f1(scores, errors, picked).f1 == pytest.approx(best)


def test_a_threshold_needs_both_kinds_of_solutions() -> None:
    with pytest.raises(ValueError, match="with and without errors"):
        verifier_scores.pick_threshold([[0.1], [0.9]], [NONE, NONE])


@given(st.lists(st.tuples(score, st.booleans()), min_size=2, max_size=40))
def test_auroc_is_scikit_learns(steps: list[tuple[float, bool]]) -> None:
    scores, good = zip(*steps)
    if len(set(good)) == 1:
        assert math.isnan(verifier_scores.auroc(scores, good))
    else:
        assert verifier_scores.auroc(scores, good) == pytest.approx(roc_auc_score(good, scores))


def test_brier_without_the_rollouts_noise() -> None:
    """A verifier that knows the true values exactly has a raw Brier score of noise only."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(size=20_000)
    values = rng.binomial(16, truth) / 16
    found = verifier_scores.brier(truth, values, 16)
    assert found.raw == pytest.approx(np.mean(truth * (1 - truth) / 16), rel=0.05)
    assert found.corrected == pytest.approx(0, abs=3e-4)
    by_hand = verifier_scores.brier([1.0, 0.5], [0.5, 1.0], 5)
    assert (by_hand.raw, by_hand.noise) == (0.25, 0.25 / 4 / 2)
    assert verifier_scores.brier([0.2, 0.7, 0.7], [0, 1, 0], 16).raw == pytest.approx(
        brier_score_loss([0, 1, 0], [0.2, 0.7, 0.7])
    )
    with pytest.raises(ValueError, match="take 2 or more"):
        verifier_scores.brier([0.5], [0.5], 1)


def test_reliability_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    scores = rng.uniform(size=500)
    right = rng.uniform(size=500) < scores**2
    bins = verifier_scores.reliability(scores, right, 7)
    value, mean = calibration_curve(right, scores, n_bins=7)
    assert [b.value for b in bins] == pytest.approx(value)
    assert [b.score for b in bins] == pytest.approx(mean)
    assert sum(b.n for b in bins) == 500
    assert verifier_scores.reliability([1.0], [1.0])[0].low == 0.9


def test_ece_by_hand() -> None:
    bins = verifier_scores.reliability([0.1, 0.1, 0.1, 0.9], [0, 0, 1, 0.5], 2)
    assert verifier_scores.ece(bins) == pytest.approx(0.75 * (1 / 3 - 0.1) + 0.25 * 0.4)
    assert math.isnan(verifier_scores.ece([]))


def test_whole_solutions_by_hand() -> None:
    assert verifier_scores.outcome_shift([[0.9, 0.1], [0.2, 0.3], [0.4, 0.4], [0.1]]) == 1 / 3
    assert verifier_scores.right_answer_wrong_process([True, True, False], [NONE, 0, 1]) == 0.5
    assert math.isnan(verifier_scores.right_answer_wrong_process([False], [0]))
