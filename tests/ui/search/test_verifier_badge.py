"""The doctor's badge under the list of verifiers, in a real browser: what it says of the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ui.browser import chromium, sync_api, tab  # noqa: F401
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.page import build_page, launch_options

if not all(folder.is_dir() for folder in EMBEDDED.values()):
    pytest.skip("the embedded models are not here: python -m tts_viz train all", allow_module_level=True)


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    scheduler = Scheduler()
    models = OfferedModels(verifiers=("verifier", "oracle", "/nowhere/at/all"))
    page = build_page(models, scheduler, Library.in_memory())
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield url
    page.close()
    scheduler.close()


def test_the_badge_examines_the_chosen_verifier_and_follows_the_list(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    page = tab(app)
    page.click("text=Models, seed and speed")
    badge = page.locator("#badge .badge")
    sync_api.expect(badge).to_contain_text("✓ reads steps as “trl”; all examinations passed", timeout=30_000)
    assert not badge.locator("li").first.is_visible()
    badge.locator("summary").click()
    sync_api.expect(badge.locator("li")).to_have_count(5)
    sync_api.expect(badge.locator("li").last).to_contain_text("the right solution outscores the wrong one")
    assert badge.locator("li").first.is_visible()
    page.click("#verifier input")
    page.click('[role="option"]:text-is("oracle")')
    sync_api.expect(badge).to_have_count(0)  # it is no model: there is nothing to examine
    page.click("#verifier input")
    page.click('[role="option"]:text-is("/nowhere/at/all")')
    sync_api.expect(page.locator("#badge .badge.bad")).to_contain_text("/nowhere/at/all", timeout=30_000)
    page.click("#verifier input")
    page.click('[role="option"]:text-is("verifier")')
    sync_api.expect(badge).to_contain_text("all examinations passed", timeout=30_000)
