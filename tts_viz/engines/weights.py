"""Weights by name: an embedded model, a folder, or one from the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from tts_viz.engines.embedded import EMBEDDED


@contextmanager
def refusing(name: str, choices: str) -> Iterator[None]:
    """Adds to a ValueError which model it is about, and what there is instead."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name} cannot be used: {error}; choose one of {choices}") from error


def source_of(name: str, choices: str) -> tuple[str, bool]:
    """The folder or hub id of this name, and whether it is a folder here. Raises ValueError where it is neither."""
    folder = EMBEDDED.get(name, Path(name))
    local = folder.is_dir()
    if name in EMBEDDED and not local:
        raise ValueError(f"the embedded model {name} is not in {folder}: run `python -m tts_viz train all`")
    if not local and name.count("/") != 1:
        raise ValueError(f"there is no model {name!r}; choose one of {choices}")
    return (str(folder) if local else name), local


def loaded(kind: Any, name: str, device: str, choices: str) -> tuple[Any, Any]:
    """The model, of the transformers class `kind`, and its tokenizer. Raises ValueError, naming the `choices`."""
    source, local = source_of(name, choices)
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
