"""A real browser for the page's tests. A test that uses `tab` fails if anything went wrong in the console, or if
the page asked another host for something.

Use: `from tests.ui.browser import chromium, tab` in the test module.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

OURS = {"127.0.0.1", "localhost"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


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
