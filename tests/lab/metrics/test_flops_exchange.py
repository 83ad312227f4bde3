"""Parameters against inference: the papers' numbers, and equal FLOPs by plain sums."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import planted
from tts_viz.lab.metrics.arrays import sweep_arrays
from tts_viz.lab.metrics.flops_exchange import covering, exchanges, multiplier, real_multiplier, within
from tts_viz.lab.metrics.revote import Revote

BEST = {"name": "best of N", "strategy": "best_of_n", "budgets": [1, 2, 4, 8, 16, 32]}
BEAM = {"name": "beam", "strategy": "beam", "knobs": {"m": 2}, "budgets": [4]}
LARGE = {"name": "large", "strategy": "greedy", "policy": "policy-large", "budgets": [1]}


def test_the_papers_numbers() -> None:
    """With M = 14: about 258, 63 and 16 generations, in both versions of the paper."""
    assert [int(multiplier(14, r)) for r in (0.16, 0.79, 22)] == [257, 63, 15]
    assert [multiplier(14, r, "iclr") for r in (0.08, 0.40, 11)] == pytest.approx(
        [multiplier(14, r) for r in (0.16, 0.80, 22)]
    )
    with pytest.raises(ValueError, match="must be positive"):
        multiplier(14, 0)


@pytest.mark.parametrize(("paper", "writing"), [("v1", 2), ("iclr", 4)])
def test_equal_flops_add_up(paper: str, writing: int) -> None:
    n, times, small, large, written = 321_360, 13.4, 22e6, 7.9e6, 40_000
    k = real_multiplier(times, (small, large), written, paper)
    assert 6 * n * small + writing * n * k * written == pytest.approx(
        6 * times * n * large + writing * times * n * written
    )
    assert real_multiplier(14, (1000, 1000), 160, paper) == pytest.approx(multiplier(14, 0.16, paper))


def test_what_a_sweep_can_exchange(tmp_path: Path) -> None:
    m = sweep_arrays(planted.sweep(tmp_path / "p", [LARGE, BEST, BEAM], 3, lambda run, place: {}))
    offers = exchanges(m)
    assert [o.budget for o in offers[:3]] == [16, 16, 15]
    # The larger model wrote 10 tokens for each of three problems, after a training on 1000.
    assert (offers[3].real, offers[3].ratio) == (True, 0.03)
    assert offers[3].generations == pytest.approx(multiplier(14, 0.03))
    assert exchanges(sweep_arrays(planted.sweep(tmp_path / "q", [BEST], 3, lambda run, place: {}))) == []


def test_what_can_be_had_within_a_budget(tmp_path: Path) -> None:
    m = sweep_arrays(planted.sweep(tmp_path / "p", [BEST, {**BEAM}], 3, lambda run, place: {}))
    assert [o.name for o in within(m, 6, Revote())] == ["best of N", "beam, 4 generations"]
    assert [o.name for o in within(m, 16, Revote())] == ["best of N"]
    fewer = {**BEAM, "problems": 2}
    m = sweep_arrays(planted.sweep(tmp_path / "q", [BEST, fewer], 3, lambda run, place: {}))
    assert [o.name for o in covering(within(m, 4, Revote()), m.of_task("all"))] == ["best of N"]
