"""The page itself, with the embedded models: one server for all tests that look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tts_viz.engines.embedded import EMBEDDED
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library


@pytest.fixture(scope="session")
def app() -> Iterator[str]:
    """Its address. Visitors do not see each other, so each test is one."""
    if not all(folder.is_dir() for folder in EMBEDDED.values()):
        pytest.skip("the embedded models are not here: python -m tts_viz train all")
    from tts_viz.ui.forms.offered import OfferedModels
    from tts_viz.ui.page import build_page, launch_options

    scheduler = Scheduler()
    models = OfferedModels()
    models.policy(models.policies[0])  # loaded here, so that no test waits for it
    models.verifier(models.verifiers[0])
    page = build_page(models, scheduler, Library.in_memory())
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield url
    page.close()
    scheduler.close()
