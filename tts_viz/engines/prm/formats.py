"""All formats by name, and which of them a checkpoint is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# isort: off
from tts_viz.engines.prm import trl, orm, math_shepherd, rlhflow, qwen, skywork

# isort: on
from tts_viz.engines.prm.base import FORMATS, Checkpoint, FormatEntry, PRMFormat

__all__ = [
    "FORMATS",
    "Checkpoint",
    "DetectedFormat",
    "detect",
    "make",
    "math_shepherd",
    "orm",
    "qwen",
    "rlhflow",
    "skywork",
    "trl",
]


@dataclass(frozen=True, slots=True)
class DetectedFormat:
    """A format's name, and how it was told."""

    format: str
    why: str

    @property
    def entry(self) -> FormatEntry:
        return FORMATS[self.format]


def detect(checkpoint: Checkpoint, asked: str | None = None) -> DetectedFormat:
    """Which format a checkpoint is in: the one that is asked for, or the last registered that recognises it, so that a special
    format goes before a general one, and another package's before ours.

    Raises ValueError, naming the formats, where nothing tells.
    """
    if asked is not None:
        FORMATS.named(asked)
        return DetectedFormat(asked, "you said so")
    for name, entry in reversed(list(FORMATS.items())):
        if why := entry.recognises(checkpoint):
            return DetectedFormat(name, why)
    raise ValueError(
        f"its architecture, {checkpoint.architecture or 'which it does not name'}, does not tell in which format it reads "
        f"steps; add ?format=NAME to its name, with one of {', '.join(FORMATS)}"
    )


def make(entry: FormatEntry, tokenizer: object, options: Mapping[str, str]) -> PRMFormat:
    """The format with those of the options that are its own."""
    return entry.make(tokenizer, **{key: options[key] for key in entry.options if key in options})
