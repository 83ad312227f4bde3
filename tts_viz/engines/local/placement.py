"""Chooses the device and precision of a model's weights, and checks that they fit, before they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil
import torch

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

OPTIONS = ("device", "dtype", "bits")

SMALL = 50_000_000
"""Number of parameters up to which full precision is cheap enough."""

ROOM = 1.1
"""Memory needed to load the weights, as a multiple of their size."""


@dataclass(frozen=True, slots=True)
class Placement:
    """`bits`: 8 or 4 if the weights are quantized; `bytes`: the size of the weights."""

    device: str
    dtype: torch.dtype
    bits: int | None
    parameters: int
    bytes: int

    def __str__(self) -> str:
        how = f"{self.bits} bits" if self.bits else str(self.dtype).removeprefix("torch.")
        return f"{self.parameters:,} parameters, {how} on {self.device}, about {gigabytes(self.bytes)}"


def placed(kind: Any, config: Any, device: str, options: Mapping[str, str]) -> Placement:
    """`kind` is the transformers class; `device` "auto" or a torch device, unless the options name one.

    Raises ValueError, saying what to do, for invalid options and for weights that do not fit.
    """
    where = _device(options.get("device", device))
    bits = options.get("bits")
    if bits not in (None, "4", "8"):
        raise ValueError(f"bits={bits} must be 4 or 8")
    if bits and not where.startswith("cuda"):
        raise ValueError(f"{bits}-bit weights need a CUDA GPU, and this would be on {where}")
    with torch.device("meta"):
        parameters = sum(p.numel() for p in kind.from_config(config).parameters())
    free = free_bytes(where)
    if "dtype" in options:
        if options["dtype"] not in DTYPES:
            raise ValueError(f"dtype={options['dtype']} must be one of {', '.join(DTYPES)}")
        dtype = DTYPES[options["dtype"]]
    else:
        dtype = _dtype(where, parameters, free)
    needed = parameters * int(bits) // 8 if bits else parameters * dtype.itemsize
    if needed * ROOM > free:
        raise ValueError(
            f"its {parameters:,} parameters need {gigabytes(needed * ROOM)} in {bits + ' bits' if bits else str(dtype)[6:]}, "
            f"and {where} has {gigabytes(free)} free: use a smaller model, another device=, dtype=bfloat16, or bits=4 on a GPU"
        )
    return Placement(where, dtype, int(bits) if bits else None, parameters, needed)


def _device(wanted: str) -> str:
    """`auto` takes the GPU with the most free memory, so that two models get one each."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return max((f"cuda:{i}" for i in range(torch.cuda.device_count())), key=free_bytes)
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise ValueError(f"device={wanted} must be cpu, mps, cuda, cuda:1, …") from None
    there = {"cpu": True, "mps": torch.backends.mps.is_available()}
    if device.type == "cuda":
        there["cuda"] = (device.index or 0) < torch.cuda.device_count()
    if not there.get(device.type, False):
        raise ValueError(f"there is no {wanted} on this machine")
    return wanted


def _dtype(device: str, parameters: int, free: int) -> torch.dtype:
    if parameters <= SMALL:
        return torch.float32
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device == "mps":
        return torch.bfloat16
    # Most CPUs emulate half precision, so it is used only if the weights would not fit otherwise.
    return torch.float32 if 4 * parameters * ROOM <= free else torch.bfloat16


def free_bytes(device: str) -> int:
    if device.startswith("cuda"):
        return torch.cuda.mem_get_info(device)[0]
    if device == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return psutil.virtual_memory().available


def memory_shares(device: torch.device) -> tuple[int, int]:
    """Bytes for a model's cache, and for the working memory of one pass.

    On a GPU each is a sixth of what is free after loading the weights: two models may share it, and some stays free.
    """
    if device.type == "cuda":
        share = torch.cuda.mem_get_info(device)[0] // 6
        return share, share
    return 1 << 30, 512 << 20


def gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
