"""Errors raised inside a model, turned into messages for users."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tts_viz.errors import EngineError

log = logging.getLogger(__name__)


@contextmanager
def explained(role: str, name: str) -> Iterator[None]:
    """Turns torch's errors into an `EngineError` that says what to do; the details go to the log."""
    try:
        yield
    except EngineError:
        raise
    except (RuntimeError, MemoryError, IndexError) as error:
        log.exception("%s %s failed", role, name)
        if is_memory(error):
            raise EngineError(f"The {role} {name} ran out of memory. Use a smaller N, or a smaller model.") from error
        what = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise EngineError(f"The {role} {name} failed: {what}. Resume to try again, or choose another model.") from error


def is_memory(error: Exception) -> bool:
    """Is this an out-of-memory error?"""
    # On a CPU torch raises a plain RuntimeError.
    words = str(error).lower()
    return (
        isinstance(error, (MemoryError, torch.OutOfMemoryError))
        or "can't allocate memory" in words
        or "out of memory" in words
    )
