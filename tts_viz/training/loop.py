"""The training loop of all embedded models: batches of like lengths, drawn beside it; checkpoints that resume exactly.

Knows nothing about tasks: what is drawn and what the loss means is the caller's.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

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

WARM_UP, DECAY = 0.01, 0.2
"""shares of the training in which the learning rate rises at its beginning and falls at its end; it is constant between"""

OTHERS = 0.1
"""of the learning rate, for what Muon does not train. At the full rate the embeddings of words that are rare in a batch, such
as names, are never still, and copying them is not learnt."""

NONE = -100.0
"""the target of a token that has none"""


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence: token ids, and for each some targets (-100: none), whose meaning is the loss's business."""

    tokens: list[int]
    targets: list[list[float]]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how a training runs: none of this changes what it means, only how fast it is.

    `batch_tokens` takes the place of the size's own, where given. `workers` processes draw the rows; with 0 it is done
    between the steps. `seconds` is how long this sitting may last; the next one goes on from its checkpoint.
    """

    device: str = "cpu"
    compiled: bool = False
    batch_tokens: int | None = None
    workers: int = 0
    seconds: float = math.inf


Drawn = Callable[[random.Random], Row]
Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]
Progress = Callable[[str, int, int, float], None]
"""what, tokens done, tokens in all, loss"""

Batch = tuple[np.ndarray, np.ndarray]


class Pools(Dataset[list[Batch]]):
    """Item i is the i-th pool of batches: tokens [rows, length] and targets [rows, length, …], padded on the right.

    A pool is drawn from its own seed, so it is the same whichever process draws it. A row never sees what stands to its
    right, so padding needs no mask.
    """

    def __init__(self, draw: Drawn, seed: int, batch_tokens: int, pad: int):
        self.draw, self.seed, self.batch_tokens, self.pad = draw, seed, batch_tokens, pad

    def __len__(self) -> int:
        return 1 << 40

    def __getitem__(self, number: int) -> list[Batch]:
        rng = random.Random(f"{self.seed}/{number * POOL}")
        rows: list[Row] = []
        total = 0
        while total < POOL * self.batch_tokens:
            rows.append(self.draw(rng))
            total += len(rows[-1].tokens)
        rows.sort(key=lambda row: len(row.tokens))
        share = total / POOL
        groups: list[list[Row]] = [[] for _ in range(POOL)]
        at = 0
        for row in rows:
            groups[min(int(at / share), POOL - 1)].append(row)
            at += len(row.tokens)
        rng.shuffle(groups)
        return [_stacked(group, self.pad) for group in groups if group]


def batches(draw: Drawn, seed: int, start: int, batch_tokens: int, pad: int, workers: int = 0) -> Iterator[Batch]:
    """Batches from number `start` on, for ever, the same however many workers draw them."""
    pools = Pools(draw, seed, batch_tokens, pad)
    first = start // POOL
    ahead: dict[str, Any] = {"prefetch_factor": 2} if workers else {}
    loader = DataLoader(
        pools, batch_size=None, sampler=range(first, len(pools)), num_workers=workers, collate_fn=_as_it_is, **ahead
    )
    number = first * POOL
    for pool in loader:
        for batch in pool:
            if number >= start:
                yield batch
            number += 1


def _as_it_is(pool: list[Batch]) -> list[Batch]:
    """Arrays go through a pipe; as tensors they would each take a file of shared memory."""
    return pool


def _stacked(rows: list[Row], pad: int) -> Batch:
    length = max(len(row.tokens) for row in rows)
    tokens = np.full((len(rows), length), pad, dtype=np.int64)
    targets = np.full((len(rows), length, len(rows[0].targets[0])), NONE, dtype=np.float32)
    for i, row in enumerate(rows):
        tokens[i, : len(row.tokens)] = row.tokens
        targets[i, : len(row.tokens)] = row.targets
    return tokens, targets


def fit(
    model: nn.Module,
    draw: Drawn,
    loss: Loss,
    size: Size,
    folder: Path,
    what: str,
    seed: int,
    machine: Machine,
    progress: Progress,
    pad: int,
    kept: Callable[[nn.Module, dict[str, float]], None] = lambda *_: None,
) -> dict[str, float]:
    """Trains in place until `size.tokens` tokens were seen, or the sitting is over; resumes from `folder`.

    `kept` is told at every checkpoint. Returns tokens, steps and seconds so far.
    """
    device = machine.device
    checkpoint = folder / f"{what}.training.pt"
    model.to(device).train()
    optimizers = _optimizers(model, size.learning_rate)
    done = {"tokens": 0, "steps": 0, "seconds": 0.0}
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["model"])
        for optimizer, was in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(was)
        done = state["done"]
    if machine.compiled:
        model.model.compile(dynamic=True)  # pyright: ignore
    started = saved = time.monotonic()
    before = float(done["seconds"])
    smooth = math.nan
    batch_tokens = machine.batch_tokens or size.batch_tokens
    for batch in batches(draw, seed, int(done["steps"]), batch_tokens, pad, machine.workers):
        if done["tokens"] >= size.tokens or time.monotonic() - started > machine.seconds:
            break
        tokens, targets = (torch.from_numpy(part).to(device, non_blocking=True) for part in batch)
        rate = size.learning_rate * schedule(done["tokens"] / size.tokens)
        for optimizer in optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = rate if isinstance(optimizer, Muon) else OTHERS * rate
        with torch.autocast(device, dtype=torch.bfloat16, enabled=HALF[device]):
            value = loss(model, tokens, targets)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        done["tokens"] += tokens.numel()
        done["steps"] += 1
        done["seconds"] = before + time.monotonic() - started
        if done["steps"] % 20 == 0:  # a GPU is not waited for at every step
            now = value.item()
            smooth = now if math.isnan(smooth) else 0.7 * smooth + 0.3 * now
            progress(what, int(done["tokens"]), size.tokens, smooth)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(checkpoint, model, optimizers, done)
            kept(model, done)
            saved = time.monotonic()
    _save(checkpoint, model, optimizers, done)
    progress(what, min(int(done["tokens"]), size.tokens), size.tokens, smooth)
    model.eval()
    kept(model, done)
    return done


def _optimizers(model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the network, AdamW for embeddings, heads and norms."""
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    inside = [p for name, p in learning if p.ndim == 2 and ".layers." in name]
    others = [p for name, p in learning if p.ndim != 2 or ".layers." not in name]
    return [Muon(inside, rate), torch.optim.AdamW(others, lr=OTHERS * rate, betas=(0.9, 0.98), weight_decay=0.01)]


def _save(path: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer], done: dict[str, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "done": done}, fresh)
    fresh.replace(path)
    path.with_suffix(".json").write_text(json.dumps(done))


def schedule(share: float) -> float:
    """The share of the peak learning rate after this share of the tokens.

    Constant but for its ends, so that a training may be made longer after it began: what was seen at the constant rate
    is the same in both.
    """
    return min(1.0, share / WARM_UP + 0.01, max((1 - share) / DECAY, 0.01))
