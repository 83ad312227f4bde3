"""`python -m tts_viz train measure`: how good the models are while they are trained, on validation problems only.

For the small policy: how often it is right, and how often the next step after a good prefix is good. For the verifier
the number that decides what search can gain: inside one problem, among different next steps after good prefixes of one depth,
how often a good one has the higher score than a bad one (AUROC), a table by task, level and depth.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from statistics import fmean

import torch
from transformers import LlamaForTokenClassification

from tts_viz.engines.embedded import POLICIES, VERIFIER
from tts_viz.tasks.base import Problem, StepTruth
from tts_viz.training.batch_scoring import read_steps
from tts_viz.training.policy_attempts import sample, whole_solutions
from tts_viz.training.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Judged:
    """One attempt as far as its first step that is not good, that step included; `scores` are the verifier's, if any."""

    steps: tuple[str, ...]
    good: tuple[bool, ...]
    scores: tuple[float, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("measure")
    group.add_argument("--problems", type=int, default=50, metavar="N", help="a level (%(default)s)")
    group.add_argument("--samples", type=int, default=16, metavar="K", help="attempts a problem (%(default)s)")
    group.add_argument(
        "--policy", type=Path, metavar="DIR", help=f"whose attempts are judged (default: OUT/{POLICIES[0]})"
    )
    group.add_argument("--tasks", nargs="+", default=list(SOURCES), choices=list(SOURCES), metavar="TASK")


def run(args: argparse.Namespace) -> int:
    """The exit code. Prints a line a level, and writes all of them to OUT/training/measured.json."""
    folder = args.policy or args.out / POLICIES[0]
    policy = whole_solutions(folder)
    prm = None
    if (args.out / VERIFIER).exists():
        prm = LlamaForTokenClassification.from_pretrained(args.out / VERIFIER, dtype=torch.float32).eval()
    found = []
    for name in args.tasks:
        task = SOURCES[name].task
        for level in task.levels:
            problems = [task.problem("validation", level, i) for i in range(args.problems)]
            texts = sample(policy, [p.prompt for p in problems for _ in range(args.samples)], args.seed)
            mine = [texts[i * args.samples : (i + 1) * args.samples] for i in range(len(problems))]
            found.append({"task": name, "level": level, **measured(problems, mine, prm)})
            print(line(found[-1]), flush=True)
    (args.out / "training").mkdir(parents=True, exist_ok=True)
    (args.out / "training" / "measured.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


def measured(
    problems: Sequence[Problem], attempts: Sequence[Sequence[list[str]]], prm: LlamaForTokenClassification | None
) -> dict[str, object]:
    """All figures of one level; `attempts` are several for each problem."""
    right, judged = [], []
    for problem, tries in zip(problems, attempts):
        task = SOURCES[problem.task].task
        right.append([bool(task.grade(problem, steps)) for steps in tries])
        judged.append([judge(steps, task.check(problem, steps)) for steps in tries if steps])
    steps = [good for mine in judged for one in mine for good in one.good]
    found: dict[str, object] = {
        "pass@1": round(fmean(r for mine in right for r in mine), 4),
        "pass@k": round(fmean(any(mine) for mine in right), 4),
        "step accuracy": round(fmean(steps), 4) if steps else None,
    }
    if prm is not None:
        scored = [score(prm, problem, mine) for problem, mine in zip(problems, judged)]
        by_depth = auroc_by_depth(scored)
        found["AUROC"] = round(fmean(a for _, aurocs in by_depth.items() for a in aurocs), 4) if by_depth else None
        found["AUROC by depth"] = {depth: (round(fmean(a), 3), len(a)) for depth, a in sorted(by_depth.items())}
    return found


def judge(steps: Sequence[str], truths: Sequence[StepTruth]) -> Judged:
    good = [t.valid and t.reachable for t in truths]
    count = min(len(list(takewhile(bool, good))) + 1, len(good))
    return Judged(tuple(steps[:count]), tuple(good[:count]))


def score(prm: LlamaForTokenClassification, problem: Problem, judged: Sequence[Judged]) -> list[Judged]:
    """The different ones among them, with scores."""
    different = list(dict.fromkeys(judged))
    read = read_steps(prm, problem.prompt, [j.steps for j in different]) if different else []
    return [Judged(j.steps, j.good, tuple(said)) for j, said in zip(different, read)]


def auroc_by_depth(scored: Sequence[Sequence[Judged]]) -> dict[int, list[float]]:
    """By depth, the AUROC of each problem that has good and bad steps there. Equal prefixes count once."""
    found: dict[int, list[float]] = defaultdict(list)
    for mine in scored:
        scores: dict[int, dict[tuple[str, ...], tuple[bool, float]]] = defaultdict(dict)
        for one in mine:
            for depth, (good, said) in enumerate(zip(one.good, one.scores), 1):
                scores[depth][one.steps[:depth]] = good, said
        for depth, prefixes in scores.items():
            good = [said for is_good, said in prefixes.values() if is_good]
            bad = [said for is_good, said in prefixes.values() if not is_good]
            if good and bad:
                wins = fmean((g > b) + 0.5 * (g == b) for g in good for b in bad)
                found[depth].append(wins)
    return found


def line(figures: dict[str, object]) -> str:
    depths = figures.get("AUROC by depth")
    said = "" if not isinstance(depths, dict) else "  " + " ".join(f"{d}:{a:.2f}({n})" for d, (a, n) in depths.items())
    return (
        f"{figures['task']} {figures['level']}: "
        + "  ".join(f"{k} {v}" for k, v in figures.items() if k not in ("task", "level", "AUROC by depth"))
        + said
    )
