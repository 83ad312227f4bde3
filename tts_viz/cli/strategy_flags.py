"""The knobs of the chosen strategy, and of no other, as flags of the command line.

A knob may have any name. If the command already has a flag of that name, the knob's flag begins with `--knob-`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts_viz.strategies import STRATEGIES, Knob, StrategyEntry
from tts_viz.strategies.defaults import FIRST
from tts_viz.strategies.knobs import Value


@dataclass(frozen=True, slots=True)
class StrategyFlags:
    """`places`: the parser's `dest` of each knob; `becoming`: the knobs that switch to another strategy."""

    strategy: StrategyEntry
    flags: tuple[str, ...]
    places: Mapping[str, str]
    becoming: Mapping[str, StrategyEntry]

    def read(self, args: argparse.Namespace) -> tuple[str, dict[str, Value]]:
        """The strategy's name and the parameters that were given."""
        read = {name: getattr(args, place) for name, place in self.places.items()}
        given = {name: value for name, value in read.items() if value is not None}
        turned = next((other for name, other in self.becoming.items() if given.get(name)), None)
        if turned is not None:
            return turned.name, given
        return self.strategy.name, {name: value for name, value in given.items() if name not in self.becoming}

    def refusal(self, unknown: Sequence[str]) -> str:
        """The error message for arguments that neither the command nor the strategy has."""
        has = f"its own flags are {', '.join(self.flags)}" if self.flags else "it has no flags of its own"
        return f"{self.strategy.name} has no {' '.join(unknown)}; {has}"


def chosen(argv: Sequence[str]) -> StrategyEntry:
    """The strategy that the arguments name, or the first one if they name none or an unknown one."""
    name = FIRST
    for at, word in enumerate(argv):
        if word == "--strategy":
            name = argv[at + 1] if at + 1 < len(argv) else FIRST
        elif word.startswith("--strategy="):
            name = word.partition("=")[2]
    return STRATEGIES[name if name in STRATEGIES else FIRST]


def add(parser: argparse.ArgumentParser, strategy: StrategyEntry) -> StrategyFlags:
    """Add a flag for each knob of the strategy. Call it last, when the parser has all its own flags."""
    group = parser.add_argument_group(
        f"knobs of {strategy.name}", " ".join(filter(None, [strategy.blurb, strategy.known_as])).replace("%", "%%")
    )
    flags: list[str] = []
    places: dict[str, str] = {}
    becoming = {name: STRATEGIES[other] for name, other in strategy.becomes.items()}
    theirs = [(other.by_name[name], f"Above 0: this is {other.name} (default 0).") for name, other in becoming.items()]
    for knob, default in [*((knob, f"Default {knob.words(knob.default)}.") for knob in strategy.knobs), *theirs]:
        names = [_free(parser, knob.name, knob), *([f"--{knob.flag}"] if _is_free(parser, knob.flag, knob) else [])]
        places[knob.name] = f"knob {knob.name}"
        help_text = f"{knob.help} {knob.rule[0].upper()}{knob.rule[1:]}. {default}".replace("%", "%%")
        group.add_argument(*names, dest=places[knob.name], help=help_text, **_kind(knob))
        flags.append(names[0])
    return StrategyFlags(strategy, tuple(flags), places, becoming)


def _kind(knob: Knob) -> dict[str, Any]:
    match knob.kind:
        case "whole":
            return {"type": int, "metavar": knob.name.upper()}
        case "real":
            return {"type": float, "metavar": knob.name.upper()}
        case "choice":
            return {"choices": list(knob.options)}
        case "switch":
            return {"action": argparse.BooleanOptionalAction}


def _free(parser: argparse.ArgumentParser, name: str, knob: Knob) -> str:
    """A flag for the knob that is not yet taken in the parser."""
    name = name.replace("_", "-")
    while not _is_free(parser, name, knob):
        name = f"knob-{name}"
    return f"--{name}"


def _is_free(parser: argparse.ArgumentParser, name: str, knob: Knob) -> bool:
    taken = parser._option_string_actions  # argparse has no public way to ask
    return bool(name) and not {f"--{name}", *([f"--no-{name}"] if knob.kind == "switch" else [])} & {*taken}
