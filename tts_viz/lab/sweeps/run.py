"""Runs a sweep: many searches at once through the scheduler's batching, one process per core, resumable at any moment.

The spec's parts are the unit of work. A part always runs whole and alone, so its results do not depend on the number of
processes, on shards, or on interruptions. Its rows are then written atomically to a file of its own beside the sweep's
file. When all parts are complete, they are combined into the sweep's file.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import json
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from tts_viz.core.events import NodeId, Started
from tts_viz.engines.base import Models, Policy, Verifier
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.load.cache import ModelCache
from tts_viz.errors import EngineError, SweepFileError
from tts_viz.lab.sweeps import step_values, store
from tts_viz.lab.sweeps.spec import PlannedRun, Spec, plain
from tts_viz.search.scheduler import LiveRun, drive
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.strategies import choice_table

Progress = Callable[[int], None]
"""Called after each part with its number of generations."""


# --- one part -----------------------------------------------------------------------------------------------------


def search(models: Models, spec: Spec, runs: Sequence[PlannedRun]) -> pa.Table:
    """Search one part's runs together; returns their rows. Raises EngineError if a model fails."""
    policy_name, verifier_name = spec.models(runs[0].arm)
    policy, verifier = models.policy(policy_name), models.verifier(verifier_name)
    sessions = [Session(first_event(spec, run, policy, verifier)) for run in runs]
    driven = [LiveRun(s, policy, verifier) for s in sessions]
    try:
        asyncio.run(drive(driven))
        if failed := next((d for d in driven if d.state != "finished"), None):
            raise EngineError(failed.error or f"a search came to rest as {failed.state}")
        values = _values(runs, sessions, policy)
    finally:
        for one in driven:
            one.close()
    parameters = policy.parameters, verifier.parameters
    return store.table([row for run, s, v in zip(runs, sessions, values) for row in store.rows(run, s, parameters, v)])


def _values(
    runs: Sequence[PlannedRun], sessions: Sequence[Session], policy: Policy
) -> list[dict[NodeId, float] | None]:
    each = runs[0].arm.rollouts
    if not each:
        return [None] * len(runs)
    trees = [s.tree for s in sessions]
    ends = [store.ends(tree, run.arm.strategy) for run, tree in zip(runs, trees)]
    paths = [[n for end in found if end for n in end.path()] for found in ends]
    return list(asyncio.run(step_values.values(policy, trees, paths, each)))


def first_event(
    spec: Spec, run: PlannedRun, policy: Policy, verifier: Verifier, choices: Path | None = None
) -> Started:
    """The Started event of this run, from which the search can be reproduced. `choices`: the table of choices, if not the
    default one. Raises ValueError."""
    problem, (policy_name, verifier_name) = store.problem_of(run, spec.split), spec.models(run.arm)
    return started(
        problem,
        spec.settings(run),
        policy,
        verifier,
        policy_name=policy_name,
        verifier_name=verifier_name,
        table=choice_table.needed(run.arm.strategy, problem.task, policy_name, verifier_name, choices),
    )


# --- the whole ----------------------------------------------------------------------------------------------------


def about_models(models: Models, spec: Spec) -> dict[str, dict[str, Any]]:
    """Each model's number of parameters and, if known, of training tokens."""
    found: dict[str, dict[str, Any]] = {}
    for arm in spec.arms:
        for name, load in zip(spec.models(arm), (models.policy, models.verifier)):
            if name not in found:
                found[name] = {"parameters": load(name).parameters, "training_tokens": training_tokens(name)}
    return found


def training_tokens(name: str) -> int | None:
    made = EMBEDDED.get(name.rpartition(":")[2], Path(name)) / "training.json"
    return json.loads(made.read_text())["training"]["tokens"] if made.is_file() else None


class Sweeping:
    """A sweep, or one shard of it, in progress. Finished parts are kept in the folder `out`.parts until `finish`."""

    def __init__(self, spec: Spec, out: Path, command: str, shard: tuple[int, int] = (1, 1)) -> None:
        """Raises `SweepFileError` if the folder belongs to another sweep."""
        self.spec, self.out, self.folder = spec, out, out.with_name(out.name + ".parts")
        self.models = ModelCache()
        self.parts = spec.parts
        self.mine = [i for i in range(len(self.parts)) if i % shard[1] == shard[0] - 1]
        self.about = {
            "command": command,
            "date": datetime.date.today().isoformat(),
            "spec": plain(spec),
            "models": about_models(self.models, spec),
            "parts": self.mine,
        }
        self.key = hashlib.sha256(json.dumps([self.about[k] for k in ("spec", "models", "parts")]).encode()).hexdigest()
        self._claim_folder()

    def _claim_folder(self) -> None:
        mark = self.folder / "sweep"
        if mark.exists() and mark.read_text() != self.key:
            raise SweepFileError(
                f"{self.folder} holds parts of another sweep: delete it, or choose another file to write to"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(self.key)

    def file(self, part: int) -> Path:
        return self.folder / f"{part:06}.parquet"

    def generations(self, part: int) -> int:
        return sum(run.n for run in self.parts[part])

    @property
    def missing(self) -> list[int]:
        """The parts still to run, first seed first, so that an interrupted sweep has all arms."""
        seeds = [arm_seeds for arm in self.spec.arms for arm_seeds in (arm.seeds or self.spec.seeds)]
        rank = {seed: i for i, seed in enumerate(dict.fromkeys(seeds))}
        return sorted((i for i in self.mine if not self.file(i).exists()), key=lambda i: rank[self.parts[i][0].seed])

    def run(self, workers: int, done: Progress) -> None:
        """Run the missing parts. Raises EngineError; finished parts are kept."""
        missing = self.missing
        if workers == 1:
            for part in missing:
                do_part(self.models, self.spec, self.parts[part], self.file(part))
                done(self.generations(part))
            return
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, spawn, _begin_worker) as pool:
            jobs = {pool.submit(_worker_part, self.spec, self.parts[part], self.file(part)): part for part in missing}
            try:
                for job in as_completed(jobs):
                    job.result()
                    done(self.generations(jobs[job]))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def finish(self) -> int:
        """Combine the parts into the sweep's file and delete them. Returns the number of rows."""
        whole = pa.concat_tables([store.read(self.file(i))[0] for i in self.mine]).unify_dictionaries()
        store.write(self.out, whole.combine_chunks(), self.about)
        shutil.rmtree(self.folder)
        return whole.num_rows


def do_part(models: Models, spec: Spec, runs: Sequence[PlannedRun], file: Path) -> None:
    store.write(file, search(models, spec, runs), {})


_worker_models = ModelCache()
"""The models of a worker process, loaded once. Empty in other processes."""


def _worker_part(spec: Spec, runs: Sequence[PlannedRun], file: Path) -> None:
    do_part(_worker_models, spec, runs, file)


def _begin_worker() -> None:
    """A worker uses one core, and exits when its parent process ends."""
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def merge(files: Sequence[Path], out: Path) -> int:
    """Merge the shards of a sweep, in any order of files. Returns the number of rows.

    Raises `SweepFileError` unless they are all the shards of one sweep.
    """
    read = [store.read(file) for file in files]
    first = read[0][1]
    have: dict[int, int] = {}
    for at, (file, (_, about)) in enumerate(zip(files, read)):
        for key in ("spec", "models"):
            if about[key] != first[key]:
                raise SweepFileError(f"{file} is of another sweep than {files[0]}: they differ in their {key}")
        for part in about["parts"]:
            if part in have:
                raise SweepFileError(f"{file} and {files[have[part]]} hold the same searches; merge each shard once")
            have[part] = at
    spec = store.parse_spec(first["spec"])
    if missing := len(spec.parts) - len(have):
        raise SweepFileError(f"{missing} of {len(spec.parts)} parts are in none of these files; give all shards")
    whole = pa.concat_tables([table for table, _ in read]).unify_dictionaries().combine_chunks()
    ordered = whole.sort_by([("run", "ascending"), ("place", "ascending")])
    store.write(out, ordered, {**first, "parts": sorted(have)})
    return whole.num_rows
