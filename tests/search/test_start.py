"""How every search begins."""

from __future__ import annotations

from dataclasses import asdict

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier
from tts_viz.core.events import Settings
from tts_viz.search.start import started
from tts_viz.tasks import get_task

PROBLEM = get_task("countdown").problem("test", 1, 0)


class Talker(ScriptedPolicy):
    step_tokens = 512


def test_a_search_begins_with_all_that_is_known_of_it() -> None:
    settings = Settings("greedy", {}, seed=7)
    first = started(PROBLEM, settings, Talker({}), ScriptedVerifier({}), policy_name="talker?dtype=float16")
    assert (first.prompt, first.problem, first.settings) == (PROBLEM.prompt, asdict(PROBLEM), settings)
    assert first.max_tokens == 512
    assert (first.policy, first.verifier) == ("talker?dtype=float16", ScriptedVerifier.name)
