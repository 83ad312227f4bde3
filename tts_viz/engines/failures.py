"""What can go wrong inside a model, in words for people."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tts_viz.engines.base import EngineError

log = logging.getLogger(__name__)


@contextmanager
def explained(role: str, name: str) -> Iterator[None]:
    """Turns what torch raises into an `EngineError` that says what to do; the log keeps the details."""
    try:
        yield
    except EngineError:
        raise
    except torch.OutOfMemoryError as error:
        log.exception("%s %s ran out of memory", role, name)
        raise EngineError(f"The {role} {name} ran out of memory. Use a smaller N, or a smaller model.") from error
    except RuntimeError as error:
        log.exception("%s %s failed", role, name)
        if "can't allocate memory" in str(error) or "out of memory" in str(error).lower():
            raise EngineError(f"The {role} {name} ran out of memory. Use a smaller N, or a smaller model.") from error
        raise EngineError(f"The {role} {name} failed: {str(error).splitlines()[0]}.") from error
