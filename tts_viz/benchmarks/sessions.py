"""`bench sessions`: several searches at once, compared with one after another, in one run."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from functools import partial

import torch

from tts_viz.benchmarks import report
from tts_viz.benchmarks.engine import alternately
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.search.scheduler import LiveRun, drive
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.tasks import get_task

SEARCHES = {"beam": {"n": 8, "m": 4}, "best_of_n": {"n": 8}, "mcts": {"n": 8}, "greedy": {}}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sessions", type=int, default=8, help="how many (%(default)s)")
    parser.add_argument("--policy", default="policy-small")
    parser.add_argument("--verifier", default="verifier")
    parser.add_argument("--repeats", type=int, default=3, help="the median is taken (%(default)s)")


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    policy, verifier = load_policy(args.policy), load_verifier(args.verifier)
    task = get_task("countdown")

    def new_runs(chosen: Sequence[str]) -> list[LiveRun]:
        problems = [task.problem("validation", 4, i) for i in range(args.sessions)]
        runs = []
        for i, problem in enumerate(problems):
            strategy = chosen[i % len(chosen)]
            first = started(problem, Settings(strategy, SEARCHES[strategy], Budget()), policy, verifier)
            runs.append(LiveRun(Session(first), policy, verifier))
        return runs

    def together(chosen: Sequence[str]) -> None:
        asyncio.run(drive(new_runs(chosen)))

    def in_turn(chosen: Sequence[str]) -> None:
        for search in new_runs(chosen):
            asyncio.run(drive([search]))

    rows = []
    for chosen in ([*SEARCHES], *([strategy] for strategy in SEARCHES)):
        took = alternately({"together": partial(together, chosen), "in turn": partial(in_turn, chosen)}, args.repeats)
        rows.append(
            {
                "searches": chosen[0] if len(chosen) == 1 else "mixed", "sessions": args.sessions,
                "in turn, s": took["in turn"], "together, s": took["together"],
                "in turn / together": took["in turn"] / took["together"],
            }
        )  # fmt: skip
    report.write("sessions", rows)
    print(report.table(rows))
    return 0
