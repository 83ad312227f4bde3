"""What verifiers said of steps, remembered: a step is read once by each verifier, whoever asks for it again.

A score depends on the problem and on the steps up to its own, never on what follows; so that is what it is remembered by.
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
"""Scores; those that were asked for longest ago are forgotten."""

Scores = tuple[float, ...]
"""One number from 0 to 1 for each step, in order."""

_searches = count()


class ScoreCache:
    """Every method may be called from any thread."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._known: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def scores(self, name: str, verifier: Verifier, solutions: Sequence[SolutionUnderTest]) -> list[Scores]:
        """The scores of all steps of each solution. Not for an event loop: it may take as long as the model does.

        `name` tells verifiers apart: the same weights may be offered twice, read in two formats. Raises EngineError, and
        ValueError where there are not as many rewards as steps.
        """
        keys = [_keys(name, solution) for solution in solutions]
        with self._lock:
            known = [[self._known.get(key) for key in those] for those in keys]
        search = f"bench-{next(_searches)}"
        missing = [i for i, those in enumerate(known) if None in those]
        requests = [_question(solutions[i], known[i].index(None), search) for i in missing]
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
        """This is what the verifier said when another asked it; None where it did not."""
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


def _question(solution: SolutionUnderTest, first: int, search: str) -> ScoreRequest:
    """The scores from step `first` on."""
    problem = solution.problem if solution.problem.task else None
    return ScoreRequest(solution.problem.prompt, solution.steps, len(solution.steps) - first, problem, search)


def _keys(name: str, solution: SolutionUnderTest) -> list[bytes]:
    """One for each step. A verifier's name stands for its weights, which do not change while this program runs."""
    so_far = hashlib.blake2b(digest_size=16)
    keys = []
    for text in (name, solution.problem.prompt, *solution.steps):
        so_far.update(len(text).to_bytes(8) + text.encode("utf-8", "surrogatepass"))
        keys.append(so_far.digest())
    return keys[2:]
