"""From step scores to one score, from solutions to an answer. Pure functions of numbers and strings.

Step aggregation (which of a solution's step scores count) and answer aggregation (how solutions vote) are choices made
*after* a search as well as during it; Snell et al. 2024, section 5.1: "last" suits PRMs trained on Monte-Carlo values,
"min" and "product" those trained on labels of correctness.

To add one: `STEP_AGGREGATIONS.add(name, StepAggregation(…))` or `VOTES.add(name, Vote(…))`, here or in a module of another
package that an entry point of the group `tts_viz.step_aggregations` or `tts_viz.votes` names. The page, the command line,
sweeps and the laboratory offer what is registered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from statistics import fmean

from tts_viz.core.registry import Registry


@dataclass(frozen=True, slots=True)
class StepAggregation:
    """How a solution's step scores become one score.

    `of` is given at least one score. `help` is a sentence for people; `by` completes "decided by the …" and says it beside a
    score ("lowest step"); it is "" where nothing needs to be said.
    """

    of: Callable[[Sequence[float]], float]
    help: str
    by: str = ""


STEP_AGGREGATIONS: Registry[StepAggregation] = Registry("step aggregation", "tts_viz.step_aggregations")

STEP_AGGREGATIONS.add("last", StepAggregation(lambda scores: scores[-1], "The score of the newest step alone."))
STEP_AGGREGATIONS.add(
    "min",
    StepAggregation(
        min, "The lowest score of any step so far: a chain is as strong as its weakest link.", "lowest step"
    ),
)
STEP_AGGREGATIONS.add(
    "product",
    StepAggregation(prod, "All step scores multiplied, as if each were an independent chance.", "product of its steps"),
)
STEP_AGGREGATIONS.add("mean", StepAggregation(fmean, "The average of all step scores.", "mean of its steps"))


def steps(scores: Sequence[float], aggregation: str) -> float:
    """One score for a solution from its step scores (at least one). Raises ValueError for an unknown aggregation."""
    return STEP_AGGREGATIONS.named(aggregation).of(scores)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One finished solution: its node id, the answer it gives (None: none found), its aggregate (None: not scored), and
    the chain of revisions that it is an attempt of (None: of none, it stands for itself)."""

    node: str
    answer: str | None
    score: float | None
    chain: str | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ballot with the weight of its answer under the vote."""

    ballot: Ballot
    weight: float


@dataclass(frozen=True, slots=True)
class Vote:
    """How solutions settle on an answer.

    `weigh` gives each answer its weight; it is given ballots that have an answer, and a missing score counts 0. `help` is a
    sentence for people. `scored`: the weights depend on the verifier's scores.
    """

    weigh: Callable[[Sequence[Ballot]], Mapping[str, float]]
    help: str
    scored: bool = True


VOTES: Registry[Vote] = Registry("vote", "tts_viz.votes")


def rank(ballots: Sequence[Ballot], vote: str) -> list[Ranked]:
    """Best first: by the weight of the answer, then by the solution's own score, then by order of arrival.

    A solution without an answer has no weight. Raises ValueError for an unknown vote.
    """
    weight = VOTES.named(vote).weigh([b for b in ballots if b.answer is not None])
    ranked = [Ranked(b, weight.get(b.answer, 0.0) if b.answer is not None else 0.0) for b in ballots]
    return sorted(ranked, key=lambda r: (r.ballot.answer is None, -r.weight, -(r.ballot.score or 0.0)))


def _gathered(ballots: Sequence[Ballot], gather: Callable[[float, float], float]) -> Mapping[str, float]:
    """Each answer's weight after all its ballots, one after another: `gather(weight, score)`, from 0."""
    weight: dict[str, float] = defaultdict(float)
    for b in ballots:
        if b.answer is not None:
            weight[b.answer] = gather(weight[b.answer], b.score or 0.0)
    return weight


def _weighted(ballots: Sequence[Ballot]) -> Mapping[str, float]:
    """Best-of-N weighted is argmax_a Σ_i 1{a_i = a}·score_i (Snell et al. 2024, section 5.1)."""
    return _gathered(ballots, lambda weight, score: weight + score)


def _best(ballots: Sequence[Ballot]) -> Mapping[str, float]:
    return _gathered(ballots, max)


def _majority(ballots: Sequence[Ballot]) -> Mapping[str, float]:
    return _gathered(ballots, lambda weight, _: weight + 1)


def _chains(ballots: Sequence[Ballot]) -> Mapping[str, float]:
    """Weighted within each chain, then weighted among the chains' winners (Snell et al. 2024, section 6.1)."""
    chains: dict[str, list[Ballot]] = defaultdict(list)
    for b in ballots:
        chains[b.chain or b.node].append(b)
    winners = []
    for attempts in chains.values():
        won = rank(attempts, "weighted")[0].ballot.answer
        winners.append(max((b for b in attempts if b.answer == won), key=lambda b: b.score or 0.0))
    return _weighted(winners)


VOTES.add(
    "weighted",
    Vote(_weighted, "Solutions with the same answer add up their scores; the answer with the highest sum wins."),
)
VOTES.add("best", Vote(_best, "The one solution with the highest score wins."))
VOTES.add(
    "chains",
    Vote(_chains, "Each chain of revisions settles on its best-supported answer; these then vote with their scores."),
)
VOTES.add(
    "majority",
    Vote(_majority, "The answer that most solutions give wins; scores only break ties.", scored=False),
)
