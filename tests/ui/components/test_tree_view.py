"""The live tree in a real browser, under real clicks, keys and wheels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import gradio as gr
import pytest
from PIL import Image

from tests.render.growth import beam, started, truths
from tests.ui.browser import at_rest, chromium, pixel, sync_api, tab  # noqa: F401
from tts_viz.core.events import Decided, Event, Expanded, Scored
from tts_viz.core.tree import Tree
from tts_viz.render.scene import Mark, Scene, scene
from tts_viz.render.wire import Stream
from tts_viz.ui.components.tree_view import TreeView

NASTY = "<img src=x onerror=alert(1)><b>$x^2$</b> &amp;"

FIRST: list[Event] = [
    started(),
    *(Expanded("0", f"0.{k}", f"{k}+3=8 left 2 8") for k in range(4)),
    *(Scored(f"0.{k}", (0.2 + 0.2 * k,)) for k in range(4)),
    Decided(("0.2", "0.3"), ("0.0", "0.1"), {}, "last", 1),
]
SECOND: list[Event] = [
    *(Expanded(parent, f"{parent}.{k}", NASTY, finish="eos") for parent in ("0.2", "0.3") for k in range(3)),
    Scored("0.3.1", (0.8, 0.95)),
]


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """Buttons that show two moments of one run, a beam, and the tree; what was clicked appears in a text box."""
    stream = Stream("run-1")
    early = stream.send(picture(FIRST))
    late = stream.send(picture([*FIRST, *SECOND], "0.3.1", [Mark(2, "M 4 → 2")]))
    back = stream.send(picture(FIRST))
    again = stream.send(picture([*FIRST, *SECOND], "0.3.1"))
    large = Stream("run-2").send(picture([e for some in beam(64, 4, 15) for e in some]))
    with gr.Blocks(analytics_enabled=False) as page:
        buttons = {name: gr.Button(name, elem_id=name) for name in ("early", "late", "back", "again", "large")}
        tree = TreeView(elem_id="tree")
        clicked = gr.Textbox(elem_id="clicked")
        for name, value in zip(buttons, (early, late, back, again, large)):
            buttons[name].click(lambda value=value: value, None, tree, show_progress="hidden", queue=False)

        def on_click(event: gr.EventData) -> str:
            return json.dumps(event._data)

        tree.node_click(on_click, None, clicked, show_progress="hidden", queue=False)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, footer_links=[])
    yield url
    page.close()


def picture(events: list[Event], chosen: str | None = None, marks: list[Mark] | None = None) -> Scene:
    tree = Tree.fold(events)
    return scene(tree, truths(tree), chosen, marks or [])


PLOT = "document.querySelector('#tree .plot')"
DRAWN = f"{PLOT}.data.find((trace) => trace.customdata).customdata"
RANGE = f"() => [...{PLOT}._fullLayout.xaxis.range, ...{PLOT}._fullLayout.yaxis.range]"
WIDTH = f"(all) => {PLOT}._fullLayout.xaxis.range[1] - {PLOT}._fullLayout.xaxis.range[0]"


class Hand:
    """What a visitor sees of the tree, and does to it."""

    def __init__(self, page: sync_api.Page) -> None:
        self.page = page
        page.wait_for_selector("#tree [data-painted], #tree[data-painted]")

    def show(self, name: str, nodes: int) -> None:
        self.page.click(f"#{name}")
        self.page.wait_for_selector(f'[data-painted="{nodes}"][aria-busy="false"]')

    def pixel(self, node: str) -> tuple[float, float]:
        """Where on the page the node is painted, as plotly says."""
        return pixel(self.page, "#tree .plot", node)

    def click(self, node: str) -> dict[str, str]:
        self.page.mouse.click(*self.pixel(node))
        return self.heard(node)

    def heard(self, node: str) -> dict[str, str]:
        box = self.page.locator("#clicked textarea, #clicked input")
        sync_api.expect(box).to_have_value(json.dumps({"run": "run-1", "id": node}))
        return json.loads(box.input_value())

    def range(self) -> list[float]:
        return self.page.evaluate(RANGE)

    def said(self) -> str:
        return self.page.locator("#tree .said").inner_text()

    def saved(self, format: str, folder: Path) -> Path:
        """The file that the button of this name brings."""
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=f"Save as {format}").click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def drawn(self) -> list[str]:
        return self.page.evaluate(DRAWN)


@pytest.fixture
def hand(app: str, tab: Callable[..., Any]) -> Hand:  # noqa: F811
    return Hand(tab(app))


def test_before_a_run_it_says_what_to_do(hand: Hand) -> None:
    assert hand.page.get_by_text("Press Run to grow a search tree").is_visible()
    hand.show("early", 5)
    assert not hand.page.get_by_text("Press Run to grow a search tree").is_visible()


def test_a_click_on_a_node_names_it(hand: Hand) -> None:
    hand.show("early", 5)
    assert hand.click("0.2") == {"run": "run-1", "id": "0.2"}
    hand.show("late", 11)
    assert hand.click("0.3.1")["id"] == "0.3.1"
    assert "end of the best solution" in hand.said()


def test_text_of_models_is_only_text(hand: Hand) -> None:
    hand.show("late", 11)
    hand.page.mouse.move(*hand.pixel("0.3.1"))
    assert hand.page.locator("#tree .card .text").inner_text() == NASTY
    labels = hand.page.locator("#tree .plot .textpoint text").all_text_contents()
    assert any(label.startswith("<img src=x") for label in labels)
    assert hand.page.locator("#tree .plot img, #tree .plot b, #tree .card img").count() == 0


def test_a_visitors_zoom_survives_growth_until_they_fit(hand: Hand) -> None:
    hand.show("early", 5)
    fitted = hand.range()
    hand.page.mouse.move(*hand.pixel("0.1"))
    for _ in range(5):
        hand.page.mouse.wheel(0, -100)
    hand.page.wait_for_function(WIDTH + " < 0.8 * all", arg=fitted[1] - fitted[0])
    zoomed = at_rest(hand.page, RANGE)
    hand.show("late", 11)
    assert hand.range() == pytest.approx(zoomed)
    hand.page.get_by_role("button", name="Fit").click()
    hand.page.wait_for_function(WIDTH + " > 1.01 * all", arg=zoomed[1] - zoomed[0])
    at_rest(hand.page, RANGE)
    assert hand.click("0.3.2")["id"] == "0.3.2"


def test_a_drag_pans_and_is_no_click(hand: Hand) -> None:
    hand.show("early", 5)
    before = hand.range()
    sent: list[str] = []
    hand.page.on("request", lambda request: sent.append(request.url))
    x, y = hand.pixel("0.1")
    hand.page.mouse.move(x, y)
    hand.page.mouse.down()
    hand.page.mouse.move(x + 60, y + 40, steps=4)
    hand.page.mouse.up()
    after = at_rest(hand.page, RANGE)
    assert after != pytest.approx(before)
    assert after[1] - after[0] == pytest.approx(before[1] - before[0])
    assert sent == []


def test_arrow_keys_walk_and_enter_inspects(hand: Hand) -> None:
    hand.show("late", 11)
    hand.page.locator("#tree .canvas").focus()
    walks = [("ArrowRight", "Make 57"), ("ArrowRight", "0+3=8"), ("ArrowDown", "1+3=8"), ("ArrowDown", "2+3=8")]
    for key, expected in walks:
        hand.page.keyboard.press(key)
        assert expected in hand.said()
    hand.page.keyboard.press("ArrowRight")
    hand.page.keyboard.press("Enter")
    hand.heard("0.2.0")
    hand.page.keyboard.press("ArrowLeft")
    hand.page.keyboard.press("Enter")
    hand.heard("0.2")


def test_pruned_branches_collapse_and_come_back(hand: Hand) -> None:
    hand.show("late", 11)
    hand.page.get_by_role("button", name="Collapse pruned").click()
    hand.page.wait_for_function(f"{DRAWN}.includes('0.+')")
    assert "0.0" not in at_rest(hand.page, f"() => {DRAWN}")
    hand.page.mouse.click(*hand.pixel("0.+"))
    hand.page.wait_for_function(f"{DRAWN}.includes('0.0')")


def test_it_follows_the_theme(hand: Hand) -> None:
    hand.show("late", 11)
    read = "document.querySelector('#tree .plot').data.at(-1).textfont.color[0]"
    light = hand.page.evaluate(read)
    hand.page.evaluate("document.body.classList.toggle('dark')")
    hand.page.wait_for_function(f"light => {read} !== light", arg=light)


def test_another_run_starts_afresh(hand: Hand) -> None:
    hand.show("late", 11)
    hand.click("0.2")
    hand.page.get_by_role("button", name="Zoom in").click()
    hand.page.click("#large")
    hand.page.wait_for_function("Number(document.querySelector('[data-painted]').dataset.painted) > 900")
    assert hand.said() == ""
    hand.show("early", 5)
    assert hand.click("0.3")["id"] == "0.3"


def test_a_look_back_and_forward_is_followed_and_the_visitors_zoom_stays(hand: Hand) -> None:
    hand.show("late", 11)
    hand.click("0.2")
    hand.page.get_by_role("button", name="Zoom in").click()
    zoomed = at_rest(hand.page, RANGE)
    hand.show("back", 5)
    assert hand.drawn() == ["0", "0.0", "0.1", "0.2", "0.3"]
    assert hand.range() == pytest.approx(zoomed)
    assert "2+3=8" in hand.said()
    hand.show("again", 11)
    assert hand.click("0.3.1")["id"] == "0.3.1"
    hand.show("early", 5)
    hand.show("late", 11)


def test_a_phone_can_tap(app: str, tab: Callable[..., Any]) -> None:  # noqa: F811
    hand = Hand(tab(app, 390, 844, has_touch=True))
    hand.show("late", 11)
    hand.page.touchscreen.tap(*hand.pixel("0.3.1"))
    hand.heard("0.3.1")
    assert hand.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_tree_is_saved_whole_as_svg_wherever_it_was_zoomed(hand: Hand, tmp_path: Path) -> None:
    assert hand.page.get_by_role("button", name="Save as SVG").is_disabled()
    hand.show("late", 11)
    for _ in range(6):
        hand.page.get_by_role("button", name="Zoom in").click()
    path = hand.saved("SVG", tmp_path)
    assert path.name == "tts_viz-run-1.svg"
    svg = ElementTree.parse(path).getroot()
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    texts = [" ".join("".join(t.itertext()).split()) for t in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Make 57 from 2 3 14 25", "0+3=8 left 2 8", "3+3=8 left 2 8", "step 2", "verifier score"} <= set(texts)
    assert {"best", "pruned", "solution", "false step"} <= set(texts)
    assert sum(t.startswith("<img src=x") for t in texts) == 6
    assert not {"img", "b", "script"} & {e.tag.rpartition("}")[2] for e in svg.iter()}
    assert sum("plotly-customdata" in e.get("class", "") for e in svg.iter()) == 11


def test_the_tree_is_saved_as_png_on_the_paper_of_the_theme(hand: Hand, tmp_path: Path) -> None:
    hand.show("late", 11)
    light = Image.open(hand.saved("PNG", tmp_path)).convert("RGB")
    hand.page.evaluate("document.body.classList.toggle('dark')")
    dark = Image.open(hand.saved("PNG", tmp_path)).convert("RGB")
    assert light.getpixel((2, 2)) == (255, 255, 255)
    assert dark.getpixel((2, 2)) == (0x10, 0x16, 0x1F)
    assert light.width > 1500
    assert len(light.getcolors(1 << 20)) > 100
