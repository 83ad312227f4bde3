"""A cache of verifier scores: each verifier reads a step once, however often it is requested.

A score depends only on the problem and the steps up to its own, never on later ones; these are the cache key.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from itertools import count

from tts_viz.engines.base import Remembering, ScoreRequest, Verifier
from tts_viz.verifier_eval.solution import SolutionUnderTest

REMEMBERED = 100_000
"""Cached scores; the least recently used are dropped."""

Scores = tuple[float, ...]
"""One number from 0 to 1 for each step, in order."""

_searches = count()


class ScoreCache:
    """Least-recently-used cache of step scores. Thread-safe."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._known: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def scores(self, name: str, verifier: Verifier, solutions: Sequence[SolutionUnderTest]) -> list[Scores]:
        """The scores of all steps of each solution. Blocks while the model runs, so do not call it from an event loop.

        `name` identifies the verifier: the same weights may be offered twice, with two formats. Raises EngineError, and
        ValueError if the numbers of rewards and steps differ.
        """
        keys = [_keys(name, solution) for solution in solutions]
        with self._lock:
            known = [[self._known.get(key) for key in those] for those in keys]
        search = f"bench-{next(_searches)}"
        missing = [i for i, those in enumerate(known) if None in those]
        requests = [_request(solutions[i], known[i].index(None), search) for i in missing]
        if requests:
            try:
                answers = asyncio.run(_answers(verifier, requests))
            finally:
                if isinstance(verifier, Remembering):
                    verifier.close(search)
            for i, request, answer in zip(missing, requests, answers, strict=True):
                if len(answer) != request.wanted:
                    raise ValueError(f"{name} gave {len(answer)} scores for {request.wanted} steps")
                known[i][-request.wanted :] = answer
        found = [tuple(score for score in those if score is not None) for those in known]
        for those, scores in zip(keys, found):
            self._remember(those, scores)
        return found

    def know(self, name: str, solution: SolutionUnderTest, scores: Sequence[float | None]) -> None:
        """Store scores that the verifier gave elsewhere; None where it gave none."""
        self._remember(_keys(name, solution), scores)

    def _remember(self, keys: Sequence[bytes], scores: Sequence[float | None]) -> None:
        with self._lock:
            for key, score in zip(keys, scores, strict=True):
                if score is not None:
                    self._known[key] = score
                    self._known.move_to_end(key)
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)


async def _answers(verifier: Verifier, requests: Sequence[ScoreRequest]) -> list[Scores]:
    return [answer.rewards for answer in await verifier.score(requests)]


def _request(solution: SolutionUnderTest, first: int, search: str) -> ScoreRequest:
    """A request for the scores from step `first` on."""
    problem = solution.problem if solution.problem.task else None
    return ScoreRequest(solution.problem.prompt, solution.steps, len(solution.steps) - first, problem, search)


def _keys(name: str, solution: SolutionUnderTest) -> list[bytes]:
    """One key per step. A verifier's name stands for its weights, which do not change while the program runs."""
    so_far = hashlib.blake2b(digest_size=16)
    keys = []
    for text in (name, solution.problem.prompt, *solution.steps):
        so_far.update(len(text).to_bytes(8) + text.encode("utf-8", "surrogatepass"))
        keys.append(so_far.digest())
    return keys[2:]
