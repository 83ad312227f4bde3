"""Small parameters for any registered strategy, made from its knobs' ranges: a stranger's strategy gets some too."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import strategies as st

from tts_viz.strategies import STRATEGIES, Knob, StrategyEntry, make

Parameters = dict[str, Any]

MOST = 6
"""Generations of a small search."""


def _values(entry: StrategyEntry, knob: Knob) -> list[Any]:
    match knob.kind:
        case "switch":
            return [False, True]
        case "choice":
            return list(knob.options)
        case "real":
            return [knob.default, knob.low, knob.high]
        case "whole":
            low, high = int(knob.low), int(knob.high)
            return list(range(low, min(high, low + (MOST - 1 if knob.name in entry.size else 2)) + 1))


def all_small(name: str, most: int = MOST) -> list[Parameters]:
    """All small parameters with which it costs at most that many generations."""
    entry = STRATEGIES[name]
    found = []
    for values in product(*(_values(entry, knob) for knob in entry.knobs)):
        parameters = {knob.name: value for knob, value in zip(entry.knobs, values)}
        try:
            cost = make(name, parameters).generations
        except ValueError:  # not a multiple of its M, say
            continue
        if cost <= most:
            found.append(parameters)
    assert found, f"{name} has no parameters with which it costs at most {most} generations"
    return found


def small(name: str, most: int = MOST) -> Parameters:
    """Those of them with which it does most of what it can: spends the most, with the most knobs above their lowest."""
    entry = STRATEGIES[name]

    def richness(parameters: Parameters) -> tuple[int, int, int]:
        turned = [k for k in entry.knobs if k.kind == "whole" and parameters[k.name] > k.low]
        defaults = sum(parameters[k.name] == k.default for k in entry.knobs)
        return make(name, parameters).generations, len(turned), defaults

    return max(all_small(name, most), key=richness)


def searches(most: int = MOST) -> st.SearchStrategy[tuple[str, Parameters]]:
    """Any strategy, with any small parameters."""
    return st.sampled_from(list(STRATEGIES)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(all_small(name, most)))
    )
