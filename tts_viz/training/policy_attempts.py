"""A policy's own attempts at train problems, from which the verifier learns."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tts_viz.engines.base import Policy, SampleRequest
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.local.policy import TransformersPolicy
from tts_viz.engines.prompting import PromptStyle
from tts_viz.tasks.base import Problem
from tts_viz.training.corpus import draw

MOST_TOKENS = 320
"""of one attempt; the longest right ones have about 260"""

AT_ONCE = 1024
"""attempts asked for together"""


@dataclass(frozen=True, slots=True)
class TriedProblem:
    """A problem and attempts at it, each a list of steps."""

    problem: Problem
    attempts: list[list[str]]


def sample(policy: Policy, prompts: Sequence[str], seed: int, temperature: float = 1.0) -> list[list[str]]:
    """One whole attempt for each prompt, as steps. `policy` must take solutions as one step (`whole_solutions`)."""
    rng = random.Random(seed)
    requests = [SampleRequest(prompt, (), temperature, rng.getrandbits(64), MOST_TOKENS) for prompt in prompts]
    # Prompts of like length have solutions of like length, so few rows of a batch wait for the others.
    order = sorted(range(len(requests)), key=lambda i: len(requests[i].prompt))
    answers: list[list[str]] = [[] for _ in requests]
    for start in range(0, len(order), AT_ONCE):
        chosen = order[start : start + AT_ONCE]
        for i, answer in zip(chosen, asyncio.run(policy.sample([requests[i] for i in chosen]))):
            answers[i] = answer.candidate.text.split("\n") if answer.candidate else []
    return answers


def whole_solutions(folder: Path, device: str = "cpu") -> Policy:
    """The policy in this folder, for which a whole solution is one step: there is no delimiter to stop at."""
    policy = load_policy(str(folder), device)
    assert isinstance(policy, TransformersPolicy)
    policy.style = PromptStyle(delimiter="<never>")
    return policy


def collect(
    policy: Policy, problems: int, each: int, seed: int, path: Path, progress: Callable[[int, int], None]
) -> None:
    """Writes `each` attempts at `problems` train problems to a JSON-lines file, in shards; goes on where it was cut."""
    shard = 1024
    done = sum(1 for _ in path.open()) if path.exists() else 0
    for start in range(done - done % shard, problems, shard):
        rng = random.Random(f"{seed}/attempts/{start}")
        drawn = [draw(rng).problem for _ in range(min(shard, problems - start))]
        attempts = sample(policy, [p.prompt for p in drawn for _ in range(each)], hash_seed(seed, start))
        kept = path.read_text().splitlines(keepends=True)[:start] if path.exists() else []
        lines = [
            json.dumps([p.task, p.prompt, p.level, p.answer, attempts[i * each : (i + 1) * each]]) + "\n"
            for i, p in enumerate(drawn)
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join([*kept, *lines]))
        progress(start + len(drawn), problems)


def read(path: Path) -> Iterator[TriedProblem]:
    with path.open() as lines:
        for line in lines:
            task, prompt, level, answer, attempts = json.loads(line)
            text = prompt.rstrip("\n")
            yield TriedProblem(Problem(task, text, text, prompt, level, answer), attempts)


def hash_seed(seed: int, place: int) -> int:
    return random.Random(f"{seed}/{place}").getrandbits(31)
