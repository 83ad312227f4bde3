"""Which models come with the repository, and where they lie."""

from __future__ import annotations

from pathlib import Path

from tts_viz.resources import ASSETS

POLICIES = ("policy-small", "policy-large")
VERIFIER = "verifier"

EMBEDDED: dict[str, Path] = {name: ASSETS / "models" / name for name in (*POLICIES, VERIFIER)}
"""name: folder that `transformers` loads"""
