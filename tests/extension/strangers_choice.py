"""A step aggregation and a vote."""

from collections.abc import Mapping, Sequence
from math import prod

from tts_viz.core.aggregation import STEP_AGGREGATIONS, VOTES, Ballot, StepAggregation, Vote


def squared(ballots: Sequence[Ballot]) -> Mapping[str, float]:
    weight: dict[str, float] = {}
    for ballot in ballots:
        weight[ballot.answer or ""] = weight.get(ballot.answer or "", 0.0) + (ballot.score or 0.0) ** 2
    return weight


STEP_AGGREGATIONS.add(
    "geometric",
    StepAggregation(
        lambda scores: prod(scores) ** (1 / len(scores)),
        "The product of all step scores, made fair to long solutions.",
        "geometric mean of its steps",
    ),
)
VOTES.add("squared", Vote(squared, "Solutions with the same answer add up the squares of their scores."))
