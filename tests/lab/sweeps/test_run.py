"""Sweeps: whole, interrupted or in shards, they come to the same table; and what is wrong is said with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tts_viz.engines.load.cache import ModelCache
from tts_viz.errors import SweepFileError, SweepSpecError
from tts_viz.lab.sweeps import spec, store
from tts_viz.lab.sweeps.run import Sweeping, first_event, merge
from tts_viz.lab.sweeps.store import Sweep

SMALL: dict[str, Any] = {
    "tasks": ["countdown"],
    "levels": [1, 2],
    "problems": 1,
    "seeds": [0, 1],
    "at_once": 2,
    "arm": [
        {"name": "best of N", "strategy": "best_of_n", "budgets": [2]},
        {"name": "beam", "strategy": "beam", "knobs": {"m": 2}, "budgets": [2]},
    ],
}


class CutError(Exception):
    pass


def whole(out: Path, shard: tuple[int, int] = (1, 1), **changed: Any) -> Path:
    sweeping = Sweeping(spec.parse({**SMALL, **changed}), out, "sweep", shard)
    sweeping.run(1, lambda generations: None)
    sweeping.finish()
    return out


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole(tmp_path_factory.mktemp("whole") / "a.parquet")


def untimed(file: Path) -> pd.DataFrame:
    table = store.read(file)[0].to_pandas()
    assert (table["total_seconds"] > 0).all()
    return table.drop(columns=["seconds", "total_seconds"]).astype(dict.fromkeys(["arm", "task", "problem"], str))


def test_a_resumed_sweep_equals_an_uninterrupted_one(tmp_path: Path, uninterrupted: Path) -> None:
    out = tmp_path / "b.parquet"
    done = []

    def interrupt(generations: int) -> None:
        done.append(generations)
        if len(done) == 3:
            raise CutError

    first = Sweeping(spec.parse(SMALL), out, "sweep")
    with pytest.raises(CutError):
        first.run(1, interrupt)
    kept = {file: file.stat().st_mtime_ns for file in first.folder.glob("*.parquet")}
    assert len(kept) == 3
    second = Sweeping(spec.parse(SMALL), out, "sweep")
    assert len(second.missing) == len(second.parts) - 3
    second.run(1, lambda generations: None)
    assert all(file.stat().st_mtime_ns == when for file, when in kept.items())
    second.finish()
    pd.testing.assert_frame_equal(untimed(out), untimed(uninterrupted))
    assert not second.folder.exists()


def test_shards_merge_to_the_same_table(tmp_path: Path, uninterrupted: Path) -> None:
    shards = [whole(tmp_path / f"{i}.parquet", (i, 2)) for i in (1, 2)]
    out = tmp_path / "merged.parquet"
    merge(shards[::-1], out)
    pd.testing.assert_frame_equal(untimed(out), untimed(uninterrupted))
    assert Sweep(out).about["parts"] == Sweep(uninterrupted).about["parts"]
    with pytest.raises(SweepFileError, match="give all shards"):
        merge(shards[:1], out)
    with pytest.raises(SweepFileError, match="merge each shard once"):
        merge([*shards, shards[0]], out)
    other = whole(tmp_path / "other.parquet", (2, 2), seeds=[3, 4])
    with pytest.raises(SweepFileError, match="they differ in their spec"):
        merge([shards[0], other], out)


def test_parts_of_another_sweep_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    Sweeping(spec.parse(SMALL), out, "sweep")
    with pytest.raises(SweepFileError, match="another sweep: delete it, or choose another file"):
        Sweeping(spec.parse({**SMALL, "problems": 2}), out, "sweep")


def test_a_file_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    file.write_bytes(b"nothing")
    with pytest.raises(SweepFileError, match="is not a sweep; make one with"):
        Sweep(file)


BEAM = {"name": "beam", "strategy": "beam", "knobs": {"m": 4}, "budgets": [4]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"arm": [{**BEAM, "strategy": "beams"}]},
            r"arm 1 \(beam\): there is no strategy 'beams'; choose one of .*beam",
        ),
        ({"arm": [{**BEAM, "budgets": [6]}]}, r"arm 1 \(beam\): .*n=6 must be a multiple of m=4; try 4 or 8"),
        ({"arm": [{**BEAM, "knobs": {"m": "sqrt"}, "budgets": [5]}]}, "square root of 5 .*leave this budget out"),
        ({"arm": [{**BEAM, "knobs": {"m": 4, "width": 2}}]}, "width"),
        ({"arm": [{**BEAM, "budgets": [4, 4]}]}, "budgets: each only once"),
        ({"arm": [BEAM, BEAM]}, "two arms named 'beam' must differ in their budgets"),
        ({"arm": []}, "arm: "),
        ({"tasks": ["chess"]}, "there is no task 'chess'; choose one of countdown"),
        ({"levels": [9]}, "countdown has no level 9; use some of 1"),
        ({"aggregation": "median"}, "no step aggregation 'median'; choose one of last"),
        ({"problmes": 3}, "problmes: "),
    ],
)
def test_what_is_wrong_with_a_spec_is_said_with_what_to_do(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(SweepSpecError, match=said):
        spec.parse({**SMALL, **changed})


@pytest.mark.parametrize(
    ("columns", "total"),
    [
        (["generated"], "total_generated"),
        (["read", "prompt_read"], "total_read"),
        (["verified", "prompt_verified"], "total_verified"),
    ],
)
def test_the_tokens_of_samples_and_of_the_problem_add_up(tiny: Sweep, columns: list[str], total: str) -> None:
    arm = tiny.solutions[tiny.solutions["arm"] == "best of N"]
    by_run = arm.groupby("run", observed=True)
    own = by_run[columns[0]].sum() + (by_run[columns[1]].first() if columns[1:] else 0)
    assert own.tolist() == by_run[total].first().tolist()


@pytest.mark.parametrize("model", ["policy", "verifier"])
def test_flops_and_seconds_add_up(tiny: Sweep, model: str) -> None:
    arm = tiny.solutions[tiny.solutions["arm"] == "best of N"]
    by_run = arm.groupby("run", observed=True)
    name, read = {"policy": ("policy-small", "prompt_read"), "verifier": ("verifier", "prompt_verified")}[model]
    own = by_run[f"{model}_flops"].sum() + 2.0 * tiny.parameters(name) * by_run[read].first()
    np.testing.assert_allclose(own, by_run[f"total_{model}_flops"].first())
    np.testing.assert_allclose(by_run["seconds"].sum(), by_run["total_seconds"].first(), rtol=1e-4)


def test_a_run_can_be_started_again(tiny: Sweep) -> None:
    row = tiny.solutions[tiny.solutions["arm"] == "beam"].iloc[0]
    run, models = tiny.spec.runs[int(row["run"])], ModelCache()
    policy, verifier = tiny.spec.models(run.arm)
    start = first_event(tiny.spec, run, models.policy(policy), models.verifier(verifier))
    assert start.problem["id"] == row["problem"]
    assert (start.settings.strategy, start.settings.seed) == ("beam", row["seed"])
