"""Checks of a checkpoint's folder before anything is loaded, so that a problem gets a clear message.

Knows nothing about models: it reads file names and headers. Everything here raises ValueError.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LFS = b"version https://git-lfs"

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json")
"""Any of these files is a tokenizer; without one, transformers 5 makes an empty tokenizer instead of raising."""

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")


def check_folder(folder: Path) -> None:
    """Raises ValueError unless the files look like a whole checkpoint."""
    files = {path.name: path for path in folder.iterdir() if path.is_file()}
    if "adapter_config.json" in files and "config.json" not in files:
        raise ValueError(
            f"it is an adapter (LoRA) for {_base(files['adapter_config.json'])}, not a whole model: merge it into that model "
            "first (peft: `merge_and_unload()`, then `save_pretrained`)"
        )
    for name, path in files.items():
        if path.suffix in (*WEIGHTS, ".json", ".model") and _first_bytes(path, len(LFS)) == LFS:
            raise ValueError(
                f"{name} is a Git LFS pointer, not the file itself: run `git lfs pull` where it was cloned"
            )
        if path.suffix == ".safetensors":
            _check_safetensors(path)
    if "config.json" not in files:
        raise ValueError(_no_config(files))
    if index := files.get("model.safetensors.index.json"):
        missing = sorted(set(_json(index).get("weight_map", {}).values()) - files.keys())
        if missing:
            raise ValueError(f"its weights lack the file {missing[0]}: download the folder again")
    if not any(name in files for name in TOKENIZERS):
        raise ValueError(f"there is no tokenizer in {folder}: copy tokenizer.json there from where the model comes")


def check_vocabulary(tokenizer: Any, model: Any) -> None:
    """Raises ValueError unless the embedding has a row for every token of the tokenizer."""
    if not tokenizer("2 + 3 = 5", add_special_tokens=False)["input_ids"]:
        raise ValueError("there is no tokenizer with it: what it has makes no token of any text")
    # transformers adds tokens for padding and the like, which occur in no text.
    unused = {tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.mask_token_id}
    largest = max(id for id in tokenizer.get_vocab().values() if id not in unused)
    rows = model.get_input_embeddings().num_embeddings
    if largest >= rows:
        raise ValueError(
            f"its tokenizer has {largest + 1:,} tokens and its embedding only {rows:,} rows: they do not belong together"
        )


def _base(adapter_config: Path) -> str:
    return str(_json(adapter_config).get("base_model_name_or_path") or "another model")


def _no_config(files: dict[str, Path]) -> str:
    if any(path.suffix == ".gguf" for path in files.values()):
        return "it holds a GGUF file and no config.json: convert it to a transformers folder first"
    return "there is no config.json in it: name the folder that transformers' save_pretrained wrote"


def _check_safetensors(path: Path) -> None:
    """The header and the tensors must lie within the file; an interrupted download ends before them."""
    size, length = path.stat().st_size, int.from_bytes(_first_bytes(path, 8), "little")
    if not size:
        raise ValueError(f"{path.name} is empty: download it again")
    broken = f"{path.name} is damaged or was not downloaded to its end: download it again"
    if 8 + length > size:
        raise ValueError(broken)
    with path.open("rb") as file:
        file.seek(8)
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ValueError(broken) from error
    if 8 + length + max(ends, default=0) > size:
        raise ValueError(broken)


def _first_bytes(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is no JSON ({error}): download it again") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} holds no JSON object: download it again")
    return found
