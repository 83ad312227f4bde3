"""From step scores to one score, from solutions to an answer. Pure functions of numbers and strings.

Step aggregation (which of a solution's step scores count) and answer aggregation (how solutions vote) are choices made
*after* a search as well as during it; Snell et al. 2024, section 5.1: "last" suits PRMs trained on Monte-Carlo values,
"min" and "product" those trained on labels of correctness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from statistics import fmean

STEP_AGGREGATIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "last": lambda scores: scores[-1],
    "min": min,
    "product": prod,
    "mean": fmean,
}

VOTES: dict[str, str] = {
    "weighted": "Solutions with the same answer add up their scores; the answer with the highest sum wins.",
    "best": "The one solution with the highest score wins.",
    "chains": "Each chain of revisions settles on its best-supported answer; these then vote with their scores.",
    "majority": "The answer that most solutions give wins; scores only break ties.",
}


def steps(scores: Sequence[float], aggregation: str) -> float:
    """One score for a solution from its step scores (at least one). Raises ValueError for an unknown aggregation."""
    if aggregation not in STEP_AGGREGATIONS:
        raise ValueError(f"unknown step aggregation {aggregation!r}; use one of {', '.join(STEP_AGGREGATIONS)}")
    return STEP_AGGREGATIONS[aggregation](scores)


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


def rank(ballots: Sequence[Ballot], vote: str) -> list[Ranked]:
    """Best first: by the weight of the answer, then by the solution's own score, then by order of arrival.

    Best-of-N weighted is argmax_a Σ_i 1{a_i = a}·score_i (Snell et al. 2024, section 5.1). A solution without an answer
    has no weight; one without a score counts 0 where scores count. Raises ValueError for an unknown vote.
    """
    if vote not in VOTES:
        raise ValueError(f"unknown vote {vote!r}; use one of {', '.join(VOTES)}")
    weight = _chain_weights(ballots) if vote == "chains" else _weights(ballots, vote)
    ranked = [Ranked(b, weight.get(b.answer, 0.0) if b.answer is not None else 0.0) for b in ballots]
    return sorted(ranked, key=lambda r: (r.ballot.answer is None, -r.weight, -(r.ballot.score or 0.0)))


def _weights(ballots: Iterable[Ballot], vote: str) -> dict[str, float]:
    weight: dict[str, float] = defaultdict(float)
    for b in ballots:
        if b.answer is None:
            continue
        score = b.score or 0.0
        match vote:
            case "weighted":
                weight[b.answer] += score
            case "majority":
                weight[b.answer] += 1.0
            case _:
                weight[b.answer] = max(weight[b.answer], score)
    return weight


def _chain_weights(ballots: Sequence[Ballot]) -> dict[str, float]:
    """Weighted within each chain, then weighted among the chains' winners (Snell et al. 2024, section 6.1)."""
    chains: dict[str, list[Ballot]] = defaultdict(list)
    for b in ballots:
        if b.answer is not None:
            chains[b.chain or b.node].append(b)
    winners = []
    for attempts in chains.values():
        won = rank(attempts, "weighted")[0].ballot.answer
        winners.append(max((b for b in attempts if b.answer == won), key=lambda b: b.score or 0.0))
    return _weights(winners, "weighted")
