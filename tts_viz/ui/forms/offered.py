"""The tasks and models that the operator offers to visitors. Knows nothing about how models are loaded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tts_viz.engines.base import Policy, Verifier
from tts_viz.engines.defaults import default_policies, default_verifiers
from tts_viz.engines.embedded import may_solve
from tts_viz.engines.load.cache import ModelCache
from tts_viz.errors import EngineError
from tts_viz.tasks import TASKS

log = logging.getLogger(__name__)


@dataclass(slots=True)
class OfferedModels:
    """Engines by name. A name that is not listed is refused, because a browser can send anything."""

    policies: tuple[str, ...] = field(default_factory=default_policies)
    verifiers: tuple[str, ...] = field(default_factory=default_verifiers)
    tasks: tuple[str, ...] = ()
    """Default: those that one of the policies may solve."""
    also: tuple[str, ...] = ()
    """Models that are allowed but not listed: those of the sweep that the laboratory shows."""
    choices: Path | None = None
    """The table that compute-optimal search looks up; None for the default one."""
    cache: ModelCache = field(default_factory=ModelCache)

    def __post_init__(self) -> None:
        self.tasks = self.tasks or solvable(self.policies)

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
        """Load the first policy and verifier in the background, so that the first visitor does not wait for them."""

        def load() -> None:
            try:
                self.policy(self.policies[0])
                self.verifier(self.verifiers[0])
            except (ValueError, EngineError, OSError) as error:
                log.warning("no model is ready for the first visitor: %s", error)

        threading.Thread(target=load, name="warm-up", daemon=True).start()


def solvable(policies: Sequence[str]) -> tuple[str, ...]:
    """The tasks that one of these policies may solve."""
    return tuple(name for name, task in TASKS.items() if any(may_solve(policy, task) for policy in policies))
