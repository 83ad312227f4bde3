"""The default models: those named in the environment, else those in the repository."""

from __future__ import annotations

import os

from tts_viz.engines.embedded import POLICIES, VERIFIER

POLICIES_VARIABLE = "TTS_VIZ_POLICIES"
VERIFIERS_VARIABLE = "TTS_VIZ_VERIFIERS"

VERIFIERS = (VERIFIER, "oracle", "noisy:0.2")


def default_policies() -> tuple[str, ...]:
    """The comma-separated names in `TTS_VIZ_POLICIES`; the first is the default."""
    return _names_in(POLICIES_VARIABLE) or POLICIES


def default_verifiers() -> tuple[str, ...]:
    """As `default_policies`, from `TTS_VIZ_VERIFIERS`."""
    return _names_in(VERIFIERS_VARIABLE) or VERIFIERS


def _names_in(variable: str) -> tuple[str, ...]:
    return tuple(name for part in os.environ.get(variable, "").split(",") if (name := part.strip()))
