"""`bench idle`: CPU use of resting searches, and of a page without searches, as a share of one core.

Each search is a best-of-256 that has spent its budget and holds back more than two hundred requests. No model runs during
the measurement.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import asdict

from tts_viz.benchmarks import report
from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import Settings, Started
from tts_viz.engines.base import Candidate, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.search.live_run import LiveRun
from tts_viz.search.scheduler import Scheduler
from tts_viz.search.session import Session
from tts_viz.tasks import get_task

AIM = 1.0
"""Target in percent of a core, for any number of resting searches."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runs", type=int, nargs="+", default=[0, 16, 64], help="number of resting searches (%(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="duration of the measurement (%(default)s)")


def run(args: argparse.Namespace) -> int:
    rows = [{"runs at rest": runs, "CPU, % of a core": share(runs, args.seconds), "aim": AIM} for runs in args.runs]
    report.write("idle", rows, seconds=args.seconds)
    print(report.table(rows))
    return 0


def share(runs: int, seconds: float) -> float:
    """CPU use of the whole process in percent of a core while this many runs rest."""
    scheduler, engine = Scheduler(), Quick()
    try:
        resting = [resting_run(engine) for _ in range(runs)]
        for each in resting:
            scheduler.add(each)
        while any(each.state == "running" for each in resting):
            time.sleep(0.1)
        before, began = time.process_time(), time.monotonic()
        time.sleep(seconds)
        return 100 * (time.process_time() - before) / (time.monotonic() - began)
    finally:
        scheduler.close()


def resting_run(engine: Quick) -> LiveRun:
    problem = get_task("countdown").problem("validation", 3, 0)
    settings = Settings("best_of_n", {"n": 256}, Budget(generations=8))
    return LiveRun(Session(Started(problem.prompt, settings, problem=asdict(problem))), engine, engine)


class Quick:
    """A policy and verifier that answer at once."""

    name, parameters, step_tokens = "quick", 1, 96

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return [Sampled(Candidate(f"step {r.seed}", (), (), "step"), Cost(policy_calls=1)) for r in requests]

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return [Rewards(tuple(random.Random(s).random() for s in r.steps[-r.wanted :])) for r in requests]
