"""MATH problems in a real browser: chosen by level and subject, printed as mathematics, solved, and safe to look at."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.ui.browser import chromium, sync_api, tab  # noqa: F401
from tts_viz.core.budget import Cost
from tts_viz.engines.base import Candidate, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.search.scheduler import Scheduler
from tts_viz.tasks import TASKS
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.page import build_page, launch_options

PROBLEM = "What is the positive $x$ with $x^2 = 9 < 10$? ![](http://evil.example/a.png) <b>now</b>"
STEPS = (
    "We take the square root of both sides: \\[x = \\pm\\sqrt{9}.\\]",
    "Since $x > 0$ <img src=x onerror=alert(1)> only $x = 3$ is left.",
    "The answer is $\\boxed{3}$.",
)


class Writer:
    """A policy that writes the steps above, the last of them sometimes wrong."""

    name, parameters, step_tokens = "writer", 1_500_000_000, 512

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return [self._said(request) for request in requests]

    def _said(self, request: SampleRequest) -> Sampled:
        text = STEPS[len(request.steps)]
        last = len(request.steps) == len(STEPS) - 1
        if last and random.Random(request.seed).random() < 0.3:
            text = text.replace("3", "9")
        return Sampled(Candidate(text, (1,), (-0.5,), "eos" if last else "step", (text,)), Cost(1, 1))


class Reader:
    name, parameters = "reader", 7_000_000_000

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return [Rewards(tuple(0.1 if "9}$" in s else 0.8 for s in r.steps[-r.wanted :])) for r in requests]


class TwoModels(OfferedModels):
    def policy(self, name: str) -> Any:
        return Writer()

    def verifier(self, name: str) -> Any:
        return Reader()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    source = tmp_path_factory.mktemp("math") / "one.jsonl"
    row = {"problem": PROBLEM, "level": 3, "subject": "Algebra", "unique_id": "a/1", "answer": "3"}
    source.write_text(json.dumps(row))
    before = TASKS["math500"]
    TASKS.replace("math500", before.from_source(str(source)))
    scheduler = Scheduler()
    page = build_page(TwoModels(("writer", "policy-small"), ("reader",)), scheduler, Library.in_memory())
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield url
    page.close()
    scheduler.close()
    TASKS.replace("math500", before)


def test_a_math_problem_is_chosen_printed_solved_and_graded(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    page = tab(app, width=1440, height=1000)
    page.wait_for_selector("#tree [data-painted], #tree[data-painted]")
    page.click('#task label:has-text("MATH-500")')
    sync_api.expect(page.locator("#question .katex").first).to_be_visible(timeout=10_000)
    assert "positive" in page.inner_text("#question")
    assert "![](http://evil" in page.inner_text("#question")
    assert page.locator("#question img, #question b").count() == 0
    page.click("#level label:has-text('1')")
    sync_api.expect(page.locator("#notice")).to_contain_text("no problem of level 1")
    page.click("#run")
    sync_api.expect(page.locator("#status")).to_contain_text("Finished", timeout=30_000)
    sync_api.expect(page.locator("#status")).to_contain_text("✓ right")
    sync_api.expect(page.locator("#typeset .katex-display")).to_be_visible()
    assert page.locator("#typeset img").count() == 0


def test_a_policy_that_never_learned_it_says_so(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    page = tab(app, width=1440, height=900)
    page.click('#task label:has-text("MATH-500")')
    page.click("text=Models, seed and speed")
    page.click("#policy input")
    page.click('[role="option"]:has-text("policy-small")')
    page.click("#run")
    sync_api.expect(page.locator("#notice")).to_contain_text("has only learned Countdown and Arithmetic")
