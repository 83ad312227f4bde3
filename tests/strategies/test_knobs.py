"""Knobs of every kind: what they take, what they refuse and how; and what the decorator makes of a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import pytest

from tts_viz.strategies import STRATEGIES, choice, knob, make, strategy, switch
from tts_viz.strategies.base import carried_over
from tts_viz.strategies.old_parameters import upgraded


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone afterwards."""
    monkeypatch.setattr(STRATEGIES, "_entries", dict(STRATEGIES))


def register(name: str = "mine", **properties: Any) -> type[Any]:
    @strategy(name, "Mine", "For a test.", **properties)
    @dataclass(frozen=True, slots=True)
    class Mine:
        n: int = knob(4, 1, 8, "N", "How many.")
        share: float = knob(0.25, 0.0, 1.0, "Share", "Which share.", step=0.05)
        how: str = choice("a", {"a": "One way", "b": "Another"}, "How", "In which way.")
        twice: bool = switch(True, "Twice", "Once or twice.")

        def __post_init__(self) -> None:
            assert 8 % self.n in range(8), "every knob was checked before"

        def search(self, tree: Any) -> Iterator[Any]:
            yield from ()

    return Mine


def test_every_kind_is_told_by_its_default() -> None:
    register()
    assert [k.kind for k in STRATEGIES["mine"].knobs] == ["whole", "real", "choice", "switch"]
    assert STRATEGIES["mine"].defaults == {"n": 4, "share": 0.25, "how": "a", "twice": True}
    assert [k.step for k in STRATEGIES["mine"].knobs[:2]] == [1, 0.05]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"n": 0}, "n=0 must be a whole number from 1 to 8; try 1"),
        ({"n": 99999}, "n=99999 must be a whole number from 1 to 8; try 8"),
        ({"n": 2.5}, "n=2.5 must be a whole number from 1 to 8; try 2"),
        ({"n": True}, "n=True must be a whole number from 1 to 8; try 4"),
        ({"n": None}, "n=None must be a whole number from 1 to 8; try 4"),
        ({"n": inf}, "n=inf must be a whole number from 1 to 8; try 4"),
        ({"n": "8"}, "n='8' must be a whole number from 1 to 8; try 4"),
        ({"share": 1.5}, "share=1.5 must be a number from 0 to 1; try 1"),
        ({"share": nan}, "share=nan must be a number from 0 to 1; try 0.25"),
        ({"share": False}, "share=False must be a number from 0 to 1; try 0.25"),
        ({"how": "c"}, "how='c' must be one of a, b; try a"),
        ({"how": ["a"]}, r"how=\['a'\] must be one of a, b; try a"),
        ({"twice": 1}, "twice=1 must be true or false; try true"),
    ],
)
def test_what_is_out_of_range_is_refused_however_it_is_made(given: dict[str, Any], says: str) -> None:
    cls = register()
    for making in (lambda: make("mine", given), lambda: cls(**given)):
        with pytest.raises(ValueError, match=says):
            making()
    if "n" in given:
        with pytest.raises(ValueError, match=says):
            cls(given["n"])


def test_a_whole_number_is_a_real_one_too() -> None:
    register()
    made: Any = make("mine", {"share": 1})
    assert (made.share, type(made.share)) == (1.0, float)


def test_the_cost_rule_is_a_knob_a_number_or_a_function() -> None:
    register("a")
    register("b", cost=3)
    register("c", cost=lambda search: 2 * search.n, size="n", at_most=True)
    assert [make(name, {"n": 5}).generations for name in "abc"] == [5, 3, 10]
    assert [STRATEGIES[name].size for name in "abc"] == [("n",), (), ("n",)]
    assert [STRATEGIES[name].at_most for name in "abc"] == [False, False, True]


def test_what_is_no_strategy_is_refused_when_it_registers() -> None:
    register()
    with pytest.raises(ValueError, match="there is a strategy 'mine' already"):
        register()
    with pytest.raises(ValueError, match="cost or size budget is none of its knobs"):
        register("other", cost="budget")
    with pytest.raises(ValueError, match="must be a dataclass"):
        strategy("plain", "Plain", "No dataclass.")(object)

    @dataclass
    class Bare:
        n: int = 4

    with pytest.raises(ValueError, match=r"Bare\.n is no knob"):
        strategy("bare", "Bare", "No knob.")(Bare)
    assert not {"other", "plain", "bare"} & set(STRATEGIES)


def test_what_another_strategy_can_take_over_is_kept() -> None:
    assert carried_over({"n": 8, "m": 2, "balance_temperature": 0.3}, STRATEGIES["mcts"]) == {"n": 8, "m": 2}
    assert carried_over({"n": 100, "share": 0.5}, register() and STRATEGIES["mine"]) == {"share": 0.5}


def test_parameters_of_the_first_release_were_in_percent() -> None:
    assert upgraded("rebase", {"n": 4, "t": 20}) == {"n": 4, "balance_temperature": 0.2}
    assert upgraded("mcts", {"n": 4, "c": 150, "k": 1}) == {"n": 4, "c": 1.5, "k": 1}
    assert upgraded("adaptive_best_of_n", {"sure": 99}) == {"confidence": 0.99}
    assert upgraded("beam", {"n": 4, "m": 2}) == {"n": 4, "m": 2}


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategys_defaults_are_good(name: str) -> None:
    entry = STRATEGIES[name]
    assert make(name, {}).generations == make(name, entry.defaults).generations == entry.cost(entry.make())
    assert entry.blurb.endswith(".")
    assert all(k.help.endswith(".") and k.label for k in entry.knobs)
