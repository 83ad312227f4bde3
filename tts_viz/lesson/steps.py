"""The eight steps of the lesson: the texts, and the search that demonstrates each.

Problems and seeds were chosen by running them, so that the embedded models show each point; a test runs them all and
checks that they still do.
"""

from __future__ import annotations

from dataclasses import dataclass

from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.lesson import outcomes
from tts_viz.lesson.outcomes import Reading
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem

POLICY, VERIFIER = "policy-small", "verifier"

PACE = 0.3
"""Seconds between two rounds, so that the growth of the tree is visible."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A search that a button starts, and the reading of its outcome."""

    label: str
    problem: tuple[str, int, int]
    """(task, level, index) in the test split."""
    strategy: str
    parameters: dict[str, int]
    reading: Reading
    vote: str = "weighted"

    def ask(self) -> Problem:
        task, level, index = self.problem
        return get_task(task).problem("test", level, index)

    def settings(self) -> Settings:
        return Settings(self.strategy, dict(self.parameters), Budget(generations=64), vote=self.vote, seed=0)


@dataclass(frozen=True, slots=True)
class LessonStep:
    """`text`: paragraphs, with [[terms]] of the glossary. `trials`: “Do it” runs the first one. `after`: shown once the
    search has ended."""

    title: str
    term: str
    text: tuple[str, ...]
    trials: tuple[Trial, ...]
    after: str
    see: tuple[str, ...] = ()
    """What to look for in the tree."""


LONG = ("arithmetic", 5, 4)  # (12+20)*(1+18-16)-(20+39-8)+14

STEPS: tuple[LessonStep, ...] = (
    LessonStep(
        "One try is not enough",
        "sample",
        (
            "Here is a small language model. It has learned to work out sums, one calculation a line. It is not very good.",
            "Like all such models it rolls dice for every character that it writes. Ask it the same thing again, and it may "
            "answer something else. Each complete try is called a [[sample]]. Let it try eight times.",
        ),
        (Trial("Try 8 times", LONG, "majority", {"n": 8}, outcomes.samples, "majority"),),
        "So the model can do it; it just cannot do it every time. Everything that follows is about making something of that.",
        see=(
            "Each path from left to right is one try, each dot one line of it.",
            "✗ marks a false line. The model does not see these marks; an exact checker puts them there for you.",
        ),
    ),
    LessonStep(
        "Let them vote",
        "majority vote",
        (
            "We do not know which tries are right. But we can count. In a [[majority vote]] the answer that comes most often "
            "wins. Take the same sum, and twice as many tries.",
        ),
        (Trial("Try 16 times and vote", LONG, "majority", {"n": 16}, outcomes.vote, "majority"),),
        "A vote costs nothing but more tries. It fails when one mistake is more popular than the truth.",
        see=("The table of answers under the tree counts the votes.",),
    ),
    LessonStep(
        "Ask someone who can judge",
        "verifier",
        (
            "Now a sum at which many tries make the same mistake. We bring in a second model, a [[verifier]]: it reads a "
            "solution and says how likely it is to be right. It has never seen the answer either; it has learned what mistakes "
            "look like.",
        ),
        (
            Trial(
                "Try 16 times and let the verifier choose",
                ("arithmetic", 4, 7),
                "best_of_n",
                {"n": 16},
                outcomes.verifier,
                "best",
            ),
        ),
        "Checking is easier than doing. That is why a second model, no larger than the first, is of use at all.",
        see=("Colour is the verifier’s score: dark blue is hopeless, yellow is sure.",),
    ),
    LessonStep(
        "Look at every step",
        "step",
        (
            "A solution is a chain of [[steps|step]], and one false step spoils all that follow. The verifier does not wait for "
            "the end: it scores every step.",
            "Here is a longer sum. Watch where the tries break, and whether the verifier notices.",
        ),
        (Trial("Try 16 times", ("arithmetic", 5, 10), "best_of_n", {"n": 16}, outcomes.steps),),
        "If we know that early that a try is spoiled, why let it write to its end?",
        see=("Click a dot: what the verifier said of each step so far, and what is really true.",),
    ),
    LessonStep(
        "Drop the bad ones early",
        "beam search",
        (
            "That is the idea of [[beam search]]: write 16 first steps, keep the best 4, write 4 next steps from each, keep the "
            "best 4 of those 16, and so on. It is the same sum, and no more writing than 16 whole tries.",
        ),
        (Trial("Search with a beam", ("arithmetic", 5, 10), "beam", {"n": 16, "m": 4}, outcomes.beam),),
        "The same work, spent on better beginnings.",
        see=("Squares were given up. Click one to read why.",),
    ),
    LessonStep(
        "Look before you leap",
        "lookahead",
        (
            "Another puzzle, Countdown: use all the numbers to make the target. Here a step can be true and still be the end: "
            "after it, the target is out of reach (violet bar). That is hard to see from the step alone.",
            "With [[lookahead]] each candidate is first played on for two steps, and judged by where that leads. First see what "
            "happens without.",
        ),
        (
            Trial("Without looking ahead", ("countdown", 3, 11), "beam", {"n": 16, "m": 4}, outcomes.beam),
            Trial(
                "Look 2 steps ahead", ("countdown", 3, 11), "lookahead", {"n": 16, "m": 4, "k": 2}, outcomes.lookahead
            ),
        ),
        "Looking ahead helps most where a step’s worth shows late. It must be paid for at every step, also where it changes "
        "nothing.",
        see=("Dashed lines are looks ahead.",),
    ),
    LessonStep(
        "When the judge is wrong",
        "over-optimisation",
        (
            "The verifier is a model too, and makes mistakes. A search does not avoid them: it goes looking for whatever "
            "gets a high score. Doing that too hard is called [[over-optimisation]].",
            "Here a whole beam follows the verifier. Then let 16 independent tries, which nobody steers, do the same sum.",
        ),
        (
            Trial("Search with a beam", ("arithmetic", 5, 20), "beam", {"n": 16, "m": 4}, outcomes.fooled),
            Trial("Try 16 times instead", ("arithmetic", 5, 20), "best_of_n", {"n": 16}, outcomes.fooled),
        ),
        "The more a search trusts its verifier, the better that verifier has to be. More search is not always better.",
        see=("A yellow dot with an ✗: the verifier is sure, and wrong.",),
    ),
    LessonStep(
        "Try again, and spend where it pays",
        "revision",
        (
            "One can also let the model read its own attempt and write another: a [[revision]]. It is the sum of the first two "
            "steps, and as much writing as in the first: four attempts, each of them read again once.",
            "This sum was picked because it works there. On most, this model is no better for having read its first try.",
        ),
        (
            Trial(
                "Attempt 4 times, and revise",
                LONG,
                "parallel_revisions",
                {"chains": 4, "length": 2},
                outcomes.revisions,
                "chains",
            ),
        ),
        "What is right already needs no second look, and what is hard needs more than one. So the last question is not how "
        "much to spend, but on what.",
        see=("A hexagon is where a new attempt begins, with the one before it in view.",),
    ),
)  # fmt: skip

EXERCISE = len(STEPS) + 1
"""The number of the exercise, after the last step."""
