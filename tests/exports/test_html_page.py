"""The page of a recorded run: what is in the file, and what a reader of it sees in a real browser, without any network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.exports.recorded import EVENTS, EVIL, FORMULA
from tests.render.growth import tree_search
from tests.render.reading import fold
from tests.ui.browser import chromium, pixel, sync_api, tab  # noqa: F401
from tts_viz.analysis import explain
from tts_viz.analysis.judge import Judge
from tts_viz.core.events import Started
from tts_viz.core.tree import Tree
from tts_viz.exports import frames
from tts_viz.exports.frames import moments
from tts_viz.exports.html_page import page, recording
from tts_viz.render.scene import scene
from tts_viz.traces import jsonl

TITLE = f"My run {EVIL}"


# --- what is in the file ------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags of a page, and what its data blocks hold."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script" and (id := self.tags[-1][1].get("id")):
            self.blocks[id] = self.blocks.get(id, "") + data


@pytest.fixture(scope="module")
def text() -> str:
    return page(EVENTS, TITLE)


def test_no_text_of_models_or_visitors_becomes_html(text: str) -> None:
    harmless = Tags(page([EVENTS[0]], "harmless"))
    parsed = Tags(text)
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in harmless.tags]
    assert not any("onerror" in attributes for _, attributes in parsed.tags)
    assert json.loads(parsed.blocks["recording"])["title"] == TITLE


def test_it_asks_no_one_for_anything(text: str) -> None:
    parsed = Tags(text)
    assert not [a for _, a in parsed.tags if {"src", "href", "action", "data"} & a.keys()]
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy.split(";")[1]


def test_the_trace_is_in_it_and_can_be_opened(text: str, tmp_path: Path) -> None:
    (tmp_path / "saved.jsonl").write_text(Tags(text).blocks["trace"], encoding="utf-8", newline="")
    assert jsonl.read(tmp_path / "saved.jsonl").events == EVENTS


def test_the_same_run_is_the_same_page(text: str) -> None:
    assert page(EVENTS, TITLE) == text


def test_it_says_how_it_was_made() -> None:
    shown = recording(EVENTS, TITLE)
    made = dict(shown["made"])
    assert made["Strategy"] == "Beam search (n 4, m 2)"
    assert made["Puzzle"] == "Countdown"
    assert (made["Policy"], made["Verifier"], made["Budget"]) == ("policy-small", "oracle", "64 generations")
    assert made["Made with"].startswith("tts_viz ")
    assert shown["changes"] == ["beam width M 2 → 4 from here on"]


def test_answers_are_those_of_the_end() -> None:
    answers = recording(EVENTS, TITLE)["answers"]
    tree = Tree.fold(EVENTS)
    assert sum(a["times"] for a in answers) == len(tree.finished()) == 4
    assert answers[0]["node"] == Judge.of(tree).solutions(tree)[0].node
    assert (answers[0]["times"], answers[0]["score"]) == (2, 0.9)
    assert {a["correct"] for a in answers} == {True, False}


def test_each_event_is_a_moment_with_its_tree_and_its_words() -> None:
    shown = moments(EVENTS, "run")
    assert [moment.events for moment in shown.moments] == list(range(1, len(EVENTS) + 1))
    lines = shown.stream.split("\n")
    tree, judge = Tree(), Judge.of(Tree.fold(EVENTS))
    for event, moment in zip(EVENTS, shown.moments, strict=True):
        told = explain.happened(event, tree)
        tree.apply(event)
        assert moment.words == told if told else moment.words
        seen = fold("".join(f"{line}\n" for line in lines[: moment.lines]))
        best = judge.solutions(tree)
        assert seen.nodes == scene(tree, judge.truths(tree), best[0].node if best else None).nodes
    assert shown.moments[5].words == "the verifier gives 0.78 to “6*4=24 left 1 24”"


def test_in_a_long_run_events_share_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [EVENTS[0], *(e for some in tree_search(400, 10) for e in some if not isinstance(e, Started))]
    assert len(moments(events, "run").moments) == len(events)
    monkeypatch.setattr(frames, "MOST_DRAWN", 1000)
    shown = moments(events, "run")
    assert 150 < len(shown.moments) <= 200
    assert shown.moments[-1].events == len(events)
    assert shown.stream.count("\n") == shown.moments[-1].lines


def test_a_trace_without_its_start_is_refused() -> None:
    with pytest.raises(ValueError, match="Started"):
        page(EVENTS[1:], TITLE)


# --- what a reader sees -------------------------------------------------------------------------------------------


class Reader:
    """Opens the file as a person does, and looks and clicks."""

    def __init__(self, page: sync_api.Page) -> None:
        self.page = page
        page.wait_for_selector(".tree[data-painted]:not([data-painted='0'])")

    def nodes(self) -> int:
        return self.page.evaluate("document.querySelector('.plot').data.find((t) => t.customdata).customdata.length")

    def painted(self, nodes: int) -> None:
        self.page.wait_for_selector(f".tree[data-painted='{nodes}']")
        assert self.nodes() == nodes

    def at(self) -> str:
        return self.page.inner_text(".where")

    def line(self) -> str:
        return self.page.inner_text(".line")

    def path(self) -> str:
        return self.page.inner_text(".path")

    def click(self, node: str) -> None:
        self.page.mouse.click(*pixel(self.page, ".plot", node))

    def saved(self, button: str, folder: Path) -> Path:
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=button).click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path


@pytest.fixture(scope="module")
def file(text: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("export") / "run.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def reader(file: str, tab: Callable[..., Any]) -> Reader:  # noqa: F811
    return Reader(tab(file, offline=True))


LAST = len(Tree.fold(EVENTS).nodes)


def test_it_opens_at_the_end_without_a_network_and_hostile_text_is_text(reader: Reader) -> None:
    reader.painted(LAST)
    assert reader.at() == f"event {len(EVENTS)} of {len(EVENTS)}"
    assert reader.line().startswith("finished: 4 solutions")
    assert reader.page.inner_text("h1") == TITLE
    assert reader.page.title() == f"{TITLE} · a recorded search"
    reader.click("0.1")
    assert EVIL in reader.path()
    assert reader.page.locator("img").count() == 0
    assert reader.page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_every_moment_can_be_gone_to(reader: Reader) -> None:
    button = lambda name: reader.page.get_by_role("button", name=name)  # noqa: E731
    button("First moment").click()
    reader.painted(1)
    assert reader.line() == "started: Beam search (n 4, m 2), budget 64 generations"
    assert button("One moment back").is_disabled()
    for _ in range(9):
        button("One moment forward").click()
    reader.painted(5)
    assert (reader.at(), reader.line()) == (f"event 10 of {len(EVENTS)}", "depth 1: kept 2 of 4, best 0.78")
    button("One moment back").click()
    assert reader.line() == "the verifier gives 0.20 to “6+4=11 left 1 11”"
    reader.page.locator(".controls input").fill("2")
    reader.painted(3)
    button("Last moment").click()
    reader.painted(LAST)


def test_keys_go_through_the_moments_and_leave_the_tree_its_own(reader: Reader) -> None:
    reader.page.keyboard.press("Home")
    assert reader.at().startswith("event 1 ")
    for key in ("End", ",", ",", "."):
        reader.page.keyboard.press(key)
    assert reader.at().startswith(f"event {len(EVENTS) - 1} ")
    reader.page.locator(".canvas").focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        reader.page.keyboard.press(key)
    assert "6*4=24 left 1 24" in reader.path()
    assert reader.at().startswith(f"event {len(EVENTS) - 1} ")
    reader.page.keyboard.press("c")
    sync_api.expect(reader.page.locator(".collapse")).to_have_attribute("aria-pressed", "true")
    reader.page.keyboard.press(",")
    assert reader.at().startswith(f"event {len(EVENTS) - 2} ")
    reader.page.keyboard.press("Control+.")
    assert reader.at().startswith(f"event {len(EVENTS) - 2} ")


def test_it_plays_to_the_end_and_can_be_paused(reader: Reader) -> None:
    reader.page.keyboard.press("p")
    sync_api.expect(reader.page.locator(".where")).to_have_text(re.compile("^event [3-9] "))
    reader.page.get_by_role("button", name="Pause").click()
    here = reader.at()
    reader.page.wait_for_timeout(400)  # nothing must happen meanwhile: there is nothing to wait for
    assert reader.at() == here
    reader.page.select_option(".controls select", "16")
    reader.page.get_by_role("button", name="Play").click()
    reader.painted(LAST)
    sync_api.expect(reader.page.get_by_role("button", name="Play")).to_be_visible()
    assert reader.at() == f"event {len(EVENTS)} of {len(EVENTS)}"


def test_a_click_shows_the_path_with_scores_truth_and_reason(reader: Reader) -> None:
    reader.click("0.3")
    assert "6+4 is 10, not 11." in reader.path()
    assert re.search(r"In the end: pruned at depth 1: score 0.20 ranked 4 of 4", reader.path())
    reader.click("0.0.0")
    assert [t.strip() for t in reader.page.locator(".path li code").all_inner_texts()] == [
        "6*4=24 left 1 24",
        "24*1=24 left 24",
    ]
    assert reader.page.locator(".path .chip").all_inner_texts() == ["0.78", "0.90"]
    reader.page.locator(".path li button").first.click()
    assert "expanded into 4 next steps" in reader.path()
    reader.click("0.2")
    assert FORMULA in reader.path()
    reader.page.keyboard.press("Home")
    assert "not there yet" in reader.path()


def test_an_answer_leads_to_its_solution_from_any_moment(reader: Reader) -> None:
    assert "3 of 4 solutions right" in reader.page.inner_text(".answers")
    reader.page.keyboard.press("Home")
    reader.painted(1)
    reader.page.locator(".answers button").first.click()
    reader.painted(LAST)
    assert "the end of the best solution" in reader.path()
    assert "24*1=24 left 24" in reader.path()


def test_recording_and_picture_can_be_saved(reader: Reader, tmp_path: Path) -> None:
    reader.page.get_by_text("How this was made").click()
    assert "Beam search (n 4, m 2)" in reader.page.inner_text(".made")
    trace = reader.saved("Save the recording", tmp_path)
    assert trace.name.startswith("tts_viz-My-run-script-img-src-x-onerror")
    assert jsonl.read(trace).events == EVENTS
    svg = ElementTree.parse(reader.saved("Save as SVG", tmp_path)).getroot()
    assert sum("plotly-customdata" in e.get("class", "") for e in svg.iter()) == LAST
    assert reader.saved("Save as PNG", tmp_path).read_bytes().startswith(b"\x89PNG")


def test_it_follows_the_system_into_the_dark(file: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    reader = Reader(tab(file, offline=True, color_scheme="dark"))
    paper = "getComputedStyle(document.querySelector('.tree')).backgroundColor"
    dark = reader.page.evaluate(paper)
    reader.page.emulate_media(color_scheme="light")
    assert dark == "rgb(16, 22, 31)"
    sync_api.expect(reader.page.locator(".tree")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_a_phone_can_tap_and_nothing_is_cut_off(file: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    reader = Reader(tab(file, 390, 844, offline=True, has_touch=True))
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 390
    reader.page.get_by_role("button", name="First moment").tap()
    reader.painted(1)
    reader.page.get_by_role("button", name="Last moment").tap()
    reader.painted(LAST)
    assert len({round(b.bounding_box()["y"]) for b in reader.page.locator(".tools button").all()}) == 1
