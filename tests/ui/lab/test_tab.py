"""The laboratory in a real browser: a small sweep, its figure, and from a point of it to the search behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.ui.browser import at_rest, chromium, go_to, sync_api, tab  # noqa: F401

PLACES = """(trace) => [...document.querySelectorAll('#lab-plot .scatterlayer .trace')[trace].querySelectorAll('.point')]
    .map((point) => point.getBoundingClientRect()).map((box) => [box.x + box.width / 2, box.y + box.height / 2])"""


def says(page: Any, part: str, words: str) -> None:
    sync_api.expect(page.locator(part)).to_contain_text(words, timeout=30_000)


@pytest.mark.timeout(120)
def test_from_a_small_sweep_to_one_of_its_searches(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    page = tab(app, width=1280, height=900)
    page.wait_for_selector("#tree [data-painted], #tree[data-painted]")
    page.click('button[role="tab"]:has-text("Lab")')
    says(page, "#lab-reading", "You have run no small sweep yet")

    page.click('#small-arms label:has-text("Beam")')
    says(page, "#small-said", "two to four")
    page.click("#small-run")
    says(page, "#small-said", "two to four")
    page.click('#small-arms label:has-text("Beam")')
    page.click('#small-budget label:has-text("4")')
    says(page, "#small-said", "80 generations")
    page.click("#small-run")
    says(page, "#small-said", "Finished: 80 generations")
    page.wait_for_selector("#lab-plot .plot[data-points]")
    says(page, "#lab-reading", "of 10 held-out problems (Countdown)")
    with page.expect_download() as table:
        page.click("#small-save")
    assert table.value.suggested_filename == "tts_viz-sweep.parquet"
    with page.expect_download() as picture:
        page.click('#lab-plot [data-save="svg"]')
    assert picture.value.suggested_filename == "tts_viz-figure.svg"

    # A switch redraws; a real click on a point lists what is behind it.
    page.click("#lab-switch-0 input")
    page.click('[role="option"]:has-text("tokens")')
    says(page, "#lab-plot .xtitle", "tokens")
    page.locator("#lab-plot").scroll_into_view_if_needed()
    page.mouse.click(*at_rest(page, PLACES, 0)[-1])
    says(page, "#lab-behind", "of the runs behind this point")
    problem = page.locator("#lab-behind [data-problem]").first
    text = problem.inner_text()
    verdict = page.locator("#lab-behind .mark").first.inner_text()

    problem.click()
    sync_api.expect(page.locator("#problem input, #problem textarea")).to_have_value(text)
    page.click('button[role="tab"]:has-text("Lab")')
    page.locator("#lab-behind [data-open]").first.click()
    says(page, "#status", "Finished")
    assert verdict in page.inner_text("#status")
    assert page.inner_text("#meters .meter:first-child .value") == "4"


def test_the_lab_on_a_phone_is_no_wider_than_the_phone(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    page = tab(app, width=390, height=844)
    page.wait_for_selector("#tree [data-painted], #tree[data-painted]")
    go_to(page, "Lab")
    says(page, "#lab-reading", "You have run no small sweep yet")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
