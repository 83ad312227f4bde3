"""`python -m tts_viz bench models`: accuracy of the embedded models on held-out problems.

Attempts are sampled and scored in batches without the search core, so that hundreds of thousands are affordable; beam
search runs through the core, as on the page.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from sklearn.metrics import roc_auc_score
from transformers import LlamaForTokenClassification

from tts_viz.analysis.judge import Judge
from tts_viz.core import aggregation
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.engines.base import Policy, Verifier
from tts_viz.engines.embedded import POLICIES, TAUGHT, VERIFIER
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.resources import ASSETS
from tts_viz.search.scheduler import LiveRun, drive
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.tasks import checked_task
from tts_viz.tasks.base import Problem, StepTruth
from tts_viz.tasks.revision_prompt import revision_prompt
from tts_viz.training.batch_scoring import read_steps
from tts_viz.training.policy_attempts import sample, whole_solutions

OUT = ASSETS / "benchmarks" / "models.json"


@dataclass(frozen=True, slots=True)
class ProblemAttempts:
    """One attempt: its steps, their ground truth, whether it is right, its answer, and the verifier's scores."""

    steps: list[str]
    truths: list[StepTruth]
    right: bool
    answer: str | None
    scores: list[float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", type=Path, default=ASSETS / "models", metavar="DIR", help="their folder")
    parser.add_argument("--problems", type=int, default=200, metavar="N", help="a level (%(default)s)")
    parser.add_argument("--samples", type=int, default=64, metavar="K", help="attempts a problem (%(default)s)")
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE")
    parser.add_argument("--workers", type=int, default=2, metavar="W", help="processes (%(default)s)")
    parser.add_argument(
        "--beam-problems", type=int, default=None, metavar="N", help="for beam search, a level (as above)"
    )


def run(args: argparse.Namespace) -> int:
    """Returns the exit code. Writes the file after each level, so that no results are lost."""
    places = [(name, level) for name in TAUGHT[POLICIES[0]] for level in checked_task(name).levels]
    levels: dict[tuple[str, int], dict[str, Any]] = {}
    # Longest jobs first, so that no worker is left with one at the end.
    with (
        Progress(console=Console(stderr=True)) as bars,
        ProcessPoolExecutor(args.workers, get_context("spawn"), torch.set_num_threads, (1,)) as workers,
    ):
        bar = bars.add_task("levels", total=len(places))
        jobs = {workers.submit(measure, args, *place): place for place in reversed(places)}
        for job in as_completed(jobs):
            levels[jobs[job]] = job.result()
            write(args, [levels[place] for place in places if place in levels])
            bars.advance(bar)
    print(table([levels[place] for place in places]))
    return 0


def measure(args: argparse.Namespace, task_name: str, level: int) -> dict[str, Any]:
    """All metrics of one level."""
    small, large, prm, engines = models(args.models)
    task = checked_task(task_name)
    problems = [task.problem(args.split, level, i) for i in range(args.problems)]
    tried = attempts(small, prm, problems, args.samples, args.seed)
    found: dict[str, Any] = {"task": task.name, "level": level, **measured(tried)}
    for name, model in (("small", small), ("large", large)):
        greedy = sample(model, [p.prompt for p in problems], args.seed, temperature=0)
        found[f"{name} greedy"] = fmean(bool(task.grade(p, s)) for p, s in zip(problems, greedy))
    found |= revised(small, problems, tried, args.seed)
    found["beam 16,4"] = asyncio.run(beam(problems[: args.beam_problems or len(problems)], engines, args.seed))
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in found.items()}


@cache
def models(folder: Path) -> tuple[Policy, Policy, LlamaForTokenClassification, tuple[Policy, Verifier]]:
    """Both policies for whole solutions, the verifier's model, and the engines (policy, verifier) for a search."""
    small, large = (whole_solutions(folder / name) for name in POLICIES)
    prm = LlamaForTokenClassification.from_pretrained(folder / VERIFIER, dtype=torch.float32).eval()
    return small, large, prm, (load_policy(str(folder / POLICIES[0])), load_verifier(str(folder / VERIFIER)))


def attempts(
    policy: Policy, prm: LlamaForTokenClassification, problems: Sequence[Problem], each: int, seed: int
) -> list[list[ProblemAttempts]]:
    """`each` attempts at every problem, at temperature 1; the verifier scores the first 16."""
    texts = sample(policy, [p.prompt for p in problems for _ in range(each)], seed)
    tried: list[list[ProblemAttempts]] = []
    for i, problem in enumerate(problems):
        task = checked_task(problem.task)
        mine = texts[i * each : (i + 1) * each]
        scores = read_steps(prm, problem.prompt, mine[:16]) + [[]] * (each - 16)
        tried.append(
            [
                ProblemAttempts(
                    steps,
                    task.check(problem, steps),
                    bool(task.grade(problem, steps)),
                    task.extract(problem, steps),
                    step_scores,
                )
                for steps, step_scores in zip(mine, scores)
            ]
        )
    return tried


def measured(tried: Sequence[Sequence[ProblemAttempts]]) -> dict[str, float]:
    """The metrics of the attempts of one level."""
    first = [[t for t in mine if t.scores] for mine in tried]
    found = {
        "pass@1": fmean(t.right for mine in tried for t in mine),
        "pass@16": fmean(any(t.right for t in mine[:16]) for mine in tried),
        "pass@64": fmean(any(t.right for t in mine[:64]) for mine in tried),
        "majority@16": fmean(_chosen(mine, "majority", "last") for mine in first),
        "valid steps": fmean(s.valid for mine in tried for t in mine for s in t.truths),
    }
    for vote in ("weighted", "best"):
        for steps in ("last", "min", "product"):
            found[f"best-of-16 {vote} {steps}"] = fmean(_chosen(mine, vote, steps) for mine in first)
    valid: list[tuple[bool, float]] = []
    good: list[tuple[bool, float]] = []
    for t in (t for mine in first for t in mine):
        for truth, score in zip(t.truths, t.scores):
            valid.append((truth.valid, score))
            good.append((truth.valid and truth.reachable, score))
            if not truth.valid:
                break  # steps after a false step have no label of their own
    found["step AUROC valid"] = float(roc_auc_score(*zip(*valid)))
    found["step AUROC valid and reachable"] = float(roc_auc_score(*zip(*good)))
    return found


def _chosen(mine: Sequence[ProblemAttempts], vote: str, steps: str) -> bool:
    ballots = [aggregation.Ballot(str(i), t.answer, aggregation.steps(t.scores, steps)) for i, t in enumerate(mine)]
    return mine[int(aggregation.rank(ballots, vote)[0].ballot.node)].right


def revised(
    policy: Policy, problems: Sequence[Problem], tried: Sequence[Sequence[ProblemAttempts]], seed: int
) -> dict[str, float]:
    """Accuracy of a second attempt after a wrong first one, with and without the first in the prompt."""
    wrong = [
        (problem, t, [u.right for u in mine if u is not t])
        for problem, mine in zip(problems, tried)
        for t in [u for u in mine if not u.right][:4]
    ]
    prompts = [revision_prompt(problem.prompt, [t.steps]) for problem, t, _ in wrong]
    second = sample(policy, prompts, seed + 1)
    right = [bool(checked_task(problem.task).grade(problem, steps)) for (problem, _, _), steps in zip(wrong, second)]
    return {
        "second attempts": float(len(wrong)),
        "second attempt, revised": fmean(right),
        "second attempt, independent": fmean(fmean(others) for _, _, others in wrong),
    }


async def beam(problems: Sequence[Problem], engines: tuple, seed: int, at_once: int = 32) -> float:
    """Share of problems solved by beam search (N = 16, M = 4), with the last step's score and the weighted vote."""
    right = 0
    for start in range(0, len(problems), at_once):
        runs = []
        for problem in problems[start : start + at_once]:
            settings = Settings("beam", {"n": 16, "m": 4}, Budget(), 1.0, "last", "weighted", seed)
            runs.append(LiveRun(Session(started(problem, settings, *engines)), *engines))
        await drive(runs)
        for r in runs:
            solutions = Judge.of(r.session.tree).solutions(r.session.tree)
            right += bool(solutions and solutions[0].correct)
    return right / len(problems)


def write(args: argparse.Namespace, levels: list[dict[str, Any]]) -> None:
    made = {
        "command": f"python -m tts_viz bench models --split {args.split} --problems {args.problems} "
        f"--samples {args.samples} --seed {args.seed}"
        + (f" --beam-problems {args.beam_problems}" if args.beam_problems else ""),
        "date": datetime.date.today().isoformat(),
        "beam_problems": args.beam_problems or args.problems,
        "levels": levels,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(made, indent=1) + "\n")


ROWS = {
    "pass@1": "pass@1",
    "pass@64": "pass@64",
    "small greedy": "greedy",
    "large greedy": "greedy, policy-large",
    "majority@16": "majority of 16",
    "best-of-16 weighted last": "best of 16, weighted",
    "beam 16,4": "beam (16, 4)",
    "step AUROC valid": "AUROC: is the step true?",
    "step AUROC valid and reachable": "AUROC: true, goal in reach?",
    "second attempt, independent": "2nd try, first one not shown",
    "second attempt, revised": "2nd try, first one shown",
}
"""metric: label of its row in the README's table"""


def table(levels: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table of the main metrics, one column for each level."""
    names = [f"{row['task']} {row['level']}" for row in levels]
    lines = [f"| | {' | '.join(names)} | mean |", "|---" * (len(levels) + 2) + "|"]
    for key, label in ROWS.items():
        cells = [float(row[key]) for row in levels]
        lines.append(f"| {label} | {' | '.join(f'{c:.2f}' for c in cells)} | {fmean(cells):.2f} |")
    return "\n".join(lines)
