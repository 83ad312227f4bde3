"""The core needs nothing but Python, the rest only what requirements.txt installs, and circles are none, lazy or not."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.test_structure import MODULES, OPENS_THE_PAGE, PACKAGE, ROOT, folder, folders_of, imports
from tts_viz.extras import PACKAGES as EXTRAS

NAMES = {"sklearn": "scikit_learn", "sympy": "math_verify", "pydantic_core": "pydantic"}
"""package: what installs it, where that has another name or comes with another, whose values it hands out."""

PLAIN = {"core", "strategies", "search"}


def packages(modules: set[str]) -> set[str]:
    return {m.partition(".")[0] for m in modules} - {"tts_viz", "__future__"} - sys.stdlib_module_names


def where(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", [p for p in MODULES if folder(p) in PLAIN], ids=where)
def test_the_core_imports_only_the_standard_library(path: Path) -> None:
    """Lazily or not."""
    assert packages(imports(path)) == set()


@pytest.mark.parametrize("path", [*MODULES, ROOT / "app.py"], ids=lambda p: p.name)
def test_what_is_imported_is_installed(path: Path) -> None:
    """A visitor's machine has what requirements.txt says, not what happens to come with it; who measures has what tests need."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    if path.parent == PACKAGE / "benchmarks":
        lines += (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8").split()
    installed = {re.split(r"[\[=<>~]", line)[0].replace("-", "_") for line in lines}
    assert {NAMES.get(name, name) for name in packages(imports(path))} <= installed


@pytest.mark.parametrize("path", [p for p in MODULES if folder(p) == "tasks"], ids=where)
def test_tasks_import_what_grades_them_only_when_they_grade(path: Path) -> None:
    assert packages(imports(path, at_load=True)) == set()


def test_nothing_imports_the_page_but_the_app() -> None:
    """And what measures it. Nor the command line, but the app and `python -m`."""
    for path in MODULES:
        if folder(path) != "ui" and path not in (OPENS_THE_PAGE, PACKAGE / "benchmarks" / "page.py"):
            assert "ui" not in folders_of(imports(path)), where(path)
        if folder(path) not in {"cli", "__main__"}:
            assert "cli" not in folders_of(imports(path)), where(path)
    assert "ui" in folders_of(imports(OPENS_THE_PAGE))
    assert "cli" in folders_of(imports(ROOT / "app.py"))


def test_the_package_asks_for_what_the_lock_has() -> None:
    """Every package in pyproject.toml is locked in requirements.txt, within its range, and the other way round; only what
    nothing here imports is not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [Requirement(r) for some in (project["dependencies"], *extras.values()) for r in some]
    locked = dict(r.split("==") for r in (ROOT / "requirements.txt").read_text(encoding="utf-8").split())
    pins = {re.sub(r"\[.*", "", name).lower().replace("_", "-"): version for name, version in locked.items()}
    ranges = {r.name.lower().replace("_", "-"): r.specifier for r in asked}
    assert set(ranges) - set(pins) == {"gguf", "ipykernel", "nbformat", "tts-viz"}
    assert set(pins) <= set(ranges)
    assert all(ranges[name].contains(version) for name, version in pins.items())
    assert set(extras) - {"all"} == set(EXTRAS)


def test_no_folder_imports_in_a_circle_even_lazily() -> None:
    """A lazy import hides a circle from Python, but not from whoever reads the code."""
    needs: dict[str, set[str]] = {}
    for path in MODULES:
        needs.setdefault(folder(path), set()).update(folders_of(imports(path)) - {folder(path)})
    while free := {name for name, needed in needs.items() if not needed & needs.keys()}:
        for name in free:
            del needs[name]
    assert needs == {}


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_relative_imports_do_not_hide_a_folder(path: Path) -> None:
    """`imports` reads absolute names, so all must be."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
