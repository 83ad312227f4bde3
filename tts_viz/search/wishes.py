"""What people want of a search that runs, as small values, and the answer to each: done, or refused with the reason.

A wish says what is wanted ("m = 4", "undo"), not what must change because of it: whoever makes it sees the search as it
was a moment ago. It is worked out where it is granted, against the newest state. Knows nothing about threads or pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from tts_viz.core.events import Event, Finish, Intervention, NodeId, Settings, Undone
from tts_viz.core.tree import Tree
from tts_viz.search import steering

# --- how it runs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pause:
    """Let the round under way end, and rest."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on; after a model's failure, ask it again."""


@dataclass(frozen=True, slots=True)
class Step:
    """One round more, then rest."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End the search; all that was found stays."""


@dataclass(frozen=True, slots=True)
class SetPace:
    """At least this many seconds from one round to the next."""

    seconds: float


# --- its settings -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetSettings:
    """`parameters` are the strategy's knobs by name; `others` the remaining fields of `Settings`, the strategy among them.

    What is not named stays as it is. A strategy that is new has just these parameters, and its defaults for the rest.
    """

    NAMES: ClassVar = tuple(f.name for f in fields(Settings) if f.name != "parameters")

    parameters: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)

    def on(self, now: Settings) -> Settings:
        """These settings as the wish would have them. Raises ValueError for a setting that there isn't."""
        if unknown := sorted(set(self.others) - set(SetSettings.NAMES)):
            raise ValueError(
                f"there is no setting {', '.join(unknown)}; the settings are {', '.join(SetSettings.NAMES)}"
            )
        kept = now.parameters if self.others.get("strategy", now.strategy) == now.strategy else {}
        return replace(now, **{**self.others, "parameters": {**kept, **self.parameters}})

    def supersedes(self, earlier: SetSettings) -> bool:
        """Does it name everything that the earlier wish names?"""
        return set(earlier.parameters) <= set(self.parameters) and set(earlier.others) <= set(self.others)


# --- by hand ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prune:
    node: NodeId


@dataclass(frozen=True, slots=True)
class Restore:
    node: NodeId


@dataclass(frozen=True, slots=True)
class Pin:
    node: NodeId
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class OverrideScore:
    """None: the verifier's own score counts again."""

    node: NodeId
    reward: float | None


@dataclass(frozen=True, slots=True)
class Write:
    """A step after `parent`; `finish` is "eos" where it ends the solution."""

    parent: NodeId
    text: str
    finish: Finish = "step"


@dataclass(frozen=True, slots=True)
class Edit:
    """Another text in place of this step's."""

    node: NodeId
    text: str
    finish: Finish = "step"


@dataclass(frozen=True, slots=True)
class AskMore:
    """`n` more next steps, or (`whole`) solutions, from a node."""

    node: NodeId
    n: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the last thing done by hand that stands, at the moment when this wish is granted."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Do again what was taken back last."""


Control = Pause | Resume | Step | Stop | SetPace
ByHand = Prune | Restore | Pin | OverrideScore | Write | Edit | AskMore | Undo | Redo
Wish = Control | SetSettings | ByHand


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a wish. `refused`: why nothing was done, in words for people; None where it was done. `events` are
    what came of it at once."""

    refused: str | None = None
    events: Sequence[Event] = ()


def intervention(tree: Tree, wish: ByHand) -> Intervention | Undone:
    """The event that grants this wish on this tree. Raises `InterventionRefusedError` with the reason, and KeyError for a
    node that is not there."""
    match wish:
        case Prune(node):
            return steering.prune(tree, node)
        case Restore(node):
            return steering.restore(tree, node)
        case Pin(node, pinned):
            return steering.pin(tree, node, pinned)
        case OverrideScore(node, reward):
            return steering.override(tree, node, reward)
        case Write(parent, text, finish):
            return steering.write(tree, parent, text, finish)
        case Edit(node, text, finish):
            return steering.edit(tree, node, text, finish)
        case AskMore(node, n, whole):
            return steering.ask(tree, node, n, whole)
        case Undo():
            return steering.undo(tree)
        case Redo():
            return steering.redo(tree)
