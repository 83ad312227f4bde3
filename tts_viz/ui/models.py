"""What visitors may choose from: tasks, and models by names that the operator allows, loaded once, on first use."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tts_viz.engines.base import Policy, Verifier

TASKS = ("countdown", "arithmetic")
"""What the embedded policies have learned."""

POLICIES = ("policy-small", "policy-large")
VERIFIERS = ("verifier", "oracle", "noisy:0.2")


@dataclass(slots=True)
class Models:
    """Engines by name. A name that is not listed is refused, whatever a visitor sends."""

    policies: tuple[str, ...] = POLICIES
    verifiers: tuple[str, ...] = VERIFIERS
    tasks: tuple[str, ...] = TASKS
    also: tuple[str, ...] = ()
    """Models that are in no list, but are the operator's word too: those of the sweep that is shown."""
    _policies: dict[str, Policy] = field(default_factory=dict)
    _verifiers: dict[str, Verifier] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def policy(self, name: str) -> Policy:
        """Raises ValueError for a name that is not allowed. May take seconds the first time."""
        if name not in self.policies + self.also:
            raise ValueError(f"There is no policy {name!r} here; choose from the list.")
        from tts_viz.engines.policies import load_policy

        with self._lock:
            if name not in self._policies:
                self._policies[name] = load_policy(name)
            return self._policies[name]

    def verifier(self, name: str) -> Verifier:
        """Raises ValueError for a name that is not allowed. May take seconds the first time."""
        if name not in self.verifiers + self.also:
            raise ValueError(f"There is no verifier {name!r} here; choose from the list.")
        from tts_viz.engines.verifiers import load_verifier

        with self._lock:
            if name not in self._verifiers:
                self._verifiers[name] = load_verifier(name)
            return self._verifiers[name]

    def warm_up(self) -> None:
        """Load the first policy and verifier in the background, so that the first visitor need not wait for them."""

        def load() -> None:
            self.policy(self.policies[0])
            self.verifier(self.verifiers[0])

        threading.Thread(target=load, name="warm-up", daemon=True).start()
