"""Reads the names and single tensors of a checkpoint's weights without loading the model: for custom heads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from torch import Tensor
from transformers.utils.hub import cached_file


def weight_files(source: str, local: bool) -> Mapping[str, str]:
    """Which file each tensor is in. `source`: a folder or a hub id. Raises ValueError without safetensors."""
    if index := _file(source, "model.safetensors.index.json", local):
        return json.loads(Path(index).read_text(encoding="utf-8"))["weight_map"]
    whole = _file(source, "model.safetensors", local)
    if whole is None:
        raise ValueError(
            "it has no weights in safetensors; convert them first (others can run code when they are read)"
        )
    with safe_open(whole, "pt") as weights:
        return dict.fromkeys(weights.keys(), "model.safetensors")


def tensors(source: str, local: bool, prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`."""
    found = {}
    for name, file in weight_files(source, local).items():
        if name.startswith(prefix):
            path = _file(source, file, local)
            if path is None:
                raise ValueError(f"its weights lack the file {file}")
            with safe_open(path, "pt") as weights:
                found[name] = weights.get_tensor(name)
    return found


def _file(source: str, name: str, local: bool) -> str | None:
    return cached_file(source, name, local_files_only=local, _raise_exceptions_for_missing_entries=False)
