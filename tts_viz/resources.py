"""Paths of the data files that come with the package: the embedded models and the results measured with them.

In a checkout they are in the folder `assets` beside the package, in an installed package in `tts_viz/assets`. Knows
nothing about their contents. They must be plain files, not members of an archive, because weights are memory-mapped.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("tts_viz")))

ASSETS = next((f for f in (PACKAGE / "assets", PACKAGE.parent / "assets") if f.is_dir()), PACKAGE / "assets")
