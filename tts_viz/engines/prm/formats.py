"""All formats by name, and which of them a checkpoint is in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from tts_viz.engines.prm import qwen, skywork
from tts_viz.engines.prm.base import PRMFormat
from tts_viz.engines.prm.math_shepherd import MathShepherd
from tts_viz.engines.prm.orm import ORM
from tts_viz.engines.prm.rlhflow import RLHFlow
from tts_viz.engines.prm.trl import TRL


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """How a format is made from a tokenizer and options, and its model loaded: by which of transformers' classes, and
    with which head of the checkpoint's own (the tensors' prefix, and what attaches them)."""

    made: Callable[..., PRMFormat]
    model: Any
    prefix: str = ""
    attach: Callable[[Any, Mapping[str, Tensor]], None] | None = None
    options: Collection[str] = ()


FORMATS: dict[str, FormatEntry] = {
    "trl": FormatEntry(TRL, AutoModelForTokenClassification, options=("separator",)),
    "math-shepherd": FormatEntry(MathShepherd, AutoModelForCausalLM),
    "rlhflow": FormatEntry(RLHFlow, AutoModelForCausalLM),
    "qwen": FormatEntry(qwen.Qwen, AutoModel, "score.", qwen.attach),
    "skywork": FormatEntry(skywork.Skywork, AutoModel, skywork.PREFIX, skywork.attach),
    "orm": FormatEntry(ORM, AutoModelForSequenceClassification, options=("separator",)),
}


@dataclass(frozen=True, slots=True)
class DetectedFormat:
    """A format's name, and how it was told."""

    format: str
    why: str


def detect(config: Any, name: str, weights: Collection[str]) -> DetectedFormat:
    """Which format a checkpoint is in, by its config, its name and the names of its weights.

    Raises ValueError, naming the formats, where these do not tell.
    """
    architecture = next(iter(config.architectures or ()), "")
    lower = name.lower()
    if any(key.startswith(skywork.PREFIX) for key in weights):
        return DetectedFormat("skywork", f"its weights have a value head ({skywork.PREFIX}…)")
    if set(qwen.KEYS) <= set(weights):
        return DetectedFormat("qwen", "its weights have a head of two layers (score.0, score.2)")
    if architecture.endswith("ForProcessRewardModel"):
        return DetectedFormat("qwen", f"its architecture is {architecture}")
    if architecture.endswith("ForTokenClassification"):
        return DetectedFormat("trl", f"its architecture is {architecture}")
    if architecture.endswith("ForSequenceClassification"):
        return DetectedFormat("orm", f"its architecture is {architecture}")
    if "shepherd" in lower:
        return DetectedFormat("math-shepherd", "its name says so")
    if "rlhflow" in lower or ("prm" in lower and "deepseek-data" in lower) or "mistral-data" in lower:
        return DetectedFormat("rlhflow", "its name says so")
    raise ValueError(
        f"its architecture, {architecture or 'which it does not name'}, does not tell in which format it reads steps; add "
        f"?format=NAME to its name, with one of {', '.join(FORMATS)}"
    )
