"""All formats by name, and the detection of a checkpoint's format."""

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
    """A format's name, and why it was chosen."""

    format: str
    why: str

    @property
    def entry(self) -> FormatEntry:
        return FORMATS[self.format]


def detect(checkpoint: Checkpoint, asked: str | None = None) -> DetectedFormat:
    """The format of a checkpoint: the requested one (`asked`), else the last registered one that recognises it. So special
    formats take precedence over general ones, and those of other packages over ours.

    Raises ValueError, naming the formats, for an unknown name or if no format recognises the checkpoint.
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
    """The format, made with those of the options that it has."""
    return entry.make(tokenizer, **{key: options[key] for key in entry.options if key in options})
