"""Training the verifier: a process reward model of how likely the policy is right after each step.

It starts from the small policy's weights, since who can compute can check, with two layers on top: what the policy would
have written at a place is known only in its last layer, so it takes further layers to compare that with what was
written. At first only those learn; with them the step AUROC in arithmetic (levels 1, 3, 5 of the validation split) rose
from 0.75, 0.72, 0.69 to 0.85, 0.84, 0.81. Its labels follow Snell et al. 2024 (appendix
D, after Wang et al. 2024): the value of a prefix is the share of the policy's rollouts through it that end right, and 0
once a step is false or the goal is out of reach. One thing differs: a prefix that is true and can still reach the goal has
at least ½, because this policy is so often wrong later on that true steps would otherwise look like false ones. Beside
that, every token inside a step is labelled, 1 up to the first wrong character and 0 from it on; and on valid steps it goes
on learning to predict the next token.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import LlamaForTokenClassification, PreTrainedModel

from tts_viz.tasks.base import Problem, StepTruth
from tts_viz.training import policy_attempts
from tts_viz.training.corpus import ARITHMETIC, COUNTDOWN, draw, wrong_attempts
from tts_viz.training.loop import Row
from tts_viz.training.policy import grow_into
from tts_viz.training.sizes import Size, config
from tts_viz.training.tokenizer import BOS_ID, encode, tokenizer

OWN = 0.75
"""share of the rows that are the policy's own attempts; the rest are synthetic"""

NEXT_TOKEN = 0.3
"""weight of the next-token loss"""

NONE = -100.0


FLOOR = 0.5
"""label of a true prefix from which the goal can be reached but no rollout reached it"""


def new_verifier(size: Size, seed: int, policy: PreTrainedModel | None = None) -> LlamaForTokenClassification:
    """With a fresh head, on the body of `policy`, which must be as wide and at most as deep; without it on a fresh one.

    Only the head, the last norm and the layers that `policy` does not have are to learn.
    """
    torch.manual_seed(seed)
    shape = config(size, num_labels=2, id2label={0: "false", 1: "true"}, label2id={"false": 0, "true": 1})
    model = LlamaForTokenClassification._from_config(shape, attn_implementation="eager")  # pyright: ignore
    if policy is not None:
        grow_into(policy, model)
        model.model.embed_tokens.requires_grad_(False)
        model.model.layers[: policy.config.num_hidden_layers].requires_grad_(False)
    return model


class Labels:
    """Rows to learn from; see the module. Holds the policy's attempts with their labels, computed once."""

    def __init__(self, path: Path):
        self.rows: list[Row] = []
        for attempted in policy_attempts.read(path):
            self.rows.extend(own_rows(attempted.problem, attempted.attempts))

    def draw(self, rng: random.Random) -> Row:
        return rng.choice(self.rows) if self.rows and rng.random() < OWN else draw_slips(rng)


def draw_slips(rng: random.Random) -> Row:
    """A synthetic attempt: two in three slip somewhere."""
    solved = draw(rng)
    if rng.random() < 0.67 and (wrong := wrong_attempts(rng, solved, 1)):
        return labelled(solved.problem, wrong[0], {})
    return labelled(solved.problem, solved.steps, {})


def own_rows(problem: Problem, tried: Sequence[list[str]]) -> list[Row]:
    """The attempts, each prefix valued by the share of right ones among all attempts that share it."""
    task = COUNTDOWN if problem.task == "countdown" else ARITHMETIC
    outcomes: dict[tuple[str, ...], list[bool]] = defaultdict(list)
    for steps in tried:
        right = task.grade(problem, steps)
        for depth in range(1, len(steps) + 1):
            outcomes[tuple(steps[:depth])].append(right)
    values = {prefix: FLOOR + (1 - FLOOR) * sum(seen) / len(seen) for prefix, seen in outcomes.items()}
    return [labelled(problem, steps, values) for steps in tried if len(steps) <= 12]


def labelled(problem: Problem, steps: Sequence[str], values: dict[tuple[str, ...], float]) -> Row:
    """Targets per token: (is it true so far, the next token). A valid step's end needs a known value."""
    task = COUNTDOWN if problem.task == "countdown" else ARITHMETIC
    prompt = [BOS_ID, *encode(problem.prompt)]
    tokens, truth = list(prompt), [NONE] * len(prompt)
    learnt = len(prompt)
    for depth, (step, said) in enumerate(zip(steps, task.check(problem, steps)), 1):
        line = encode(step + "\n")
        value = values.get(tuple(steps[:depth]), NONE) if said.valid and said.reachable else 0.0
        tokens += line
        truth += [*_dense(line[:-1], said), value]
        if said.valid and learnt == len(tokens) - len(line):
            learnt = len(tokens)
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


def judging_loss(model: nn.Module, tokens: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the soft labels; tokens [rows, length], targets [rows, length, 2]."""
    return _judging_loss(model, model.model(input_ids=tokens).last_hidden_state, targets)  # pyright: ignore


def _judging_loss(model: nn.Module, hidden: Tensor, targets: Tensor) -> Tensor:
    judged = targets[:, :, 0] != NONE
    good = targets[:, :, 0][judged]
    logits = model.score(hidden[judged]).float()  # pyright: ignore
    return nn.functional.cross_entropy(logits, torch.stack([1 - good, good], 1))


def verifier_loss(model: nn.Module, tokens: Tensor, targets: Tensor) -> Tensor:
    """The judging loss, and that of the next token; shapes as there."""
    hidden = model.model(input_ids=tokens).last_hidden_state  # pyright: ignore
    said = _judging_loss(model, hidden, targets)
    read = targets[:, :, 1] != NONE
    words = hidden[read] @ model.model.embed_tokens.weight.T  # pyright: ignore
    return said + NEXT_TOKEN * nn.functional.cross_entropy(words.float(), targets[:, :, 1][read].long())
