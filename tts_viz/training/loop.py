"""The training loop of all embedded models: batches of like lengths, warm-up and cosine, checkpoints that resume."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from tts_viz.training.muon import Muon
from tts_viz.training.sizes import Size


def _has_bf16() -> bool:
    flags = Path("/proc/cpuinfo")
    return flags.exists() and "avx512_bf16" in flags.read_text()


POOL = 64
"""batches drawn together and then sorted by length, so that little of a batch is padding"""

CHECKPOINT_SECONDS = 120.0

HALF = {"cuda": True, "cpu": torch.backends.cpu.get_cpu_capability() == "AVX512" and _has_bf16()}
"""Where bfloat16 is faster than float32: CPUs without instructions for it emulate it ten times slower."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence: token ids, and for each some targets (-100: none), whose meaning is the loss's business."""

    tokens: list[int]
    targets: list[list[float]]


Drawn = Callable[[random.Random], Row]
Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]
Progress = Callable[[str, int, int, float], None]
"""what, tokens done, tokens in all, loss"""


def batches(draw: Drawn, seed: int, start: int, batch_tokens: int, pad: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches from number `start` on: tokens [rows, length] and targets [rows, length, …], padded on the right.

    The pool of a batch is drawn from its own seed; a row never sees what stands to its right, so padding needs no mask.
    """
    first = start - start % POOL
    while True:
        rng = random.Random(f"{seed}/{first}")
        rows: list[Row] = []
        total = 0
        while total < POOL * batch_tokens:
            rows.append(draw(rng))
            total += len(rows[-1].tokens)
        rows.sort(key=lambda row: len(row.tokens))
        share = total / POOL
        groups: list[list[Row]] = [[] for _ in range(POOL)]
        at = 0
        for row in rows:
            groups[min(int(at / share), POOL - 1)].append(row)
            at += len(row.tokens)
        rng.shuffle(groups)
        for number, group in enumerate(groups, first):
            if number >= start and group:
                yield _stacked(group, pad)
        first += POOL


def _stacked(rows: list[Row], pad: int) -> tuple[Tensor, Tensor]:
    length = max(len(row.tokens) for row in rows)
    empty = [-100.0] * len(rows[0].targets[0])
    tokens = torch.tensor([row.tokens + [pad] * (length - len(row.tokens)) for row in rows])
    targets = torch.tensor([row.targets + [empty] * (length - len(row.targets)) for row in rows])
    return tokens, targets


def fit(
    model: nn.Module,
    draw: Drawn,
    loss: Loss,
    size: Size,
    folder: Path,
    what: str,
    seed: int,
    device: str,
    progress: Progress,
    pad: int,
    horizon: int | None = None,
) -> dict[str, float]:
    """Trains in place until `size.tokens` tokens were seen; resumes from `folder`. Returns tokens, steps, seconds.

    `horizon` is where the learning rate ends, if it is not there.
    """
    checkpoint = folder / f"{what}.training.pt"
    model.to(device).train()
    optimizers = _optimizers(model, size.learning_rate)
    done = {"tokens": 0, "steps": 0, "seconds": 0.0}
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["model"])
        for optimizer, kept in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(kept)
        done = state["done"]
    started = saved = time.monotonic()
    before = float(done["seconds"])
    smooth = math.nan
    for tokens, targets in batches(draw, seed, int(done["steps"]), size.batch_tokens, pad):
        if done["tokens"] >= size.tokens:
            break
        rate = size.learning_rate * _schedule(done["tokens"] / (horizon or size.tokens))
        for optimizer in optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = rate
        with torch.autocast(device, dtype=torch.bfloat16, enabled=HALF[device]):
            value = loss(model, tokens.to(device), targets.to(device))
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        done["tokens"] += tokens.numel()
        done["steps"] += 1
        done["seconds"] = before + time.monotonic() - started
        smooth = value.item() if math.isnan(smooth) else 0.98 * smooth + 0.02 * value.item()
        if done["steps"] % 20 == 0:
            progress(what, int(done["tokens"]), size.tokens, smooth)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(checkpoint, model, optimizers, done)
            saved = time.monotonic()
    _save(checkpoint, model, optimizers, done)
    progress(what, size.tokens, size.tokens, smooth)
    model.eval()
    return done


def _optimizers(model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the network, AdamW for embeddings, heads and norms."""
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    inside = [p for name, p in learning if p.ndim == 2 and ".layers." in name]
    others = [p for name, p in learning if p.ndim != 2 or ".layers." not in name]
    return [Muon(inside, rate), torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)]


def _save(path: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer], done: dict[str, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "done": done}, fresh)
    fresh.replace(path)
    path.with_suffix(".json").write_text(json.dumps(done))


def _schedule(share: float) -> float:
    """Warm-up over the first 2 %, then a cosine down to 2 % of the peak."""
    if share < 0.02:
        return share / 0.02 + 0.01
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (share - 0.02) / 0.98))
