"""Policies by name: the embedded ones, a folder, or one from the Hugging Face hub."""

from __future__ import annotations

from transformers import AutoModelForCausalLM

from tts_viz.engines.base import Policy
from tts_viz.engines.embedded import POLICIES, VERIFIER
from tts_viz.engines.transformers_policy import TransformersPolicy
from tts_viz.engines.weights import loaded, refusing

POLICY_CHOICES = f"{', '.join(POLICIES)}, a folder with a model, or a hub id like owner/name"


def load_policy(name: str, device: str = "auto") -> Policy:
    """Raises ValueError, naming the choices, where there is no such policy."""
    if name == VERIFIER:
        raise ValueError(f"{name} scores steps, it does not write them; choose one of {POLICY_CHOICES}")
    model, tokenizer = loaded(AutoModelForCausalLM, name, device, POLICY_CHOICES)
    with refusing(name, POLICY_CHOICES):
        policy = TransformersPolicy(model, tokenizer, name)
        policy.check()
    return policy
