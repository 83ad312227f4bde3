"""The house's own rules: imports only go down, no circles, one purpose a file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "tts_viz"

MODULES = sorted(p for p in HOUSE.rglob("*.py"))

CORE = {"budget", "events", "aggregate", "node", "tree", "ops"}

MAY: dict[str, set[str]] = {
    "budget": set(),
    "aggregate": set(),
    "events": {"budget"},
    "node": {"budget", "events"},
    "tree": {"aggregate", "budget", "events", "node"},
    "ops": {"node", "tree"},
    "hands": {*CORE},
    "strategies": {*CORE, "strategies"},
    "tasks": {"tasks"},
    "engines": {"budget", "events", "tasks", "engines"},
    "request": {"events", "node"},
    "session": {*CORE, "hands", "request", "strategies", "engines", "tasks"},
    "replay": {*CORE, "session"},
    "scheduler": {*CORE, "request", "session", "engines"},
    "solutions": {*CORE, "tasks"},
    "words": {*CORE, "strategies"},
    "other_scores": {*CORE, "engines", "solutions", "tasks"},
    "whatif": {*CORE, "other_scores", "solutions"},
    "whatif_words": {"solutions", "whatif"},
    "regret": {*CORE, "solutions", "tasks"},
    "comparison": {*CORE, "solutions", "words"},
    "render": {*CORE, "tasks", "render"},
    "traces": {*CORE, "session", "solutions", "strategies", "tasks", "traces"},
    "lesson": {*CORE, "regret", "solutions", "strategies", "tasks"},
    "exports": {*CORE, "regret", "render", "solutions", "tasks", "traces", "words", "exports"},
    "zoo": {*CORE, "engines", "tasks", "session", "scheduler", "solutions", "zoo"},
    "bench": {
        *CORE,
        "engines",
        "tasks",
        "session",
        "scheduler",
        "solutions",
        "strategies",
        "zoo",
        "ui",
        "traces",
        "verifier_bench",
        "bench",
    },
    "lab": {*CORE, "engines", "request", "scheduler", "session", "solutions", "strategies", "tasks", "lab"},
    "verifier_bench": {*CORE, "engines", "lab", "tasks", "verifier_bench"},
    "terminal": {*CORE, "solutions", "words", "render", "tasks", "scheduler", "session"},
}
"""room: rooms that it may import. The page and the command line, which stand on top, may import all but each other."""

HEAVY = {"torch", "transformers", "gradio", "plotly", "sklearn", "openai"}

LIGHT_ROOMS = {
    *CORE, "strategies", "hands", "request", "session", "replay", "scheduler", "solutions", "words", "traces", "tasks", "cli",
    "terminal", "other_scores", "whatif", "whatif_words", "regret", "lesson", "verifier_bench",
}  # fmt: skip


def room(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


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


def rooms_of(modules: set[str]) -> set[str]:
    inside = {m.split(".")[1] for m in modules if m.startswith("tts_viz.")}
    return {name for name in inside if (HOUSE / name).is_dir() or (HOUSE / f"{name}.py").is_file()}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_imports_only_go_down(path: Path) -> None:
    name = room(path)
    if name in MAY:
        assert rooms_of(imports(path)) <= {*MAY[name], name}
    else:
        assert name in {"ui", "cli", "__init__", "__main__"}
        assert not {"ui", "cli"} & (rooms_of(imports(path)) - {name}) or name == "__main__"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room(p) in LIGHT_ROOMS], ids=lambda p: str(p.relative_to(HOUSE))
)
def test_the_core_and_the_command_line_load_without_models(path: Path) -> None:
    assert not {m.split(".")[0] for m in imports(path, at_load=True)} & HEAVY


def test_no_module_imports_itself_in_a_circle() -> None:
    known = {
        ".".join(["tts_viz", *p.relative_to(HOUSE).with_suffix("").parts]).removesuffix(".__init__"): p for p in MODULES
    }
    needs = {name: {m for m in imports(p, at_load=True) if m in known and m != name} for name, p in known.items()}

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join([*way, name])
        for needed in needs.pop(name, ()):
            visit(needed, (*way, name))

    for name in list(needs):
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_files_are_short_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 340
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_nothing_else_stands_at_the_top() -> None:
    allowed = {"app.py", "requirements.txt", "tts_viz", "assets", "tests", "README.md", "LICENSE", "pyproject.toml"}
    here = {p.name for p in ROOT.iterdir() if not p.name.startswith(".") and p.name != "__pycache__"}
    assert here <= allowed
