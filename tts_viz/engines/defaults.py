"""The models to use where nobody names one: those of the environment, else those that come with the repository."""

from __future__ import annotations

import os

from tts_viz.engines.embedded import POLICIES, VERIFIER

POLICIES_VARIABLE = "TTS_VIZ_POLICIES"
VERIFIERS_VARIABLE = "TTS_VIZ_VERIFIERS"

VERIFIERS = (VERIFIER, "oracle", "noisy:0.2")


def default_policies() -> tuple[str, ...]:
    """The names in `TTS_VIZ_POLICIES`, apart by commas, the first of which is the default."""
    return _named(POLICIES_VARIABLE) or POLICIES


def default_verifiers() -> tuple[str, ...]:
    """As `default_policies`, from `TTS_VIZ_VERIFIERS`."""
    return _named(VERIFIERS_VARIABLE) or VERIFIERS


def _named(variable: str) -> tuple[str, ...]:
    return tuple(name for part in os.environ.get(variable, "").split(",") if (name := part.strip()))
