"""Fixed splits that cannot overlap: the hash of a problem's text decides which split it belongs to.

A problem is in the same split however it was drawn, so unlimited training data never contains a test problem.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import TypeVar

from tts_viz.tasks.base import Split

T = TypeVar("T")


def split_of(key: str) -> Split:
    """The split of a problem with this text: 80 % train, 10 % validation, 10 % test."""
    bucket = hashlib.blake2b(key.encode(), digest_size=2).digest()[0] % 10
    return "validation" if bucket == 0 else "test" if bucket == 1 else "train"


def drawn(
    draw: Callable[[random.Random], T], key: Callable[[T], str], task: str, split: Split, level: int, index: int
) -> T:
    """The index-th problem of a split: draw from a generator seeded by task, split, level and index until one fits."""
    if index < 0:
        raise IndexError(f"index {index} must be 0 or more")
    rng = random.Random(f"{task}/{split}/{level}/{index}")
    while split_of(key(problem := draw(rng))) != split:
        pass
    return problem
