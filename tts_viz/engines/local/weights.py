"""Weights by name: an embedded model, a folder, or one from the Hugging Face hub."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging
from transformers.utils.hub import cached_file

from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.local.checkpoint_files import check_folder, check_vocabulary
from tts_viz.engines.local.placement import Placement, placed
from tts_viz.engines.prm.checkpoint_heads import weight_files

_BUILDING = threading.RLock()
"""While it builds a model, `from_pretrained` changes torch's default dtype and `torch.nn.init` for the whole process; two
builds at once would not restore them. Downloads may take minutes, so they happen before the lock is taken."""


@contextmanager
def refusing(name: str, choices: str) -> Iterator[None]:
    """Adds the model's name and the available choices to a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name} cannot be used: {error}; choose one of {choices}") from error


@contextmanager
def refusing_server(name: str) -> Iterator[None]:
    """The same for a model on a server, whose name may contain a password and is then not shown."""
    try:
        yield
    except ValueError as error:
        shown = "the model on a server" if "@" in name.partition("#")[0] else name.partition("?")[0]
        raise ValueError(f"{shown} cannot be used: {error}") from None


def source_of(name: str, choices: str) -> tuple[str, bool]:
    """The folder or hub id of this name, and whether it is a local folder. Raises ValueError if it is neither."""
    folder = EMBEDDED.get(name, Path(name))
    local = folder.is_dir()
    if name in EMBEDDED and not local:
        raise ValueError(f"the embedded model {name} is not in {folder}: run `python -m tts_viz train all`")
    if not local and name.count("/") != 1:
        if folder.is_file():
            raise ValueError(f"{name} is a file: name the folder that it is in; or choose one of {choices}")
        raise ValueError(f"there is no model {name!r}; choose one of {choices}")
    return (str(folder) if local else name), local


def checkpoint_source(name: str, choices: str) -> tuple[str, bool]:
    """As `source_of`, and raises ValueError if the folder's files are not a whole checkpoint."""
    source, local = source_of(name, choices)
    if local:
        with refusing(name, choices):
            check_folder(Path(source))
    return source, local


def loaded(kind: Any, name: str, device: str, choices: str, options: Mapping[str, str]) -> tuple[Any, Any]:
    """The model, of the transformers class `kind`, and its tokenizer. Raises ValueError, naming the `choices`.

    `options` are those of `placement`. Prints to stderr what it loads, unless it is an embedded model.
    """
    source, local = checkpoint_source(name, choices)
    with refusing(name, choices):
        try:
            config = AutoConfig.from_pretrained(source, local_files_only=local)
            with _BUILDING:
                where = placed(kind, config, device, options)
            tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
            if name not in EMBEDDED:
                print(f"Loading {name}: {where}", file=sys.stderr, flush=True)
            if not local:
                _download(source)
            with _BUILDING, _bars(name not in EMBEDDED):
                model, info = kind.from_pretrained(
                    source, local_files_only=local, use_safetensors=True, output_loading_info=True, **_how(where)
                )
        except OSError as error:
            raise ValueError(str(error).splitlines()[0]) from error
        check_vocabulary(tokenizer, model)
        if info["missing_keys"]:  # transformers would fill them with random numbers
            raise ValueError(f"it lacks the weights {', '.join(sorted(info['missing_keys']))}")
    return (model if where.bits else model.to(where.device)), tokenizer


def _download(source: str) -> None:
    """Downloads the safetensors weights; `from_pretrained` fetches whatever has other names."""
    with suppress(ValueError):
        for file in sorted(set(weight_files(source, local=False).values())):
            cached_file(source, file)


def _how(where: Placement) -> dict[str, Any]:
    if not where.bits:
        return {"dtype": where.dtype}
    if not find_spec("bitsandbytes") or not find_spec("accelerate"):
        raise ValueError("bits=4 and bits=8 need two packages more: pip install bitsandbytes accelerate")
    quantized = BitsAndBytesConfig(
        load_in_4bit=where.bits == 4, load_in_8bit=where.bits == 8, bnb_4bit_compute_dtype=where.dtype
    )
    return {"dtype": where.dtype, "quantization_config": quantized, "device_map": {"": where.device}}


@contextmanager
def _bars(shown: bool) -> Iterator[None]:
    """Shows or hides transformers' progress bars; the embedded models load too fast to need them."""
    if not shown:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()
