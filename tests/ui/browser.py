"""A real browser for the page's tests. A test that uses `tab` fails if anything went wrong in the console, or if
the page asked another host for something.

Use: `from tests.ui.browser import chromium, tab` in the test module.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

sync_api.expect.set_options(timeout=20_000)  # where tests run beside one another, five seconds pass quickly

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

OURS = {"127.0.0.1", "localhost"}


class Chromium:
    """One for all tests of a process: opened by the first that wants it."""

    def __init__(self) -> None:
        self._playwright: sync_api.Playwright | None = None
        self._browser: sync_api.Browser | None = None

    def open(self) -> sync_api.Browser:
        if self._browser is None:
            path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
            self._playwright = sync_api.sync_playwright().start()
            if path is None and not Path(self._playwright.chromium.executable_path).exists():
                self._playwright.stop()
                pytest.skip("no Chromium on this machine: python -m playwright install chromium")
            self._browser = self._playwright.chromium.launch(executable_path=path, args=FLAGS)
        return self._browser

    def close(self) -> None:
        if self._browser and self._playwright:
            self._browser.close()
            self._playwright.stop()
            self._playwright = self._browser = None


CHROMIUM = Chromium()


@pytest.fixture
def chromium() -> sync_api.Browser:
    return CHROMIUM.open()


@pytest.fixture
def tab(chromium: sync_api.Browser) -> Iterator[Callable[..., sync_api.Page]]:
    """Opens a page: `tab(url, width=1280, height=900, **context_options)`."""
    wrong: list[str] = []
    contexts = []

    def open_page(url: str, width: int = 1280, height: int = 900, **options: object) -> sync_api.Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on(
            "request", lambda request: wrong.append(f"left the host: {request.url}") if foreign(request.url) else None
        )
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "file") and parts.hostname not in OURS


def go_to(page: sync_api.Page, name: str) -> None:
    """To another tab. On a phone it depends on the fonts whether it is in the row or behind "More tabs"."""
    shown = page.locator(f'button[role="tab"]:visible:has-text("{name}")')
    if not shown.count():
        page.click(".overflow-menu > button")
        shown = page.locator(f'.overflow-dropdown button:has-text("{name}")')
    shown.click()


AT_REST = """async ([read, argument]) => {
    const now = () => JSON.stringify(eval(read)(argument));
    for (let last = now(), frames = 0; frames < 12; frames++) {
        await new Promise(requestAnimationFrame);
        if (now() !== last) [last, frames] = [now(), 0];
    }
    return JSON.parse(now());
}"""


def at_rest(page: sync_api.Page, read: str, argument: object = None) -> Any:
    """What the function `read` returns in the page, once it has returned the same for twelve frames."""
    return page.evaluate(AT_REST, [read, argument])


PIXEL = """([plot, id]) => {
    const drawn = document.querySelector(plot);
    const {xaxis, yaxis} = drawn._fullLayout;
    const dots = drawn.data.find((trace) => trace.customdata);
    const k = dots.customdata.indexOf(id);
    const box = drawn.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.l2p(dots.x[k]), box.top + yaxis._offset + yaxis.l2p(dots.y[k])];
}"""


def pixel(page: sync_api.Page, plot: str, node: str) -> tuple[float, float]:
    """Where on the page this node of the tree is painted, as plotly says. `plot`: the selector of its plot."""
    x, y = page.evaluate(PIXEL, [plot, node])
    return x, y
