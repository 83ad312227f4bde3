"""What a model learns from that revises: the small policy's own attempts, right and wrong, and the next one after them.

The next attempt keeps what is sound in the last one that is shown, word for word, and goes on rightly from there; a right one
is written again as it is. So copying is in every row, and nothing in the context says whether an attempt is right:
that is what the model has to find out (Snell et al. 2024, section 6, show wrong attempts only).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from transformers import LlamaForCausalLM, PreTrainedModel

from tts_viz.tasks.base import Problem
from tts_viz.tasks.revision_prompt import MOST_ATTEMPTS
from tts_viz.training import policy, policy_attempts
from tts_viz.training.corpus import example, mended
from tts_viz.training.loop import Row
from tts_viz.training.sizes import Size
from tts_viz.training.sources import SOURCES

PLAIN = 0.25
"""share of the rows that are plain solutions, so that a first attempt is not forgotten"""

RIGHT = 0.5
"""how often the attempt that is to be revised is a right one, where there are both"""

CONTEXTS = (4, 3, 2, 1)
"""odds of one, two, three and four attempts in a context"""


@dataclass(frozen=True, slots=True)
class GradedProblem:
    """A problem and the attempts at it, by whether they are right."""

    problem: Problem
    right: list[list[str]]
    wrong: list[list[str]]


class Revisions:
    """Rows of the module's kind, from the attempts in a file."""

    def __init__(self, path: Path):
        self.tried: list[GradedProblem] = []
        for tried in policy_attempts.read(path):
            task = SOURCES[tried.problem.task].task
            graded = [(bool(task.grade(tried.problem, steps)), steps) for steps in tried.attempts if steps]
            if graded:
                self.tried.append(
                    GradedProblem(tried.problem, [s for ok, s in graded if ok], [s for ok, s in graded if not ok])
                )

    def draw(self, rng: random.Random) -> Row:
        if not self.tried or rng.random() < PLAIN:
            return policy.draw(rng)
        tried = rng.choice(self.tried)
        last = rng.choice(tried.right if tried.right and (not tried.wrong or rng.random() < RIGHT) else tried.wrong)
        others = [steps for steps in (*tried.right, *tried.wrong) if steps is not last]
        count = rng.choices(range(MOST_ATTEMPTS), CONTEXTS)[0]
        shown = [*rng.sample(others, min(count, len(others))), last]
        return policy.row(example(tried.problem, mended(rng, tried.problem, last), shown))


def new_reviser(size: Size, seed: int, small: PreTrainedModel) -> LlamaForCausalLM:
    """On the body of the small policy, with more layers, which at first pass everything on."""
    model = policy.new_policy(size, seed)
    policy.grow_into(small, model, size.hidden // small.config.hidden_size)
    return model
