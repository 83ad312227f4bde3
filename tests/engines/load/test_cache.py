"""Models by name: loaded once, shared, and never in the way of another model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier
from tts_viz.engines.load.cache import ModelCache


class Loader:
    """Loads what it is told to, when it is told to, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.fails = 0

    def __call__(self, name: str) -> ScriptedPolicy:
        self.asked.append(name)
        if name == "slow":
            self.begun.set()
            assert self.go_on.wait(10)
        if self.fails:
            self.fails -= 1
            raise ValueError(f"{name} cannot be used: its weights are torn")
        return ScriptedPolicy({})


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loader]:
    loader = Loader()
    monkeypatch.setattr("tts_viz.engines.load.policy.load_policy", loader)
    monkeypatch.setattr("tts_viz.engines.load.verifier.load_verifier", loader)
    yield loader
    loader.go_on.set()


def test_while_one_model_loads_others_are_used_and_loaded(loader: Loader) -> None:
    cache = ModelCache()
    known = cache.policy("known")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(cache.policy, "slow")
        assert loader.begun.wait(10)
        # These would wait for ever for a lock that the slow load holds.
        assert pool.submit(cache.policy, "known").result(10) is known
        assert pool.submit(cache.policy, "new").result(10) is not known
        assert pool.submit(cache.verifier, "slow's verifier").result(10)
        assert not slow.done()
        loader.go_on.set()
        assert slow.result(10)
    assert loader.asked == ["known", "slow", "new", "slow's verifier"]


def test_all_who_ask_meanwhile_wait_for_the_same_load(loader: Loader) -> None:
    cache = ModelCache()
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(cache.policy, "slow")]
        assert loader.begun.wait(10)
        asked += [pool.submit(cache.policy, "slow") for _ in range(3)]
        loader.go_on.set()
        assert len({id(one.result(10)) for one in asked}) == 1
    assert loader.asked == ["slow"]


def test_a_load_that_fails_is_said_to_all_who_waited_and_tried_again_by_the_next(loader: Loader) -> None:
    cache, loader.fails = ModelCache(), 1
    with ThreadPoolExecutor() as pool:
        first = pool.submit(cache.policy, "slow")
        assert loader.begun.wait(10)
        waiting = cache._policies._futures["slow"]
        loader.go_on.set()
        for one in (first, waiting):
            assert "its weights are torn" in str(one.exception(10))
    assert cache.loading is None
    assert cache.policy("slow") is cache.policy("slow")
    assert loader.asked == ["slow", "slow"]


def test_it_is_known_which_model_is_being_loaded_and_for_how_long(loader: Loader) -> None:
    cache = ModelCache()
    assert cache.loading is None
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(cache.policy, "slow")
        assert loader.begun.wait(10)
        assert cache.loading is not None
        name, seconds = cache.loading
        assert name == "slow" and seconds >= 0
        loader.go_on.set()
        slow.result(10)
    assert cache.loading is None


def test_models_that_are_there_already_are_never_loaded(loader: Loader) -> None:
    policy: Any = ScriptedPolicy({})
    verifier: Any = ScriptedVerifier({})
    cache = ModelCache({"a": policy}, {"a": verifier})
    assert cache.policy("a") is policy
    assert cache.verifier("a") is verifier
    assert loader.asked == []
