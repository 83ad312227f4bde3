"""Training the verifier: a process reward model of whether a step is true and still leads to the goal.

It starts from the small policy's weights, since who can compute can check, with layers on top: what the policy would
have written at a place is known only in its last layer, so it takes further layers to compare that with what was
written. The puzzles' checkers know the truth of every step, so its labels are exact and without end: at the end of a step,
whether the step is true and the goal still in reach; inside a step, 1 up to the first wrong character and 0 from it on. (Soft
labels, for comparison, put in the first one's place the share of the policy's attempts through a good step that end
right, after Snell et al. 2024, appendix D.) What follows a false step is not judged, as search never builds on it
knowingly and no score of it is right. On valid steps it goes on learning to predict the next token.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import LlamaForTokenClassification, PreTrainedModel

from tts_viz.tasks.base import Problem, StepTruth
from tts_viz.training import policy_attempts
from tts_viz.training.corpus import LONGEST, draw, wrong_attempts
from tts_viz.training.loop import NONE, Row
from tts_viz.training.policy import grow_into
from tts_viz.training.sizes import Size, config
from tts_viz.training.sources import SOURCES
from tts_viz.training.tokenizer import BOS_ID, encode, tokenizer

OWN = 0.75
"""share of the rows that are the policy's own attempts; the rest are synthetic"""

NEXT_TOKEN = 0.3
"""weight of the next-token loss"""

STEP_END = 4.0

LINE_END = encode("\n")[0]


def new_verifier(size: Size, seed: int, policy: PreTrainedModel | None = None) -> LlamaForTokenClassification:
    """With a fresh head, on the body of `policy`, whose width must divide its own; without it on a fresh one."""
    torch.manual_seed(seed)
    shape = config(size, num_labels=2, id2label={0: "false", 1: "true"}, label2id={"false": 0, "true": 1})
    model = LlamaForTokenClassification._from_config(shape, attn_implementation="sdpa")  # pyright: ignore
    if policy is not None:
        grow_into(policy, model, size.hidden // policy.config.hidden_size)
    return model


class Labels:
    """Rows to learn from; see the module. Holds the policy's attempts; they are labelled when they are drawn."""

    def __init__(self, path: Path, soft: bool = False):
        self.soft = soft
        self.tried = [tried for tried in policy_attempts.read(path) if tried.attempts]

    def draw(self, rng: random.Random) -> Row:
        if not self.tried or rng.random() >= OWN:
            return draw_slips(rng)
        tried = rng.choice(self.tried)
        steps = rng.choice(tried.attempts)
        return labelled(tried.problem, steps, values(tried) if self.soft else None)


def draw_slips(rng: random.Random) -> Row:
    """A synthetic attempt: two in three slip somewhere."""
    solved = draw(rng)
    if rng.random() < 0.67 and (wrong := wrong_attempts(rng, solved, 1)):
        return labelled(solved.problem, wrong[0])
    return labelled(solved.problem, solved.steps)


def values(tried: policy_attempts.TriedProblem) -> dict[tuple[str, ...], float]:
    """The soft label of each prefix: the share of right ones among all attempts that share it."""
    task = SOURCES[tried.problem.task].task
    outcomes: dict[tuple[str, ...], list[bool]] = defaultdict(list)
    for steps in tried.attempts:
        right = bool(task.grade(tried.problem, steps))
        for depth in range(1, len(steps) + 1):
            outcomes[tuple(steps[:depth])].append(right)
    return {prefix: sum(seen) / len(seen) for prefix, seen in outcomes.items()}


def labelled(problem: Problem, steps: Sequence[str], soft: Mapping[tuple[str, ...], float] | None = None) -> Row:
    """Targets per token: (is it true so far, the next token), up to the end of the first step that is not good."""
    task = SOURCES[problem.task].task
    prompt = [BOS_ID, *encode(problem.prompt)]
    tokens, truth = list(prompt), [NONE] * len(prompt)
    learnt = len(prompt)
    for depth, (step, said) in enumerate(zip(steps, task.check(problem, steps)), 1):
        good = said.valid and said.reachable
        line = encode(step + "\n")
        tokens += line
        truth += [*_dense(line[:-1], said), soft.get(tuple(steps[:depth]), 1.0) if good and soft else float(good)]
        if said.valid:
            learnt = len(tokens)
        if not good or len(tokens) > LONGEST:
            break
    following = [*(float(t) if len(prompt) <= i < learnt else NONE for i, t in enumerate(tokens)), NONE][1:]
    return Row(tokens, [list(pair) for pair in zip(truth, following)])


def _dense(line: list[int], said: StepTruth) -> list[float]:
    if said.valid or said.wrong_at is None:
        return [1.0] * len(line)
    labels, end = [], 0
    for piece in tokenizer().convert_ids_to_tokens(line):
        end += len(piece)
        labels.append(1.0 if end <= said.wrong_at else 0.0)
    return labels


def verifier_loss(model: nn.Module, tokens: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the labels, and that of the next token; tokens [rows, length], targets [rows, length, 2].

    The end of a step is what search asks for, so its label weighs as much as `STEP_END` others.
    """
    hidden = model.model(input_ids=tokens).last_hidden_state  # pyright: ignore
    judged = targets[:, :, 0] != NONE
    good = targets[:, :, 0][judged]
    logits = model.score(hidden[judged]).float()  # pyright: ignore
    each = nn.functional.cross_entropy(logits, torch.stack([1 - good, good], 1), reduction="none")
    weight = torch.where(tokens[judged] == LINE_END, STEP_END, 1.0)
    read = targets[:, :, 1] != NONE
    words = hidden[read] @ model.model.embed_tokens.weight.T  # pyright: ignore
    following = nn.functional.cross_entropy(words.float(), targets[:, :, 1][read].long())
    return (each * weight).sum() / weight.sum() + NEXT_TOKEN * following
