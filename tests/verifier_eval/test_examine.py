"""One solution under examination: scores beside truths, what an edit moved, and that no step is read twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.noisy import Noisy
from tts_viz.engines.oracle import Oracle
from tts_viz.errors import EngineError
from tts_viz.tasks import get_task
from tts_viz.verifier_eval.examine import examine, moved, steps_before
from tts_viz.verifier_eval.score_cache import ScoreCache
from tts_viz.verifier_eval.solution import SolutionUnderTest

PUZZLE = get_task("countdown").parse("make 24 from 4 6 1")
GOOD = ("6*4=24 left 1 24", "24*1=24 left 24")
FALSE = ("6*4=25 left 1 25", "25-1=24 left 24")


class Listening:
    """The exact truth, which counts how many scores it was asked for."""

    name, parameters = "listening", 0

    def __init__(self, too_few: int = 0) -> None:
        self.wanted: list[int] = []
        self.searches: set[str] = set()
        self.closed: list[str] = []
        self.too_few = too_few

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        self.wanted += [request.wanted for request in requests]
        self.searches |= {request.search for request in requests}
        said = await Oracle().score(requests)
        return [Rewards(one.rewards[self.too_few :]) for one in said]

    def release(self, dead: object) -> None: ...

    def close(self, search: str) -> None:
        self.closed.append(search)


def solution(*steps: str) -> SolutionUnderTest:
    return SolutionUnderTest(PUZZLE, steps)


def test_scores_stand_beside_what_is_true() -> None:
    seen = examine(solution(*FALSE), {"oracle": Oracle(), "upside": Noisy(Oracle(), 0.5)}, ScoreCache())
    assert seen.truths is not None
    assert [t.reason for t in seen.truths] == ["6×4 is 24, not 25.", "It builds on a false step."]
    assert seen.scores["oracle"] == (0.0, 0.0)
    assert set(seen.scores["upside"]) <= {0.0, 1.0}
    assert seen.right is False
    assert examine(solution(*GOOD), {"oracle": Oracle()}, ScoreCache()).right is True


def test_a_verifier_that_cannot_answer_does_not_keep_the_others_from_it() -> None:
    class Broken(Listening):
        async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
            raise EngineError("out of memory")

    seen = examine(
        solution(*GOOD), {"broken": Broken(), "short": Listening(too_few=1), "oracle": Oracle()}, ScoreCache()
    )
    assert seen.scores == {"oracle": (1.0, 1.0)}
    assert seen.refusals == {"broken": "out of memory", "short": "short gave 1 scores for 2 steps"}


def test_only_what_is_new_is_asked_for_and_what_was_read_is_let_go() -> None:
    asked, verifier = ScoreCache(), Listening()
    assert asked.scores("v", verifier, [solution(*GOOD), solution(*FALSE)]) == [(1.0, 1.0), (0.0, 0.0)]
    assert asked.scores("v", verifier, [solution(*GOOD), solution(GOOD[0], "24/1=24 left 24")]) == [(1.0, 1.0)] * 2
    assert verifier.wanted == [2, 2, 1]
    assert asked.scores("other format", verifier, [solution(*GOOD)]) == [(1.0, 1.0)]
    assert verifier.wanted == [2, 2, 1, 2]
    assert set(verifier.closed) == verifier.searches
    assert len(verifier.closed) == 3


def test_steps_that_run_together_the_same_are_not_taken_for_one_another() -> None:
    asked = ScoreCache()
    asked.know("v", solution("ab", "c"), [0.25, 0.5])
    asked.know("v", solution("a", "bc"), [0.75, 1.0])
    assert asked.scores("v", Listening(), [solution("ab", "c"), solution("a", "bc")]) == [(0.25, 0.5), (0.75, 1.0)]


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    asked, verifier = ScoreCache(remembered=2), Listening()
    asked.scores("v", verifier, [solution(*GOOD)])
    asked.scores("v", verifier, [solution(*FALSE)])
    asked.scores("v", verifier, [solution(*FALSE), solution(*GOOD)])
    assert verifier.wanted == [2, 2, 2]


@pytest.mark.parametrize(
    ("before", "now", "places"),
    [
        ("a b c", "a b c", [0, 1, 2]),
        ("a b c", "a x c", [0, 1, 2]),
        ("a b c", "a c", [0, 2]),
        ("a b c", "a b x c", [0, 1, None, 2]),
        ("a b c", "x b c y", [0, 1, 2, None]),
    ],
)
def test_each_step_finds_the_one_that_stood_in_its_place(before: str, now: str, places: list[int | None]) -> None:
    asked = {"oracle": Oracle()}
    one, other = (examine(solution(*text.split()), asked, ScoreCache()) for text in (before, now))
    assert steps_before(one, other) == places
    assert steps_before(None, other) == [None] * len(places)


def test_an_edit_moves_its_own_score_and_those_after_it_only() -> None:
    asked = {"oracle": Oracle()}
    before = examine(solution("6*4=24 left 1 24", "24+1=24 left 24"), asked, ScoreCache())
    now = examine(solution(*GOOD), asked, ScoreCache())
    assert moved(before, now, "oracle") == [None, 0.0]
    assert now.scores["oracle"] == (1.0, 1.0)
    assert moved(before, now, "another") == [None, None]
    elsewhere = examine(SolutionUnderTest(get_task("countdown").parse("make 25 from 4 6 1"), GOOD), asked, ScoreCache())
    assert moved(before, elsewhere, "oracle") == [None, None]
