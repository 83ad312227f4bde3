"""The Verifier tab in a real browser, with the embedded verifier: type, edit, find, open, load a file; with mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.browser import chromium, sync_api, tab  # noqa: F401
from tests.verifier_eval.marked import as_lines, row, sums
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.page import build_page, launch_options

if not all(folder.is_dir() for folder in EMBEDDED.values()):
    pytest.skip("the embedded models are not here: python -m tts_viz train all", allow_module_level=True)

VERIFIERS = ("verifier", "oracle", "noisy:0.2", "noisy:0.2:verifier")


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    scheduler = Scheduler()
    page = build_page(OfferedModels(verifiers=VERIFIERS), scheduler, Library.in_memory())
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield url
    page.close()
    scheduler.close()


@pytest.fixture
def page(app: str, tab: Callable[..., Any]) -> Any:  # noqa: F811
    return opened(tab(app))


def opened(page: Any, part: str = "One solution") -> Any:
    page.click('button[role="tab"]:has-text("Verifier")')
    page.click(f'button[role="tab"]:has-text("{part}")')
    return page


def says(page: Any, where: str, words: str) -> None:
    sync_api.expect(page.locator(where)).to_contain_text(re.compile(words), timeout=20_000)


def choose(page: Any, dropdown: str, option: str) -> None:
    page.click(f"#{dropdown} input")
    page.click(f'[role="option"]:text-is("{option}")')


def paste(page: Any, problem: str, solution: str) -> None:
    page.fill("#bench-problem textarea, #bench-problem input", problem)
    page.fill("#bench-solution-text textarea", solution)
    page.click("#bench-score")


def steps(page: Any) -> list[str]:
    return page.eval_on_selector_all(
        ".examined tbody tr:not(.more) .step-text", "all => all.map((field) => field.value)"
    )


def test_a_pasted_solution_is_scored_beside_the_truth_and_an_edit_moves_the_scores(page: Any) -> None:
    page.click('#bench-verifiers label:has-text("oracle")')
    paste(page, "(3+4)*(2+5)", "1. 3+4\n2. 2+5=8 -> 7*8\n3. 7*8=56")
    says(page, ".verdict", "wrong as a whole. Step 2 is the first bad one")
    says(page, ".verdict", "oracle doubts first at step 2")
    says(page, "#bench-notice", "Step 1: “3\\+4” was read as “3\\+4=7 -> 7\\*\\(2\\+5\\)”")
    assert "2+5 is 7, not 8." in page.inner_text(".examined tbody tr:nth-child(2)")
    assert page.locator(".moved").count() == 0
    edited = page.locator(".step-text").nth(1)
    edited.click()
    edited.fill("2+5=7 -> 7*7")
    edited.press("Enter")
    says(page, ".examined tbody tr:nth-child(2)", "was 0.00 ▲1.00")
    says(page, ".examined tbody tr:nth-child(3)", "7×8 is not in the expression")
    assert page.locator(".examined tbody tr:nth-child(1) .moved").count() == 0
    page.locator(".step-text").nth(2).fill("7*7")
    page.locator(".step-text").nth(2).press("Tab")
    says(page, ".verdict", "right as a whole. All its steps are good")
    assert page.input_value("#bench-solution-text textarea") == "3+4=7 -> 7*(2+5)\n2+5=7 -> 7*7\n7*7=49"
    page.locator(".more .step-text").fill("and that is all")
    page.locator(".more .step-text").press("Enter")
    says(page, ".examined tbody tr:nth-child(4)", "This is not a step")
    assert len(steps(page)) == 4


def test_what_cannot_be_read_is_refused_in_words_and_markup_is_never_run(page: Any) -> None:
    paste(page, "make me happy", "3+4=7")
    says(page, "#bench-notice", "Countdown needs a target")
    paste(page, "(3+4)*(2+5)", "   ")
    says(page, "#bench-notice", "no step to score yet")
    paste(page, "(3+4)*(2+5)", '<img src=x onerror="document.title=1">')
    says(page, ".examined", "This is not a step")
    assert steps(page) == ['<img src=x onerror="document.title=1">']
    assert page.locator("#bench-steps img").count() == 0


def test_a_solution_can_be_sampled_for_another_problem(page: Any) -> None:
    before = page.input_value("#bench-problem textarea, #bench-problem input")
    page.click('#bench-task label:has-text("Arithmetic")')
    says(page, "#bench-steps", "Type a problem")
    page.wait_for_function(
        "!document.querySelector('#bench-problem textarea, #bench-problem input').value.startsWith('Make')"
    )
    assert page.input_value("#bench-problem textarea, #bench-problem input") != before
    page.click("#bench-sample")
    says(page, ".verdict", "as a whole")
    assert page.input_value("#bench-solution-text textarea").split("\n") == steps(page) != []


def test_the_steps_misjudged_most_are_found_filtered_examined_and_opened_in_their_tree(
    page: Any,
    app: str,
    tab: Callable[..., Any],  # noqa: F811
) -> None:
    opened(page, "Mistakes")
    page.fill('#find-problems input[type="number"]', "2")
    choose(page, "find-other", "noisy:0.2:verifier")
    page.click("#find")
    says(page, "#find-status", r"different steps of 2 runs")
    says(page, "#find-list", "AUROC")
    off = [float(text) for text in page.locator(".found .off").all_inner_texts()]
    assert off == sorted(off, reverse=True) != []
    choose(page, "find-kind", "goal out of reach")
    sync_api.expect(page.locator(".found .truth.false")).to_have_count(0)
    assert page.locator(".found .truth.lost").count() > 0
    choose(page, "find-kind", "any error")
    page.click('#find-order label:has-text("disagree")')
    sync_api.expect(page.locator(".found th").nth(4)).to_have_attribute("title", "How far apart the two are")
    step = page.locator(".found tbody tr").first
    text = step.locator("code").inner_text()
    step.locator("[data-do=examine]").click()
    says(page, ".verdict", "noisy:0.2:verifier")
    assert steps(page)[-1] == text
    opened(page, "Mistakes")
    step.locator("[data-do=open]").click()
    says(page, "#status", "Finished")
    says(page, "#inspector", re.escape(text))
    assert page.is_visible("#tree")
    opened(page, "Mistakes")
    page.click('#find-source label:has-text("My runs")')
    page.click("#find")
    says(page, "#find-status", "different steps of 2 runs")
    other = opened(tab(app), "Mistakes")
    other.click('#find-source label:has-text("My runs")')
    other.click("#find")
    says(other, "#find-status", "There is no run with steps of yours yet")


CANCELLED_AT_ONCE = """() => document.querySelector('#find-status').innerText.includes('Sampling: problem')
    && (document.querySelector('#find-cancel').click(), true)"""
"""In the frame in which sampling is seen to have begun: it is soon over."""


def test_one_verifier_cannot_disagree_and_a_long_examination_can_be_cancelled(page: Any) -> None:
    opened(page, "Mistakes")
    choose(page, "find-other", "none")
    page.fill('#find-problems input[type="number"]', "8")
    page.fill('#find-samples input[type="number"]', "16")
    page.press('#find-samples input[type="number"]', "Tab")
    page.click("#find")
    page.wait_for_function(CANCELLED_AT_ONCE)
    says(page, "#find-status", "Cancelled")
    page.click('#find-source label:has-text("My runs")')
    page.click("#find")
    says(page, "#find-status", "different steps of [1-7] run|no run with steps")  # the others never began
    page.click('#find-source label:has-text("Fresh samples")')
    page.fill('#find-problems input[type="number"]', "1")
    page.fill('#find-samples input[type="number"]', "4")
    page.click("#find")
    says(page, "#find-status", "different steps of 1 run,")
    page.click('#find-order label:has-text("disagree")')
    says(page, "#find-list", "one alone cannot disagree")


def test_a_file_of_marked_solutions_is_measured_by_subset(page: Any, tmp_path: Path) -> None:
    opened(page, "ProcessBench")
    page.click("#file-measure")
    says(page, "#file-status", "Choose a file first")
    bad, good = tmp_path / "bad.jsonl", tmp_path / "sums.jsonl"
    bad.write_bytes(as_lines([row("a-0", "<b>1+1</b>", ["2"], 4)]))
    good.write_bytes(as_lines(sums(24)))
    page.set_input_files("#bench-file input[type=file]", bad)
    says(page, "#bench-file", "bad.jsonl")
    page.click("#file-measure")
    says(page, "#file-status", "Entry 1: label is 4, and the steps are numbered 0 to 0")
    page.click('#bench-file button[aria-label="Remove this file"], #bench-file button[aria-label="Clear"]')
    page.set_input_files("#bench-file input[type=file]", good)
    says(page, "#bench-file", "sums.jsonl")
    page.click("#file-measure")
    says(page, "#file-report", "chosen on")
    assert page.locator(".report tbody td:first-child").all_inner_texts() == ["slips", "sums", "all"]
    choose(page, "file-verifier", "oracle")
    page.click('#file-by label:has-text("Generator")')
    page.fill("#file-threshold textarea, #file-threshold input", "2")
    page.click("#file-measure")
    says(page, "#file-status", "must be a number from 0 to 1")
    page.fill("#file-threshold textarea, #file-threshold input", "0.5")
    page.click("#file-measure")
    says(page, "#file-report", "as you gave it")
    assert page.locator(".report tbody td").all_inner_texts() == ["by-hand", "24", "24", "1.000", "1.000", "1.000"]


def test_a_phone_shows_all_tabs_and_each_step_as_a_card(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    page = opened(tab(app, width=390, height=844, has_touch=True))
    assert all(page.is_visible(f'.tab-container button:has-text("{name}")') for name in ("Search", "Learn"))
    page.tap("#bench-score")
    says(page, ".verdict", "Step 3 is the first bad one")
    field, truth = (
        page.locator(f".examined tbody tr:first-child {part}").bounding_box() for part in (".step-text", ".truth")
    )
    assert truth["y"] > field["y"] + field["height"] / 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
