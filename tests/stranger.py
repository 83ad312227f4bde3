"""Another package, as `pip install` would leave it: modules, and entry points that name them."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tts_viz.core.registry import Registry

ROOT = Path(__file__).parents[1]


def write_package(folder: Path, modules: Mapping[str, str], points: Mapping[str, Mapping[str, str]]) -> Path:
    """`modules`: code by name; `points`: by group, the module that each name stands for. Returns the folder."""
    for module, code in modules.items():
        (folder / f"{module}.py").write_text(code, encoding="utf-8")
    info = folder / "stranger-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n", encoding="utf-8")
    groups = (f"[{group}]\n" + "".join(f"{n} = {m}\n" for n, m in named.items()) for group, named in points.items())
    (info / "entry_points.txt").write_text("".join(groups), encoding="utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """That of a new Python which has the package in this folder, and us."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


@contextmanager
def installed(folder: Path, registry: Registry[Any], module: str, code: str) -> Iterator[None]:
    """In this Python: a package of one module, which the registry's group names. Afterwards the registry is as before."""
    write_package(folder, {module: code}, {registry.group: {"anything": module}})
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
