"""`bench peers`: the same beam search with the same models, problems and budget, in tts_viz, its_hub (PyPI) and naive code.

The other two get the interface that they are made for: a language model that continues a batch of texts (`generate`, left
padding) and a verifier that scores a batch of whole texts. The calls and tokens of these two are counted.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer

from tts_viz.analysis.judge import Judge
from tts_viz.benchmarks import report
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.engines.embedded import EMBEDDED, TAUGHT, VERIFIER
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.search.scheduler import run_to_end
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem

MOST_STEPS = 12

END = "</end>"
"""Marks the end of text in a string, in place of the end-of-text token."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--problems", type=int, default=20, help="of the test split (%(default)s)")
    parser.add_argument("--task", choices=TAUGHT["policy-small"], default="arithmetic")
    parser.add_argument("--level", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--n", type=int, default=16, help="candidates (%(default)s)")
    parser.add_argument("--m", type=int, default=4, help="beam width (%(default)s)")


@dataclass(slots=True)
class Tally:
    """The use of the models by one implementation; tokens are all that passed through a model."""

    policy_calls: int = 0
    policy_tokens: int = 0
    verifier_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The chosen solution, and all solutions, as steps."""

    chosen: list[str]
    all: list[list[str]]


Search = Callable[[Problem, Tally], Outcome]


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    task = get_task(args.task)
    problems = [task.problem("test", args.level, i) for i in range(args.problems)]
    texts = Texts()
    ways: dict[str, Search] = {
        "tts_viz": ours(args.n, args.m),
        "its_hub 1.2.0": hub(texts, args.n, args.m),
        "naive `generate`": lambda problem, tally: naive(texts, problem, args.n, args.m, tally),
    }
    took, right, unique = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0), dict.fromkeys(ways, 0)
    tallies = {name: Tally() for name in ways}
    for i, problem in enumerate(problems):
        for name, search in ways.items():  # alternately, so that other load on the machine affects all of them
            torch.manual_seed(i)
            began = perf_counter()
            found = search(problem, tallies[name])
            took[name] += perf_counter() - began
            right[name] += bool(task.grade(problem, found.chosen))
            unique[name] += len({tuple(steps) for steps in found.all})
    count = len(problems)
    rows = [
        {
            "": name, "seconds": took[name] / count, "policy calls": tallies[name].policy_calls / count,
            "policy tokens": tallies[name].policy_tokens / count, "verifier tokens": tallies[name].verifier_tokens / count,
            "different solutions": unique[name] / count, "right": right[name] / count,
        }
        for name in ways
    ]  # fmt: skip
    report.write("peers", rows, each="means over the problems")
    print(report.table(rows))
    return 0


def ours(n: int, m: int) -> Search:
    policy, verifier = load_policy("policy-small"), load_verifier("verifier")

    def search(problem: Problem, tally: Tally) -> Outcome:
        settings = Settings("beam", {"n": n, "m": m}, Budget(None), 0.8, "last", "best")
        session = Session(replace(started(problem, settings, policy, verifier), max_depth=MOST_STEPS))
        tree = run_to_end(session, policy, verifier).session.tree
        spent = tree.spent
        tally.policy_calls += spent.policy_calls
        tally.policy_tokens += spent.generated + spent.prefilled
        tally.verifier_tokens += spent.verifier_tokens
        solutions = Judge(problem).solutions(tree)
        steps = [[node.text for node in tree.nodes[s.node].path()] for s in solutions]
        return Outcome(steps[0] if steps else [], steps)

    return search


class Texts:
    """The embedded models with the usual interface: whole texts in, texts or scores out."""

    def __init__(self) -> None:
        self.policy: Any = AutoModelForCausalLM.from_pretrained(EMBEDDED["policy-small"]).eval()
        self.prm = AutoModelForTokenClassification.from_pretrained(EMBEDDED[VERIFIER]).eval()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(EMBEDDED["policy-small"], padding_side="left")
        self.newline: int = self.tokenizer.convert_tokens_to_ids("\n")

    @torch.inference_mode()
    def step(self, texts: Sequence[str], tally: Tally) -> list[str]:
        """The next line of each text, without the newline; `END` is appended if the text ends there."""
        given = self.tokenizer([self._begun(text) for text in texts], return_tensors="pt", padding=True)
        written = self.policy.generate(
            **given, max_new_tokens=96, do_sample=True, temperature=0.8, top_k=0, pad_token_id=self.tokenizer.pad_token_id,
            eos_token_id=[self.tokenizer.eos_token_id, self.newline],
        )[:, given["input_ids"].shape[1] :]  # fmt: skip
        tally.policy_calls += len(texts)
        tally.policy_tokens += int(given["attention_mask"].sum())
        found = []
        for tokens in written.tolist():
            ended = self.tokenizer.eos_token_id in tokens
            text = self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            step = text.partition("\n")[0]
            tally.policy_tokens += len(self.tokenizer(step)["input_ids"])
            found.append(step + (END if ended else ""))
        return found

    @torch.inference_mode()
    def score(self, texts: Sequence[str], tally: Tally) -> list[float]:
        """The probability that each text is right so far; texts end after a step."""
        given = self.tokenizer([self._begun(text) for text in texts], return_tensors="pt", padding=True)
        tally.verifier_tokens += int(given["attention_mask"].sum())
        return self.prm(**given).logits[:, -1].softmax(-1)[:, 1].tolist()

    def _begun(self, text: str) -> str:
        return self.tokenizer.bos_token + text


def naive(texts: Texts, problem: Problem, n: int, m: int, tally: Tally) -> Outcome:
    beams: list[list[str]] = [[] for _ in range(n)]
    finished: list[tuple[float, list[str]]] = []
    for _ in range(MOST_STEPS):
        sampled = texts.step([problem.prompt + "".join(f"{s}\n" for s in steps) for steps in beams], tally)
        extended = [[*steps, step] for steps, step in zip(beams, sampled)]
        scores = texts.score([problem.prompt + _lines(steps) for steps in extended], tally)
        ranked = sorted(zip(scores, extended), key=lambda pair: -pair[0])
        finished += [(score, steps) for score, steps in ranked if steps[-1].endswith(END)]
        going = [steps for _, steps in ranked if not steps[-1].endswith(END)][: n // m]
        if not going:
            break
        beams = [steps for steps in going for _ in range(m)]
    solutions = [[s.removesuffix(END) for s in steps] for _, steps in sorted(finished, key=lambda pair: -pair[0])]
    return Outcome(solutions[0] if solutions else [], solutions)


def hub(texts: Texts, n: int, m: int) -> Search:
    from its_hub.api import AbstractLanguageModel, AbstractProcessRewardModel
    from its_hub.core.algorithms.beam_search import BeamSearch
    from its_hub.core.lms.step_generation import StepGeneration

    now = Tally()

    class Policy(AbstractLanguageModel):
        async def agenerate(self, messages: Any, stop: str | None = None, **_: Any) -> list[dict[str, str]]:
            prompts = ["".join(message.content for message in conversation) for conversation in messages]
            return [{"role": "assistant", "content": step} for step in texts.step(prompts, now)]

    class PRM(AbstractProcessRewardModel):
        async def ascore(self, prompt_or_messages: Any, steps: list[str]) -> list[float]:
            return texts.score([problem.prompt + _lines(text.split("\n")) for text in steps], now)

        def score(self, prompt_or_messages: Any, steps: list[str]) -> list[float]:
            return asyncio.run(self.ascore(prompt_or_messages, steps))

    problem: Problem

    def search(given_problem: Problem, tally: Tally) -> Outcome:
        nonlocal now, problem
        now, problem = tally, given_problem
        generation = StepGeneration(MOST_STEPS - 1, "\n", END, temperature=0.8)
        beam = BeamSearch(generation, PRM(), beam_width=n // m)
        found: Any = asyncio.run(beam.ainfer(Policy(), problem.prompt, n, return_response_only=False))
        chosen, *all = (
            [s.removesuffix(END) for s in r["content"].split("\n")] for r in (found.the_one, *found.responses)
        )
        return Outcome(chosen, all)

    return search


def _lines(steps: Sequence[str]) -> str:
    return "".join(f"{step.removesuffix(END)}\n" for step in steps)
