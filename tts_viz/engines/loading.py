"""Models by name: the embedded ones, a folder, or one from the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer

from tts_viz.engines.base import Policy, Verifier
from tts_viz.engines.embedded import EMBEDDED, POLICIES, VERIFIER
from tts_viz.engines.oracle import Oracle
from tts_viz.engines.prm.trl import TRL
from tts_viz.engines.transformers_policy import TransformersPolicy
from tts_viz.engines.transformers_verifier import TransformersVerifier

POLICY_CHOICES = f"{', '.join(POLICIES)}, a folder with a model, or a hub id like owner/name"
VERIFIER_CHOICES = f"{VERIFIER}, oracle, noisy:0.2, a folder with a PRM in TRL's format, or a hub id like owner/name"


def load_policy(name: str, device: str = "auto") -> Policy:
    """Raises ValueError, naming the choices, where there is no such policy."""
    if name == VERIFIER:
        raise ValueError(f"{name} scores steps, it does not write them; choose one of {POLICY_CHOICES}")
    model, tokenizer = _loaded(AutoModelForCausalLM, name, device, POLICY_CHOICES)
    with _refusing(name, POLICY_CHOICES):
        policy = TransformersPolicy(model, tokenizer, name)
        policy.check()
    return policy


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
    model, tokenizer = _loaded(AutoModelForTokenClassification, name, device, VERIFIER_CHOICES)
    with _refusing(name, VERIFIER_CHOICES):
        TRL().check(model)
        return TransformersVerifier(model, tokenizer, TRL(), name)


@contextmanager
def _refusing(name: str, choices: str) -> Iterator[None]:
    """Adds to a ValueError which model it is about, and what there is instead."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name} cannot be used: {error}; choose one of {choices}") from error


def _loaded(kind: Any, name: str, device: str, choices: str) -> tuple[Any, Any]:
    folder = EMBEDDED.get(name, Path(name))
    local = folder.is_dir()
    if name in EMBEDDED and not local:
        raise ValueError(f"the embedded model {name} is not in {folder}: run `python -m tts_viz train all`")
    if not local and name.count("/") != 1:
        raise ValueError(f"there is no model {name!r}; choose one of {choices}")
    source = str(folder) if local else name
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
        model, info = kind.from_pretrained(
            source, local_files_only=local, use_safetensors=True, dtype="auto", output_loading_info=True
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"{name} cannot be loaded: {str(error).splitlines()[0]}; choose one of {choices}") from error
    if info["missing_keys"]:  # transformers would fill them with random numbers
        raise ValueError(f"{name} lacks the weights {', '.join(sorted(info['missing_keys']))}; choose one of {choices}")
    where = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if where == "cpu" and model.dtype == torch.float16:
        model = model.float()  # half precision is for GPUs: CPUs emulate it
    return model.to(where), tokenizer
