"""The code's own rules: imports only go down, no circles, one purpose a file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tts_viz"

MODULES = sorted(p for p in PACKAGE.rglob("*.py"))

MAY: dict[str, set[str]] = {
    "errors": set(),
    "resources": set(),
    "extras": set(),
    "core": set(),
    "tasks": {"core"},
    "strategies": {"core"},
    "engines": {"core", "tasks"},
    "search": {"core", "strategies", "engines", "tasks"},
    "analysis": {"core", "strategies", "engines", "tasks"},
    "render": {"core", "tasks"},
    "traces": {"core", "search", "analysis", "strategies", "tasks"},
    "lesson": {"core", "analysis", "strategies", "tasks"},
    "exports": {"core", "analysis", "render", "tasks", "traces"},
    "training": {"core", "engines", "tasks", "search", "analysis"},
    "lab": {"core", "engines", "search", "analysis", "strategies", "tasks"},
    "verifier_eval": {"core", "engines", "lab", "tasks"},
    "api": {"core", "analysis", "engines", "exports", "render", "search", "strategies", "tasks", "traces"},
    "benchmarks": {
        *("core", "engines", "tasks", "search", "analysis", "strategies", "training", "traces", "verifier_eval", "ui"),
    },
}
"""folder, or module at the top: folders that it may import. The page and the command line, which stand on top, may import
all but each other; only the command that opens the page knows the page."""

OPENS_THE_PAGE = PACKAGE / "cli" / "app.py"

HEAVY = {"torch", "transformers", "gradio", "plotly", "sklearn", "openai"}

LIGHT = {"core", "strategies", "search", "analysis", "traces", "tasks", "cli", "lesson", "verifier_eval"}
"""Folders that load without any of these."""


def folder(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, at_load: bool = False) -> set[str]:
    """The dotted modules that a file imports; only those at its top level where `at_load`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if at_load else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def folders_of(modules: set[str]) -> set[str]:
    inside = {m.split(".")[1] for m in modules if m.startswith("tts_viz.")}
    return {name for name in inside if (PACKAGE / name).is_dir()}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_only_go_down(path: Path) -> None:
    name = folder(path)
    if name in MAY:
        assert folders_of(imports(path)) <= {*MAY[name], name}
    else:
        assert name in {"ui", "cli", "__init__", "__main__"}
        others = {"ui", "cli"} & (folders_of(imports(path)) - {name})
        assert not others or name == "__main__" or path == OPENS_THE_PAGE


@pytest.mark.parametrize("path", [p for p in MODULES if folder(p) in LIGHT], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_core_and_the_command_line_load_without_models(path: Path) -> None:
    assert not {m.split(".")[0] for m in imports(path, at_load=True)} & HEAVY


def test_no_module_imports_itself_in_a_circle() -> None:
    known = {
        ".".join(["tts_viz", *p.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__"): p
        for p in MODULES
    }
    needs = {name: {m for m in imports(p, at_load=True) if m in known and m != name} for name, p in known.items()}

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join([*way, name])
        for needed in needs.pop(name, ()):
            visit(needed, (*way, name))

    for name in list(needs):
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_nothing_else_stands_at_the_top() -> None:
    allowed = {
        "app.py",
        "requirements.txt",
        "tts_viz",
        "assets",
        "tests",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "pyproject.toml",
    }
    here = {p.name for p in ROOT.iterdir() if not p.name.startswith(".") and p.name != "__pycache__"}
    assert here <= allowed
