"""Modules put together as one text: it does what the modules do, and what it cannot put together it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.javascript import javascript
from tts_viz.render.browser import HERE
from tts_viz.render.javascript import component, function


def written(folder: Path, **modules: str) -> Path:
    """Files of these texts; returns the first one's path."""
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(modules))}.js"


def test_a_text_does_what_its_modules_do(tmp_path: Path) -> None:
    first = written(
        tmp_path,
        first="import { twice,\n  NAME as theirs } from './second.js';\nconst NAME = 'first';\nexport function say() {\n"
        "  return [twice(NAME), theirs];\n}\n",
        second="import { join } from './third.js';\nexport const NAME = 'second';\nexport const twice = (x) => join(x, x);\n",
        third="const NAME = ' and ';\nexport function join(a, b) {\n  return a + NAME + b;\n}\n",
    )
    text = function(first, "say")
    assert javascript("", f"() => {text}()") == ["first and first", "second"]
    assert javascript(f"import {{ say }} from '{first.as_uri()}';", "say") == ["first and first", "second"]


def test_a_module_that_two_need_is_there_once(tmp_path: Path) -> None:
    first = written(
        tmp_path,
        first="import { count } from './shared.js';\nimport { more } from './second.js';\nexport function twice() {\n"
        "  more();\n  return count();\n}\n",
        second="import { count } from './shared.js';\nexport const more = () => count();\n",
        shared="let n = 0;\nexport const count = () => ++n;\n",
    )
    assert javascript("", f"() => {function(first, 'twice')}()") == 2


def test_two_folders_may_have_a_file_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", same="export const where = 'deep';\n")
    outer = written(
        tmp_path, same="import { where } from './deep/same.js';\nexport const say = () => `${where} down`;\n"
    )
    assert javascript("", f"() => {function(outer, 'say')}()") == "deep down"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("export const b = 1;\n", "exports b, not 'attach'"),
        ("const b = 1;\n", "exports nothing"),
        ("import { c } from './b.js';\nexport function attach() {}\n", "imports c, which b.js does not export"),
        ("import all from './b.js';\nexport function attach() {}\n", "no form of import or export"),
        ("export function attach() {}\nexport default attach;\n", "no form of import or export"),
        ("import { b } from './circle.js';\nexport function attach() {}\n", "circle: a.js → circle.js → a.js"),
    ],
)
def test_what_cannot_be_put_together_is_refused(tmp_path: Path, text: str, says: str) -> None:
    first = written(
        tmp_path, a=text, b="export const b = 1;\n", circle="import { attach } from './a.js';\nexport const b = 2;\n"
    )
    with pytest.raises(ValueError, match=says):
        component(first)


def test_every_script_of_the_package_is_a_text_that_a_browser_reads() -> None:
    """The page builds them; here each is read by node, so that a slip is found without a browser."""
    package = HERE.parents[1]
    entries = [
        (p, n)
        for p in package.rglob("*.js")
        for n in ("attach", "replay")
        if f"export function {n}(" in p.read_text("utf-8")
    ]
    assert len(entries) >= 10
    texts = [function(path, name) for path, name in entries]
    kinds = javascript("", "(texts) => texts.map((text) => typeof new Function(`return ${text}`)())", texts)
    assert kinds == ["function"] * len(entries)
