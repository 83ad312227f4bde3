"""The tokenizer that the tests of engines read and write with: that of the shipped models."""

from __future__ import annotations

from functools import cache
from typing import Any

from transformers import AutoTokenizer

from tts_viz.engines.embedded import EMBEDDED

PAD_ID, BOS_ID, EOS_ID = 0, 1, 2


@cache
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(EMBEDDED["policy-small"])


def encode(text: str) -> list[int]:
    """Token ids of a text, without BOS or EOS."""
    return tokenizer()(text, add_special_tokens=False)["input_ids"]
