"""What visitors may choose from: tasks, and models by names that the operator allows. Knows nothing about how they are loaded."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tts_viz.engines.base import Policy, Verifier
from tts_viz.engines.defaults import default_policies, default_verifiers
from tts_viz.engines.load.cache import ModelCache
from tts_viz.errors import EngineError

log = logging.getLogger(__name__)

TASKS = ("countdown", "arithmetic")
"""What the embedded policies have learned."""


@dataclass(frozen=True, slots=True)
class OfferedModels:
    """Engines by name. A name that is not listed is refused, whatever a visitor sends."""

    policies: tuple[str, ...] = field(default_factory=default_policies)
    verifiers: tuple[str, ...] = field(default_factory=default_verifiers)
    tasks: tuple[str, ...] = TASKS
    also: tuple[str, ...] = ()
    """Models that are in no list, but are the operator's word too: those of the sweep that is shown."""
    choices: Path | None = None
    """The table that compute-optimal search looks up, where it is not the default one."""
    cache: ModelCache = field(default_factory=ModelCache)

    def policy(self, name: str) -> Policy:
        """Raises ValueError for a name that is not allowed, and as `ModelCache` does."""
        if name not in self.policies + self.also:
            raise ValueError(f"There is no policy {name!r} here; choose from the list.")
        return self.cache.policy(name)

    def verifier(self, name: str) -> Verifier:
        """Raises ValueError for a name that is not allowed, and as `ModelCache` does."""
        if name not in self.verifiers + self.also:
            raise ValueError(f"There is no verifier {name!r} here; choose from the list.")
        return self.cache.verifier(name)

    def warm_up(self) -> None:
        """Load the first policy and verifier in the background, so that the first visitor need not wait for them."""

        def load() -> None:
            try:
                self.policy(self.policies[0])
                self.verifier(self.verifiers[0])
            except (ValueError, EngineError, OSError) as error:
                log.warning("no model is ready for the first visitor: %s", error)

        threading.Thread(target=load, name="warm-up", daemon=True).start()
