"""Another package, installed: each of its files adds one thing by an entry point."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.server.conftest import server
from tests.stranger import write_package
from tts_viz.core.aggregation import STEP_AGGREGATIONS, VOTES
from tts_viz.core.registry import Registry
from tts_viz.engines.prm.formats import FORMATS
from tts_viz.engines.server.introduction import SERVERS
from tts_viz.lab.figures import FIGURES
from tts_viz.traces.importers import IMPORTERS
from tts_viz.ui.panels import PANELS

__all__ = ["server", "strangers"]

HERE = Path(__file__).parent

ADDED: dict[str, list[Registry]] = {
    "format": [FORMATS],
    "choice": [STEP_AGGREGATIONS, VOTES],
    "figure": [FIGURES],
    "panel": [PANELS],
    "server": [SERVERS],
    "importer": [IMPORTERS],
}


def install(folder: Path) -> Path:
    """The package's folder, for `sys.path`."""
    modules = {f"strangers_{name}": (HERE / f"strangers_{name}.py").read_text(encoding="utf-8") for name in ADDED}
    points = {
        registry.group: {name: f"strangers_{name}"} for name, registries in ADDED.items() for registry in registries
    }
    return write_package(folder, modules, points)


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if Python had been started after the package was installed."""
    (folder := tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(install(folder))
    for registry in (registry for registries in ADDED.values() for registry in registries):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
        monkeypatch.setattr(registry, "_discovered", False)
    yield
    for name in ADDED:
        sys.modules.pop(f"strangers_{name}", None)
