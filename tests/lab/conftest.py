"""One small sweep for all tests of the laboratory: really searched, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_viz.lab.sweeps import spec
from tts_viz.lab.sweeps.run import Sweeping
from tts_viz.lab.sweeps.store import Sweep

TINY = Path(__file__).with_name("tiny.toml")


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sweep") / "tiny.parquet"
    sweeping = Sweeping(spec.read(TINY), out, "python -m tts_viz sweep tiny.toml")
    sweeping.run(1, lambda generations: None)
    sweeping.finish()
    return out


@pytest.fixture(scope="session")
def tiny(tiny_file: Path) -> Sweep:
    return Sweep(tiny_file)
