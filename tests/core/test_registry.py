"""A registry holds what we add and what other packages bring; a broken one of theirs costs only itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stranger import write_package
from tts_viz.core.registry import Registry
from tts_viz.errors import InputError


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with two things to add, one of which cannot be imported."""
    points = {"theirs": "guest_of_registry:THING", "lost": "no_such_module:THING"}
    write_package(tmp_path, {"guest_of_registry": "THING = 'theirs'\n"}, {"tts_viz.test_things": points})
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_what_is_added_is_found_in_order() -> None:
    things = Registry[int]("thing", "tts_viz.no_such_group")
    things.add("b", 1)
    things.add("a", 2)
    assert dict(things) == {"b": 1, "a": 2}
    assert things.named("a") == 2


def test_a_name_is_taken_once_and_unknown_ones_are_refused_with_the_choice() -> None:
    things = Registry[int]("thing", "tts_viz.no_such_group")
    things.add("a", 1)
    with pytest.raises(InputError, match="there is a thing 'a' already"):
        things.add("a", 2)
    with pytest.raises(ValueError, match="there is no thing 'c'; choose one of a"):
        things.named("c")


def test_other_packages_add_theirs_after_ours(plugins: Path) -> None:
    things = Registry[str]("thing", "tts_viz.test_things")
    things.add("ours", "ours")
    assert list(things.items()) == [("ours", "ours"), ("theirs", "theirs")]
    assert list(things.broken) == ["lost"]


def test_what_registers_itself_is_not_added_twice_and_a_name_that_is_taken_costs_only_itself(
    plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = Registry[str]("thing", "tts_viz.test_things")
    things.add("theirs", "ours")
    assert dict(things) == {"theirs": "ours"}
    assert "there is a thing 'theirs' already" in things.broken["theirs"]

    class Registering:
        name = "other"

        def load(self) -> type:
            mine.add("mine", "theirs")
            return Registering

    mine = Registry[str]("thing", "tts_viz.no_such_group")
    monkeypatch.setattr("tts_viz.core.registry.entry_points", lambda group: [Registering()])
    assert dict(mine) == {"mine": "theirs"}


def test_a_thing_can_be_replaced_but_only_one_that_is_there() -> None:
    things = Registry[int]("thing", "tts_viz.no_such_group")
    things.add("a", 1)
    things.replace("a", 2)
    assert dict(things) == {"a": 2}
    with pytest.raises(InputError, match="there is no thing 'b'"):
        things.replace("b", 1)
