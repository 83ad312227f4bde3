"""`python -m tts_viz train`: makes the embedded models anew, from a seed. Cut short, it goes on where it was.

Each model is trained in two legs or three. The order is: the small policy; the large one, which grows from it, and goes on
with fewer revisions; the small one's attempts at train problems; from those the small one learns to revise its own errors, in
its second leg; and the verifier learns to tell them: first the layers that are put on top of the small policy, then all.
Working files are kept in OUT/training and can be thrown away afterwards.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import LlamaForCausalLM, LlamaForTokenClassification, PreTrainedModel

from tts_viz.engines.embedded import POLICIES, VERIFIER
from tts_viz.resources import ASSETS
from tts_viz.training import policy as policy_training
from tts_viz.training import policy_attempts
from tts_viz.training import verifier as verifier_training
from tts_viz.training.loop import Drawn, Loss, fit
from tts_viz.training.model_card import model_card
from tts_viz.training.sizes import QUICK_SIZES, SIZES, Size
from tts_viz.training.tokenizer import PAD_ID, tokenizer

PROBLEMS, EACH = 34_816, 6
"""Train problems that the small policy tries, and how often each."""

QUICK_PROBLEMS, QUICK_EACH = 32, 2

SMALL, LARGE = POLICIES

PARTS = (SMALL, LARGE, f"{LARGE}-2", "attempts", f"{SMALL}-2", VERIFIER, f"{VERIFIER}-2", f"{VERIFIER}-3")
"""NAME-2 and NAME-3 are the further legs of a model's training."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("all", *PARTS), help="what to make; a part needs those before it")
    parser.add_argument("--out", type=Path, default=ASSETS / "models", metavar="DIR", help="where to (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny models that know nothing, in two minutes")
    parser.add_argument("--seed", type=int, default=0, help="everything is drawn from it (%(default)s)")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=None, help="CPU threads (default: all)")


def run(args: argparse.Namespace) -> int:
    """The exit code."""
    if args.threads:
        torch.set_num_threads(args.threads)
    device = args.device if args.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    wanted: Sequence[str] = PARTS if args.what == "all" else (args.what,)
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bars:
        shown: dict[str, object] = {}

        def progress(what: str, done: int, total: int, loss: float | None = None) -> None:
            if what not in shown:
                shown[what] = bars.add_task(what, total=total)
            said = what if loss is None else f"{what}  loss {loss:.3f}"
            bars.update(shown[what], completed=done, total=total, description=said)  # pyright: ignore

        for part in wanted:
            make(part, args.out, args.quick, args.seed, device, progress)
    console.print(f"written to {args.out}")
    return 0


def make(part: str, out: Path, quick: bool, seed: int, device: str, progress: Callable[..., None]) -> None:
    """One of `PARTS`. Raises FileNotFoundError where a part that it needs has not been made."""
    work = out / "training"
    if part == "attempts":
        policy = policy_attempts.whole_solutions(_made(out / SMALL), device)
        problems, each = (QUICK_PROBLEMS, QUICK_EACH) if quick else (PROBLEMS, EACH)
        policy_attempts.collect(
            policy, problems, each, seed, work / "attempts.jsonl", lambda d, t: progress(part, d, t)
        )
        return
    size = (QUICK_SIZES if quick else SIZES)[part]
    name = part.rstrip("-23")
    leg = int(part.removeprefix(name).removeprefix("-") or 1)
    model, draw, loss = _lesson(part, out, size, seed)
    done = fit(model, draw, loss, size, work, part, seed + leg - 1, device, progress, PAD_ID)
    if leg > 1:
        first = json.loads((out / name / "training.json").read_text())["training"]
        done = {key: first[key] + value for key, value in done.items()}
    save(model, name, out, size, seed, quick, done)


def _lesson(part: str, out: Path, size: Size, seed: int) -> tuple[PreTrainedModel, Drawn, Loss]:
    """The model as it is when this leg begins, what it is shown, and what it is to make small."""
    tried = out / "training" / "attempts.jsonl"
    if part.startswith(VERIFIER):
        draw = verifier_training.Labels(_made(tried)).draw
        if part != VERIFIER:
            return _read(LlamaForTokenClassification, out / VERIFIER), draw, verifier_training.verifier_loss
        model = verifier_training.new_verifier(size, seed, _read(LlamaForCausalLM, out / SMALL))
        return model, draw, verifier_training.judging_loss
    if part == SMALL:
        return policy_training.new_policy(size, seed), policy_training.draw, policy_training.next_token_loss
    if part == LARGE:
        grown = policy_training.grown_policy(_read(LlamaForCausalLM, out / SMALL), size, seed)
        return grown, policy_training.draw, policy_training.next_token_loss
    model = _read(LlamaForCausalLM, out / part.removesuffix("-2"))
    draw = policy_training.Mending(_made(tried)).draw if part.startswith(SMALL) else policy_training.draw_plainer
    return model, draw, policy_training.next_token_loss


def _read(kind: Any, folder: Path) -> Any:
    return kind.from_pretrained(_made(folder), dtype=torch.float32, attn_implementation="eager")


def save(
    model: PreTrainedModel, part: str, out: Path, size: Size, seed: int, quick: bool, done: dict[str, float]
) -> None:
    """Weights, tokenizer and card, as transformers loads them."""
    folder = out / part
    model.cpu().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    made = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "command": f"python -m tts_viz train all --seed {seed}" + (" --quick" if quick else ""),
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
