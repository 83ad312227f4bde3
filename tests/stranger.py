"""Another package, installed for the length of a test: files and an entry point, as `pip install` would leave them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tts_viz.core.registry import Registry


@contextmanager
def installed(folder: Path, registry: Registry[Any], module: str, code: str) -> Iterator[None]:
    """A package of one module, which the registry's group names; the registry is as before when this is over."""
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    info = folder / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{registry.group}]\nanything = {module}\n")
    before = dict(registry)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    registry._discovered = False
    try:
        list(registry)
        assert not registry.broken, registry.broken
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(module, None)
        registry._entries.clear()
        registry._entries.update(before)
