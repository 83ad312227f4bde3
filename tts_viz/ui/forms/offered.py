"""What visitors may choose from: tasks, and models by names that the operator allows, loaded once, on first use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tts_viz.engines.base import Policy, Verifier
from tts_viz.engines.defaults import default_policies, default_verifiers

TASKS = ("countdown", "arithmetic")
"""What the embedded policies have learned."""


@dataclass(slots=True)
class OfferedModels:
    """Engines by name. A name that is not listed is refused, whatever a visitor sends."""

    policies: tuple[str, ...] = field(default_factory=default_policies)
    verifiers: tuple[str, ...] = field(default_factory=default_verifiers)
    tasks: tuple[str, ...] = TASKS
    also: tuple[str, ...] = ()
    """Models that are in no list, but are the operator's word too: those of the sweep that is shown."""
    _policies: dict[str, Policy] = field(default_factory=dict)
    _verifiers: dict[str, Verifier] = field(default_factory=dict)
    importing: threading.RLock = field(default_factory=threading.RLock)
    """Whoever imports a library of models holds it: transformers, imported by two threads at once, fails in both."""
    _loading: tuple[str, float] | None = None

    @property
    def loading(self) -> tuple[str, float] | None:
        """The name of the model that is being loaded, and for how many seconds already."""
        now = self._loading
        return now and (now[0], time.monotonic() - now[1])

    def policy(self, name: str) -> Policy:
        """Raises ValueError for a name that is not allowed. May take seconds the first time."""
        if name not in self.policies + self.also:
            raise ValueError(f"There is no policy {name!r} here; choose from the list.")
        with self.importing:
            from tts_viz.engines.load.policy import load_policy

            if name not in self._policies:
                with self._said(name):
                    self._policies[name] = load_policy(name)
            return self._policies[name]

    def verifier(self, name: str) -> Verifier:
        """Raises ValueError for a name that is not allowed. May take seconds the first time."""
        if name not in self.verifiers + self.also:
            raise ValueError(f"There is no verifier {name!r} here; choose from the list.")
        with self.importing:
            from tts_viz.engines.load.verifier import load_verifier

            if name not in self._verifiers:
                with self._said(name):
                    self._verifiers[name] = load_verifier(name)
            return self._verifiers[name]

    @contextmanager
    def _said(self, name: str) -> Iterator[None]:
        self._loading = name, time.monotonic()
        try:
            yield
        finally:
            self._loading = None

    def warm_up(self) -> None:
        """Load the first policy and verifier in the background, so that the first visitor need not wait for them."""

        def load() -> None:
            self.policy(self.policies[0])
            self.verifier(self.verifiers[0])

        threading.Thread(target=load, name="warm-up", daemon=True).start()
