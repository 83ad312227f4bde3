"""Verifiers by name: the embedded one, the truth, a folder with a PRM, or one from the Hugging Face hub."""

from __future__ import annotations

from transformers import AutoModelForTokenClassification

from tts_viz.engines.base import Verifier
from tts_viz.engines.embedded import POLICIES, VERIFIER
from tts_viz.engines.oracle import Oracle
from tts_viz.engines.prm.trl import TRL
from tts_viz.engines.transformers_verifier import TransformersVerifier
from tts_viz.engines.weights import loaded, refusing

VERIFIER_CHOICES = f"{VERIFIER}, oracle, noisy:0.2, a folder with a PRM in TRL's format, or a hub id like owner/name"


def load_verifier(name: str, device: str = "auto") -> Verifier:
    """Raises ValueError, naming the choices, where there is no such verifier."""
    if name in POLICIES:
        raise ValueError(f"{name} writes steps, it does not score them; choose one of {VERIFIER_CHOICES}")
    if name == "oracle":
        return Oracle()
    if name.startswith("noisy:"):
        try:
            noise = float(name.removeprefix("noisy:"))
        except ValueError:
            raise ValueError(f"{name}: the noise must be a number from 0 to 0.5, as in noisy:0.2") from None
        return Oracle(noise)
    model, tokenizer = loaded(AutoModelForTokenClassification, name, device, VERIFIER_CHOICES)
    with refusing(name, VERIFIER_CHOICES):
        TRL().check(model)
        return TransformersVerifier(model, tokenizer, TRL(), name)
