"""Bundles ES modules of this package into one script, for a component or a page.

Each module is wrapped in a function, so that others see only its exports. Knows nothing about what the scripts do.

To keep this simple, imports and exports in the modules start a line and have one of these forms:
`import { a, b as c } from './file.js';`, `export function f`, `export async function f`, `export const c`.
"""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(r"^import \{([^}]*)\} from '(\.[^']*)';$", re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function|const) (\w+)", re.MULTILINE)
ANY = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def function(module: Path, name: str) -> str:
    """A JavaScript expression for the exported function `name`. Raises ValueError if the modules cannot be bundled."""
    parts: dict[Path, str] = {}
    exported = _collect(module.resolve(), parts, ())
    if name not in exported:
        raise ValueError(
            f"{module.name} exports {', '.join(exported) or 'nothing'}, not {name!r}; name one of its exports"
        )
    code = "\n".join(parts.values())
    return f"(() => {{\n'use strict';\n{code}\nreturn {_variable(module.resolve(), parts)}.{name};\n}})()"


def component(module: Path) -> str:
    """A gradio component's `js_on_load`: calls the module's export `attach` with gradio's arguments."""
    return f"{function(module, 'attach')}(element, props, trigger, watch);"


def _collect(path: Path, parts: dict[Path, str], above: tuple[Path, ...]) -> list[str]:
    """Adds this module and its imports to `parts`, imports first. Returns its exported names."""
    text = path.read_text(encoding="utf-8")
    exported = [found[2] for found in EXPORT.finditer(text)]
    if path in parts:
        return exported
    if path in above:
        way = " → ".join(p.name for p in (*above[above.index(path) :], path))
        raise ValueError(f"modules import each other in a circle: {way}; move what both need into a third")

    def imported(found: re.Match[str]) -> str:
        other = (path.parent / found[2]).resolve()
        known = _collect(other, parts, (*above, path))
        wanted = [name.strip() for name in found[1].split(",") if name.strip()]
        if missing := [name for name in wanted if name.split(" as ")[0] not in known]:
            raise ValueError(
                f"{path.name} imports {', '.join(missing)}, which {other.name} does not export; export it there"
            )
        return f"const {{ {', '.join(name.replace(' as ', ': ') for name in wanted)} }} = {_variable(other, parts)};"

    code = EXPORT.sub(r"\1 \2", IMPORT.sub(imported, text))
    if odd := ANY.search(code):
        raise ValueError(
            f"{path.name}: {odd[0]!r} is no form of import or export that is put together here; see the forms above"
        )
    parts[path] = ""  # so that its variable has a number
    parts[path] = f"const {_variable(path, parts)} = (() => {{\n{code}\nreturn {{ {', '.join(exported)} }};\n}})();"
    return exported


def _variable(path: Path, parts: dict[Path, str]) -> str:
    """Numbered, since files in two folders may have the same name."""
    return f"{path.stem}_{list(parts).index(path)}"
