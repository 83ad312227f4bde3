"""Where the files lie that come with the package but are no code: the embedded models and what was measured with them.

In a checkout they are in the folder `assets` beside the package, in an installed package in `tts_viz/assets`. Knows
nothing about what is in them. They are files in folders, never in an archive: weights are mapped into memory.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("tts_viz")))

ASSETS = next((f for f in (PACKAGE / "assets", PACKAGE.parent / "assets") if f.is_dir()), PACKAGE / "assets")
