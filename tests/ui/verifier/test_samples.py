"""A solution sampled for the Verifier tab: as long as its policy may write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from tests.search.scripted import ScriptedVerifier
from tts_viz.core.budget import Cost
from tts_viz.engines.base import Candidate, Sampled, SampleRequest
from tts_viz.engines.load.cache import ModelCache
from tts_viz.search.scheduler import Scheduler
from tts_viz.tasks import get_task
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.verifier.jobs import VerifierTabState
from tts_viz.ui.verifier.samples import one_solution


class Talker:
    """A chat model, whose steps are long."""

    name, parameters, step_tokens = "talker", 1, 512

    def __init__(self) -> None:
        self.most: list[int] = []

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        self.most += [request.max_tokens for request in requests]
        return [Sampled(Candidate("9", (1,), (-0.5,), "eos", ("9",)), Cost(1, 1)) for _ in requests]


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    made = Scheduler()
    yield made
    made.close()


def test_a_sample_may_be_as_long_as_its_policy_writes(scheduler: Scheduler) -> None:
    talker = Talker()
    models = OfferedModels(("talker",), ("v",), cache=ModelCache({"talker": talker}, {"v": ScriptedVerifier({})}))
    bench = VerifierTabState(Visitors(scheduler, Library.in_memory()), models)
    steps = asyncio.run(one_solution(bench, get_task("countdown").problem("test", 1, 0)))
    assert steps == ["9"]
    assert talker.most == [512]
