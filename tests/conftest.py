"""For all tests: one thread for each process, since small models only lose by more; no deadlines but pytest's own; and which
tests are run by default, in what order."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that use Chromium are marked and come last, so that it is started once; nightly ones run where they are named."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if "nightly" not in config.option.markexpr:
        nightly = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if item not in set(nightly)]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") is None:
        close_chromium()


def pytest_sessionfinish() -> None:
    close_chromium()


def close_chromium() -> None:
    """Playwright's loop stays in this thread while it is open, where asyncio then starts no other."""
    if browser := sys.modules.get("tests.ui.browser"):
        browser.CHROMIUM.close()
