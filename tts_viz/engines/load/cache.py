"""Models by name, each loaded once and then shared by all callers. Knows nothing about access rights.

Models load independently: the first caller of a name loads the model, callers of the same name wait for that load, and
callers of other names do not wait. If a load fails, all its waiting callers get the error, and the next call tries again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib import import_module
from time import monotonic
from types import ModuleType
from typing import Generic, TypeVar

from tts_viz.engines.base import Policy, Verifier

Model = TypeVar("Model")

_IMPORTING = threading.RLock()


def imported(module: str) -> ModuleType:
    """Imports a module that needs transformers. Importing transformers in two threads at once fails in both, so all such
    imports that may happen in several threads go through here."""
    with _IMPORTING:
        return import_module(module)


class ModelCache:
    """Thread-safe. The models passed to the constructor are used as they are."""

    def __init__(
        self, policies: Mapping[str, Policy] | None = None, verifiers: Mapping[str, Verifier] | None = None
    ) -> None:
        self._policies = _Loads(_load_policy, policies or {})
        self._verifiers = _Loads(_load_verifier, verifiers or {})

    def policy(self, name: str) -> Policy:
        """May take minutes the first time. Raises ValueError for an unknown policy, and whatever loading it raises."""
        return self._policies.get(name)

    def verifier(self, name: str) -> Verifier:
        """May take minutes the first time. Raises ValueError for an unknown verifier, and whatever loading it raises."""
        return self._verifiers.get(name)

    @property
    def loading(self) -> tuple[str, float] | None:
        """The model that has been loading longest, and for how many seconds; None if none is loading."""
        begun = [*self._policies.under_way(), *self._verifiers.under_way()]
        if not begun:
            return None
        name, since = min(begun, key=lambda load: load[1])
        return name, monotonic() - since


class _Loads(Generic[Model]):
    """The models of one kind, loaded or loading."""

    def __init__(self, load: Callable[[str], Model], ready: Mapping[str, Model]) -> None:
        self._load = load
        self._lock = threading.Lock()  # held only to look up a name, never while a model loads
        self._futures: dict[str, Future[Model]] = {}
        self._since: dict[str, float] = {}
        for name, model in ready.items():
            self._futures[name] = Future()
            self._futures[name].set_result(model)

    def get(self, name: str) -> Model:
        with self._lock:
            future, first = self._futures.get(name), False
            if future is None:
                future, first = self._futures.setdefault(name, Future()), True
                self._since[name] = monotonic()
        if first:
            self._fill(name, future)
        return future.result()

    def _fill(self, name: str, future: Future[Model]) -> None:
        try:
            model = self._load(name)
        except BaseException as error:
            with self._lock:
                del self._futures[name], self._since[name]  # first, because the waiting callers may ask again at once
            future.set_exception(error)
        else:
            with self._lock:
                del self._since[name]
            future.set_result(model)

    def under_way(self) -> list[tuple[str, float]]:
        """(name, monotonic start time) of each model that is loading."""
        with self._lock:
            return list(self._since.items())


def _load_policy(name: str) -> Policy:
    return imported("tts_viz.engines.load.policy").load_policy(name)


def _load_verifier(name: str) -> Verifier:
    return imported("tts_viz.engines.load.verifier").load_verifier(name)
