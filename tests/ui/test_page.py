"""The whole page in a real browser, with the embedded models: what a visitor does, with mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ui.browser import chromium, sync_api, tab  # noqa: F401

AT_REST = """async () => {
    const tree = document.querySelector('[data-painted]'), now = () => tree.dataset.painted;
    for (let last = now(), since = Date.now(); Date.now() - since < 500; ) {
        await new Promise((done) => setTimeout(done, 50));
        if (now() !== last) [last, since] = [now(), Date.now()];
    }
    return now();
}"""


class Visitor:
    """What a person sees of the page, and does to it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.wait_for_selector("#tree [data-painted], #tree[data-painted]")

    def choose(self, dropdown: str, option: str) -> None:
        self.page.click(f"#{dropdown} input")
        self.page.click(f'[role="option"]:has-text("{option}")')

    def ask(self, problem: str) -> None:
        self.page.fill("#problem input, #problem textarea", problem)

    def speed(self, name: str) -> None:
        if not self.page.is_visible("#pace"):
            self.page.click("text=Models, seed and speed")
        self.page.click(f'#pace label:has-text("{name}")')

    def set(self, slider: str, value: int) -> None:
        number = self.page.locator(f'#{slider} input[type="number"]')
        number.fill(str(value))
        number.press("Tab")

    def says(self, words: str, within: float = 30.0) -> None:
        sync_api.expect(self.page.locator("#status")).to_contain_text(re.compile(words), timeout=within * 1000)

    @property
    def nodes(self) -> int:
        """How many the tree shows, once it has been at rest for half a second: it is painted after the status is said."""
        return int(self.page.evaluate(AT_REST))

    def log(self) -> str:
        return self.page.inner_text("#log")

    def meter(self) -> str:
        return self.page.inner_text("#meters .meter:first-child .value")


@pytest.fixture
def visitor(app: str, tab: Callable[..., Any]) -> Visitor:  # noqa: F811
    return Visitor(tab(app, width=1440, height=900))


def test_run_grows_a_tree_to_its_end_and_chooses_an_answer(visitor: Visitor) -> None:
    visitor.ask("make 24 from 3 3 8 2")
    visitor.page.click("#run")
    visitor.says("Finished")
    assert visitor.nodes > 40
    assert visitor.meter() == "16 of 64"
    assert "Answer:" in visitor.page.inner_text("#status")
    visitor.page.click("#solutions tr.chosen [data-node]")
    sync_api.expect(visitor.page.locator("#inspector")).to_contain_text("How sure the policy was")
    assert "finished: a whole solution" in visitor.page.inner_text("#inspector")


def test_enter_in_the_problem_runs_it_and_a_bad_problem_says_what_to_type(visitor: Visitor) -> None:
    visitor.ask("make me happy")
    visitor.page.press("#problem input, #problem textarea", "Enter")
    sync_api.expect(visitor.page.locator("#notice")).to_contain_text("make 24 from 3 3 8 2")
    visitor.ask("2+3*4")
    visitor.page.press("#problem input, #problem textarea", "Enter")
    visitor.says("Finished")
    sync_api.expect(visitor.page.locator("#notice")).to_have_text("")


def test_typed_html_is_shown_and_never_run(visitor: Visitor) -> None:
    visitor.ask('<img src=x onerror="document.title=1">')
    visitor.page.click("#run")
    sync_api.expect(visitor.page.locator("#notice")).to_contain_text("Countdown needs a target")
    assert visitor.page.locator("#notice img").count() == 0


def test_pause_step_resume_and_stop(visitor: Visitor) -> None:
    visitor.ask("make 57 from 2 3 14 20 25")
    visitor.speed("Slow")
    visitor.page.click("#run")
    visitor.page.wait_for_function("Number(document.querySelector('[data-painted]').dataset.painted) > 10")
    visitor.page.click("#pause")
    visitor.says("Paused")
    before = visitor.nodes, visitor.log()
    visitor.page.wait_for_timeout(1200)  # nothing must happen meanwhile: there is nothing to wait for
    assert (visitor.nodes, visitor.log()) == before
    for _ in range(2):  # of two rounds, one grows the tree
        where = visitor.page.inner_text("#scrubber .where")
        visitor.page.click("#step")
        sync_api.expect(visitor.page.locator("#scrubber .where")).not_to_have_text(where, timeout=30_000)
    assert (visitor.nodes, visitor.log()) != before
    visitor.says("Paused")
    visitor.page.click("#resume")
    visitor.says("Searching")
    visitor.page.click("#stop")
    visitor.says("Stopped")
    assert "stopped" in visitor.log()


def test_step_on_a_fresh_page_does_one_round(visitor: Visitor) -> None:
    visitor.ask("make 24 from 3 3 8 2")
    visitor.page.click("#step")
    visitor.says("Paused")
    visitor.page.wait_for_selector('[data-painted="17"]')


def test_a_spent_budget_rests_and_a_raised_one_goes_on(visitor: Visitor) -> None:
    visitor.ask("make 24 from 3 3 8 2")
    visitor.set("budget", 8)
    visitor.page.click("#run")
    visitor.says("budget is spent")
    assert visitor.meter() == "8 of 8"
    visitor.set("budget", 20)
    visitor.says("Finished")
    assert visitor.meter() == "16 of 20"
    assert "budget 8 → 20" in visitor.log()


def test_the_strategy_can_be_changed_while_it_searches(visitor: Visitor) -> None:
    visitor.ask("make 57 from 2 3 14 20 25")
    visitor.speed("Slow")
    visitor.page.click("#run")
    visitor.page.wait_for_function("Number(document.querySelector('[data-painted]').dataset.painted) > 20")
    visitor.set("knob-m", 2)
    log(visitor, "4 → 2 from here on")
    visitor.choose("strategy", "Best of N")
    visitor.speed("Full speed")
    visitor.says("Finished")
    assert "Best of N" in visitor.log()


def test_the_vote_can_be_changed_after_the_search(visitor: Visitor) -> None:
    visitor.ask("(3+4)*(12-5)+9")
    visitor.page.click("#run")
    visitor.says("Finished")
    visitor.page.click("text=How the answer is chosen")
    visitor.page.click('#vote label:has-text("majority")')
    visitor.page.wait_for_function("document.querySelector('#log').innerText.includes('weighted → majority')")


def test_keys_run_pause_and_stop_but_not_while_typing(visitor: Visitor) -> None:
    visitor.ask("make 57 from 2 3 14 20 25")
    visitor.speed("Slow")
    visitor.page.locator("#problem input, #problem textarea").press("x")
    visitor.ask("make 57 from 2 3 14 20 25")
    visitor.page.click("#title")
    visitor.page.keyboard.press("r")
    visitor.says("Searching")
    visitor.page.keyboard.press(" ")
    visitor.says("Paused")
    visitor.page.wait_for_selector("#resume")
    visitor.page.keyboard.press(" ")
    visitor.says("Searching")
    visitor.page.keyboard.press("x")
    visitor.says("Stopped")


def test_two_visitors_do_not_see_each_other(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    one, other = Visitor(tab(app)), Visitor(tab(app))
    one.ask("make 24 from 3 3 8 2")
    other.ask("2+3*4")
    one.page.click("#run")
    other.page.click("#run")
    one.says("Finished")
    other.says("Finished")
    assert "Make 24" in one.page.inner_text("#tree") or one.nodes > 30
    assert "14" in other.page.inner_text("#status")


def test_a_phone_sees_the_tree_before_the_settings(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    page = tab(app, width=390, height=844, has_touch=True)
    visitor = Visitor(page)
    page.tap("#run")
    visitor.says("Finished")
    tree, knobs = page.locator("#tree").bounding_box(), page.locator("#strategy").bounding_box()
    assert tree["y"] < knobs["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# --- hands on the tree, replay, kept runs, comparison ---------------------------------------------------------------------


def finished_run(visitor: Visitor, problem: str = "make 57 from 2 3 14 25") -> Visitor:
    visitor.ask(problem)
    visitor.speed("Full speed")
    visitor.page.click("#run")
    visitor.says("Finished")
    return visitor


def click_node(visitor: Visitor, text: str) -> None:
    """Click a node by its label in the picture, where its dot is."""
    at = visitor.page.evaluate(
        """(text) => {
          const plot = document.querySelector('#tree .js-plotly-plot');
          const dots = plot.data.find((t) => t.customdata);
          const i = dots.customdata.indexOf(text);
          const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
          return [box.left + xaxis._offset + xaxis.l2p(dots.x[i]), box.top + yaxis._offset + yaxis.l2p(dots.y[i])];
        }""",
        text,
    )
    visitor.page.mouse.click(*at)


def log(visitor: Visitor, words: str) -> None:
    sync_api.expect(visitor.page.locator("#log")).to_contain_text(re.compile(words), timeout=30_000)


def test_a_step_is_pruned_by_hand_and_taken_back(visitor: Visitor) -> None:
    finished_run(visitor)
    visitor.page.click("#solutions [data-node]")
    sync_api.expect(visitor.page.locator("#inspector")).to_contain_text("Step", timeout=10_000)
    visitor.page.click("#hands > button")
    visitor.page.click("#prune")
    log(visitor, "by hand: pruned")
    visitor.page.click("#undo")
    log(visitor, "undone: pruned")
    visitor.page.click("#redo")
    log(visitor, "redone: pruned")


def test_a_step_of_ones_own_is_checked_scored_and_gone_on_from(visitor: Visitor) -> None:
    finished_run(visitor)
    click_node(visitor, "0")
    visitor.page.click("#hands > button")
    visitor.page.fill("#step-text textarea, #step-text input", "25 apples")
    visitor.page.click("#write-step")
    sync_api.expect(visitor.page.locator("#steer-reply")).to_contain_text("no step")
    before = visitor.nodes
    visitor.page.fill("#step-text textarea, #step-text input", "25*2=50")
    visitor.page.click("#write-step")
    log(visitor, "by hand: wrote a step “25\\*2=50 left 3 14 50”")
    sync_api.expect(visitor.page.locator("#inspector")).to_contain_text("written by hand", timeout=30_000)
    sync_api.expect(visitor.page.locator("#tree .said")).to_contain_text("25*2=50")  # the ring is around it
    visitor.page.wait_for_function(f"Number(document.querySelector('[data-painted]').dataset.painted) > {before}")


def test_any_moment_can_be_gone_back_to_and_forked_from(visitor: Visitor) -> None:
    finished_run(visitor)
    whole = visitor.nodes
    visitor.page.click("[data-go=first]")
    sync_api.expect(visitor.page.locator("#scrubber .where")).to_contain_text("event 1 of", timeout=10_000)
    visitor.page.wait_for_function(f"Number(document.querySelector('[data-painted]').dataset.painted) < {whole}")
    for _ in range(12):
        visitor.page.click("[data-go=forward]")
    sync_api.expect(visitor.page.locator("#scrubber .where")).to_contain_text("event 13 of", timeout=10_000)
    visitor.page.click("#hands > button")
    visitor.page.click("#prune")
    sync_api.expect(visitor.page.locator("#steer-reply")).to_contain_text(re.compile("Click a step|earlier moment"))
    visitor.page.click("text=Fork: another run from this moment on")
    visitor.page.click("#fork")
    visitor.says("Finished")
    log(visitor, "Beam search → Best of N")


def test_runs_are_kept_and_open_again_with_their_name_and_star(visitor: Visitor) -> None:
    page = finished_run(visitor, "make 33 from 2 4 25").page
    page.click('button[role="tab"]:has-text("Runs")')
    row = page.locator("#runs-list tr", has=page.locator('.name[placeholder*="Make 33"]'))
    row.locator(".name").fill("my own")
    row.locator(".name").press("Tab")
    row = page.locator("#runs-list tr", has=page.locator('.name[value="my own"]'))
    row.locator(".star").click()
    sync_api.expect(row.locator(".star")).to_have_attribute("aria-pressed", "true")
    row.locator('[data-do="delete"]').click()
    sync_api.expect(row).to_have_count(0)
    page.click("#runs-said [data-do=restore]")
    sync_api.expect(page.locator("#runs-said")).not_to_contain_text("Deleted")
    row.locator('[data-do="open"]').click()
    visitor.says("Finished")
    page.wait_for_selector("#tree", state="visible")
    assert "25" in page.inner_text("#solutions")


def test_two_strategies_run_side_by_side_and_their_difference_is_said(visitor: Visitor) -> None:
    page = visitor.page
    page.click('button[role="tab"]:has-text("Compare")')
    page.click("#compare-run")
    for side in ("left", "right"):
        sync_api.expect(page.locator(f"#{side}-status")).to_contain_text("Finished", timeout=40_000)
    sync_api.expect(page.locator("#compare-words")).to_contain_text("Best of N (n 16) against Beam search")
    sync_api.expect(page.locator("#compare-words")).to_contain_text("first 16 samples are the same")


@pytest.mark.parametrize(
    ("kind", "begins"), [("csv", "\ufeffnumber"), ("jsonl", '{"format":"tts_viz"'), ("html", "<!")]
)
def test_a_run_is_saved_as_a_file(visitor: Visitor, kind: str, begins: str) -> None:
    finished_run(visitor)
    with visitor.page.expect_download() as saved:
        visitor.page.click(f"#saver [data-save={kind}]")
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert text.lower().startswith(begins.lower())
    assert "57" in text


def test_a_saved_trace_comes_back_as_a_run_and_nonsense_is_refused(visitor: Visitor, tmp_path: Path) -> None:
    page = finished_run(visitor).page
    with page.expect_download() as saved:
        page.click("#saver [data-save=jsonl]")
    saved.value.save_as(tmp_path / "mine.jsonl")
    (tmp_path / "nonsense.jsonl").write_text("hello\n")
    page.click('button[role="tab"]:has-text("Runs")')
    sync_api.expect(page.locator("#runs-list .name").first).to_be_visible()
    before = page.locator("#runs-list .name").count()
    for name, says in (("nonsense", "no trace of a run"), ("mine", "Added.")):
        with page.expect_file_chooser() as chosen:
            page.click("#add-trace")
        chosen.value.set_files(tmp_path / f"{name}.jsonl")
        sync_api.expect(page.locator("#runs-said")).to_contain_text(says)
    sync_api.expect(page.locator("#runs-list .name")).to_have_count(before + 1)
    page.click("#runs-said [data-do=open]")
    page.wait_for_selector("#tree", state="visible")
    visitor.says("Finished")


def test_what_if_is_answered_without_sampling_anything(visitor: Visitor) -> None:
    finished_run(visitor)
    before = visitor.page.inner_text("#meters")
    visitor.page.click("#why > button")
    visitor.page.click("#whatif")
    sync_api.expect(visitor.page.locator("#whatif-answer")).to_contain_text("decisions", timeout=20_000)
    assert visitor.page.inner_text("#meters") == before
    visitor.page.click("#solutions [data-node]")
    sync_api.expect(visitor.page.locator("#rivals")).to_contain_text(
        re.compile("rivals|Nothing was ever"), timeout=10_000
    )


def test_a_link_opens_a_run(app: str, visitor: Visitor, tab: Callable[..., Any]) -> None:  # noqa: F811
    finished_run(visitor, "make 31 from 3 4 25")
    visitor.page.click('button[role="tab"]:has-text("Runs")')
    run = visitor.page.locator("#runs-list [data-do=open]").first.get_attribute("data-run")
    other = Visitor(tab(f"{app}?run={run}"))
    other.says("Finished")
    assert "31" in other.page.inner_text("#inspector, #tree") or other.nodes > 10
