"""A policy's own attempts at train problems, from which the verifier learns."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from tts_viz.tasks.base import Problem
from tts_viz.zoo.corpus import draw
from tts_viz.zoo.tokenizer import BOS_ID, EOS_ID, PAD_ID, decode, encode

ROWS = 384
"""sequences sampled at once"""

MOST_TOKENS = 320
"""of one attempt; the longest right ones have about 260"""


@dataclass(frozen=True, slots=True)
class Attempted:
    """A problem and attempts at it, each a list of steps."""

    problem: Problem
    attempts: list[list[str]]


@torch.inference_mode()
def sample(
    model: LlamaForCausalLM,
    prompts: Sequence[str],
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
    temperature: float = 1.0,
) -> list[list[str]]:
    """One attempt for each prompt, as steps. Prompts of like length share a batch; 0 is greedy."""
    contexts = [[BOS_ID, *encode(prompt)] for prompt in prompts]
    order = sorted(range(len(prompts)), key=lambda i: len(contexts[i]))
    answers: list[list[str]] = [[] for _ in prompts]
    torch.manual_seed(seed)
    for start in range(0, len(order), ROWS):
        chosen = order[start : start + ROWS]
        width = max(len(contexts[i]) for i in chosen)
        padded = [[PAD_ID] * (width - len(contexts[i])) + contexts[i] for i in chosen]
        tokens = torch.tensor(padded, device=model.device)
        written = model.generate(  # pyright: ignore
            input_ids=tokens,
            attention_mask=tokens.ne(PAD_ID).long(),
            do_sample=temperature > 0,
            temperature=temperature or None,
            top_k=None,
            top_p=1.0,
            max_new_tokens=MOST_TOKENS,
            pad_token_id=PAD_ID,
            eos_token_id=EOS_ID,
        )[:, width:]
        for i, row in zip(chosen, written.tolist()):
            whole = row[: row.index(EOS_ID)] if EOS_ID in row else row
            answers[i] = decode([t for t in whole if t != PAD_ID]).split("\n")
        progress(start + len(chosen))
    return answers


def collect(
    model: LlamaForCausalLM, problems: int, each: int, seed: int, path: Path, progress: Callable[[int, int], None]
) -> None:
    """Writes `each` attempts at `problems` train problems to a JSON-lines file, in shards; goes on where it was cut."""
    shard = 2048
    done = sum(1 for _ in path.open()) if path.exists() else 0
    for start in range(done - done % shard, problems, shard):
        rng = random.Random(f"{seed}/attempts/{start}")
        drawn = [draw(rng).problem for _ in range(min(shard, problems - start))]
        attempts = sample(model, [p.prompt for p in drawn for _ in range(each)], hash_seed(seed, start))
        kept = path.read_text().splitlines(keepends=True)[:start] if path.exists() else []
        lines = [
            json.dumps([p.task, p.prompt, p.level, p.answer, attempts[i * each : (i + 1) * each]]) + "\n"
            for i, p in enumerate(drawn)
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join([*kept, *lines]))
        progress(start + len(drawn), problems)


def read(path: Path) -> Iterator[Attempted]:
    with path.open() as lines:
        for line in lines:
            task, prompt, level, answer, attempts = json.loads(line)
            text = prompt.rstrip("\n")
            yield Attempted(Problem(task, text, text, prompt, level, answer), attempts)


def hash_seed(seed: int, place: int) -> int:
    return random.Random(f"{seed}/{place}").getrandbits(31)
