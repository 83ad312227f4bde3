"""`bench verifier`: scoring along a tree, compared with scoring whole solutions anew at every depth, in one run."""

from __future__ import annotations

import argparse
import asyncio
from functools import partial
from typing import Any

import torch

from tts_viz.benchmarks import report, shapes
from tts_viz.benchmarks.engine import alternately
from tts_viz.engines.base import ScoreRequest
from tts_viz.engines.local.verifier import TransformersVerifier
from tts_viz.engines.prm.trl import TRL

PROMPT, LENGTH = 120, 25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shapes", nargs="+", choices=list(shapes.SHAPES), default=list(shapes.SHAPES))
    parser.add_argument("--n", nargs="+", type=int, default=[16, 64], help="solutions scored a depth (%(default)s)")
    parser.add_argument("--depth", type=int, default=16, help="steps of a solution (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="the median is taken (%(default)s)")


@torch.inference_mode()
def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    for shape in args.shapes:
        model, rows = shapes.prm(shape), []
        for n in args.n:
            took = alternately(
                {
                    "tree": partial(stepwise, model, shape, n, args.depth),
                    "whole": partial(whole, model, n, args.depth),
                },
                args.repeats,
            )
            rows.append(
                {
                    "model": shape, "N": n, "steps": args.depth, "tree, s": took["tree"], "whole texts, s": took["whole"],
                    "whole / tree": took["whole"] / took["tree"],
                }
            )  # fmt: skip
            print(report.table(rows[-1:]), flush=True)
        size = shape.replace(" ", "").lower()
        report.write(f"verifier-{size}", rows, tokens={"prompt": PROMPT, "step": LENGTH})
    return 0


def stepwise(model: Any, shape: str, n: int, depth: int) -> None:
    """Scores the last step of N solutions of one problem, after every step."""
    engine = TransformersVerifier(model, TRL(shapes.tokenizer(shape), shapes.text(1)), shape)
    steps = [shapes.text(LENGTH - 2 - i % 3) + chr(shapes.FIRST + 1 + i) for i in range(n)]
    for d in range(1, depth + 1):
        asyncio.run(engine.score([ScoreRequest(shapes.text(PROMPT), (step,) * d, 1) for step in steps]))


def whole(model: Any, n: int, depth: int) -> None:
    for d in range(1, depth + 1):
        texts = torch.ones(n, PROMPT + 1 + d * LENGTH, dtype=torch.long)
        model(input_ids=texts, attention_mask=torch.ones_like(texts)).logits[:, -1].softmax(-1)
