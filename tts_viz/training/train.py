"""`python -m tts_viz train`: makes the embedded models, from a seed. Cut short, it goes on exactly where it was.

The order is: the small policy; its attempts at train problems; from those the verifier and the reviser, which begin as the
small policy with more layers on top; and the large policy, which grows from the small one too. Working files (optimizer
states, attempts) are kept in OUT/training: a later sitting needs them, a finished model does not.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from transformers import LlamaForCausalLM, PreTrainedModel

from tts_viz.engines.embedded import POLICIES, VERIFIER
from tts_viz.resources import ASSETS
from tts_viz.training import measure, policy_attempts
from tts_viz.training import policy as policy_training
from tts_viz.training import reviser as reviser_training
from tts_viz.training import verifier as verifier_training
from tts_viz.training.loop import Drawn, Loss, Machine, fit
from tts_viz.training.model_card import model_card
from tts_viz.training.sizes import QUICK_SIZES, SIZES, Size
from tts_viz.training.tokenizer import PAD_ID, tokenizer

PROBLEMS, EACH = 20_480, 8
"""Train problems that the small policy tries, and how often each."""

QUICK_PROBLEMS, QUICK_EACH = 32, 2

SMALL, LARGE = POLICIES

PARTS = (SMALL, "attempts", VERIFIER, "reviser", LARGE)

LOGGED_SECONDS = 30.0
"""between two lines where there is no terminal to draw a bar on"""

ON_A_GPU = 32
"""times as many tokens a batch as on a CPU, unless told otherwise"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=("all", *PARTS, "measure"),
        help="what to make (a part needs those before it); or measure: how good those in OUT are, on validation problems",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=ASSETS / "models", metavar="DIR", help="where to (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny models that know nothing, in two minutes")
    parser.add_argument("--seed", type=int, default=0, help="everything is drawn from it (%(default)s)")
    parser.add_argument(
        "--tokens", type=int, metavar="N", help="how many a model is to see, in all sittings (default: see sizes.py)"
    )
    parser.add_argument(
        "--minutes", type=float, default=math.inf, metavar="M",
        help="of this sitting, for each model; the same command goes on later (default: until it is done)",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=None, help="CPU threads (default: all)")
    parser.add_argument(
        "--batch-tokens", type=int, metavar="N", help=f"(default: 4096, on a GPU {ON_A_GPU} times as many)"
    )
    parser.add_argument(
        "--workers", type=int, metavar="W", help="processes that draw problems (default: 0, for a GPU 8)"
    )
    parser.add_argument(
        "--compile", action=argparse.BooleanOptionalAction, help="with torch.compile (default: on a GPU only)"
    )
    parser.add_argument(
        "--labels", choices=("hard", "soft"), default="hard",
        help="of the verifier's step ends: can the goal still be reached, or the share of attempts that reach it (%(default)s)",
    )  # fmt: skip
    measure.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """The exit code."""
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.what == "measure":
        return measure.run(args)
    wanted: Sequence[str] = PARTS if args.what == "all" else (args.what,)
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        shown: dict[str, TaskID] = {}
        told = 0.0

        def progress(what: str, done: int, total: int, loss: float | None = None) -> None:
            nonlocal told
            if what not in shown:
                shown[what] = bars.add_task(what, total=total)
            said = what if loss is None else f"{what}  loss {loss:.3f}"
            bars.update(shown[what], completed=done, total=total, description=said)
            if not console.is_terminal and time.monotonic() > told + LOGGED_SECONDS:
                print(f"{said}  {done:,} of {total:,}", file=sys.stderr, flush=True)
                told = time.monotonic()

        for part in wanted:
            make(part, args, progress)
    console.print(f"written to {args.out}")
    return 0


def machine_of(args: argparse.Namespace, size: Size) -> Machine:
    device = args.device if args.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    gpu = device == "cuda"
    return Machine(
        device,
        gpu if args.compile is None else args.compile,
        args.batch_tokens or size.batch_tokens * (ON_A_GPU if gpu else 1),
        (8 if gpu else 0) if args.workers is None else args.workers,
        args.minutes * 60,
    )


def make(part: str, args: argparse.Namespace, progress: Callable[..., None]) -> None:
    """One of `PARTS`. Raises FileNotFoundError where a part that it needs has not been made."""
    out, work = args.out, args.out / "training"
    if part == "attempts":
        device = machine_of(args, SIZES[SMALL]).device
        policy = policy_attempts.whole_solutions(_made(out / SMALL), device)
        problems, each = (QUICK_PROBLEMS, QUICK_EACH) if args.quick else (PROBLEMS, EACH)
        policy_attempts.collect(
            policy, problems, each, args.seed, work / "attempts.jsonl", lambda d, t: progress(part, d, t)
        )
        return
    size = (QUICK_SIZES if args.quick else SIZES)[part]
    size = replace(size, tokens=args.tokens or size.tokens)
    model, draw, loss = _lesson(part, args, size)
    fit(
        model, draw, loss, size, work, part, args.seed, machine_of(args, size), progress, PAD_ID,
        lambda model, done: save(model, part, args, size, done),
    )  # fmt: skip


def _lesson(part: str, args: argparse.Namespace, size: Size) -> tuple[PreTrainedModel, Drawn, Loss]:
    """The model as it is at first, what it is shown, and what it is to make small."""
    if part == SMALL:
        return policy_training.new_policy(size, args.seed), policy_training.draw, policy_training.next_token_loss
    small = LlamaForCausalLM.from_pretrained(_made(args.out / SMALL), dtype=torch.float32, attn_implementation="sdpa")
    if part == LARGE:
        return (
            policy_training.grown_policy(small, size, args.seed),
            policy_training.draw,
            policy_training.next_token_loss,
        )
    tried = _made(args.out / "training" / "attempts.jsonl")
    if part == "reviser":
        return (
            reviser_training.new_reviser(size, args.seed, small),
            reviser_training.Revisions(tried).draw,
            policy_training.next_token_loss,
        )
    labels = verifier_training.Labels(tried, soft=args.labels == "soft")
    return verifier_training.new_verifier(size, args.seed, small), labels.draw, verifier_training.verifier_loss


def save(model: Any, part: str, args: argparse.Namespace, size: Size, done: dict[str, float]) -> None:
    """Weights, tokenizer and card, as transformers loads them."""
    folder = args.out / part
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    told = [
        f"--seed {args.seed}",
        *(["--quick"] if args.quick else []),
        *([f"--tokens {args.tokens}"] if args.tokens else []),
    ]
    if part == VERIFIER:
        told.append(f"--labels {args.labels}")
    made = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "command": f"python -m tts_viz train {part} {' '.join(told)}",
        "date": datetime.date.today().isoformat(),
        "size": asdict(size),
        "training": {key: round(value) for key, value in done.items()},
    }
    (folder / "training.json").write_text(json.dumps(made, indent=1) + "\n")
    (folder / "README.md").write_text(model_card(part, made))


def _made(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `python -m tts_viz train all`, or the parts in their order")
    return path
