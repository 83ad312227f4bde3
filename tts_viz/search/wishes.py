"""People's commands to a running search (wishes), as small values, and the answer to each: done, or refused with a reason.

A wish states the intent ("m = 4", "undo"), not the resulting changes, because the person sees the search as it was a moment
ago. The changes are computed when the wish is granted, from the newest state. Knows nothing about threads or pages.
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
    """Finish the current round, then rest."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Continue; after a model's failure, ask it again."""


@dataclass(frozen=True, slots=True)
class Step:
    """Run one more round, then rest."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End the search and keep its tree."""


@dataclass(frozen=True, slots=True)
class SetPace:
    """Set the minimum number of seconds from the start of one round to the next."""

    seconds: float


# --- its settings -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetSettings:
    """`parameters` are the strategy's knobs by name; `others` are the other fields of `Settings`, including the strategy.

    Settings that are not named keep their values. A new strategy gets only these parameters, and defaults for the rest.
    """

    NAMES: ClassVar = tuple(f.name for f in fields(Settings) if f.name != "parameters")

    parameters: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)

    def on(self, now: Settings) -> Settings:
        """The settings after this wish. Raises ValueError for an unknown setting."""
        if unknown := sorted(set(self.others) - set(SetSettings.NAMES)):
            raise ValueError(
                f"there is no setting {', '.join(unknown)}; the settings are {', '.join(SetSettings.NAMES)}"
            )
        kept = now.parameters if self.others.get("strategy", now.strategy) == now.strategy else {}
        return replace(now, **{**self.others, "parameters": {**kept, **self.parameters}})

    def supersedes(self, earlier: SetSettings) -> bool:
        """Does it set everything that the earlier wish sets?"""
        return set(earlier.parameters) <= set(self.parameters) and set(earlier.others) <= set(self.others)


# --- interventions ----------------------------------------------------------------------------------------------------


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
    """Replace the verifier's score by a person's; None: the verifier's score counts again."""

    node: NodeId
    reward: float | None


@dataclass(frozen=True, slots=True)
class Write:
    """Add a step after `parent`; `finish` is "eos" if it ends the solution."""

    parent: NodeId
    text: str
    finish: Finish = "step"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of this step."""

    node: NodeId
    text: str
    finish: Finish = "step"


@dataclass(frozen=True, slots=True)
class AskMore:
    """Request `n` more next steps, or (`whole`) complete solutions, from a node."""

    node: NodeId
    n: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo the last intervention that is not undone yet when this wish is granted."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Redo the intervention that was undone last."""


Control = Pause | Resume | Step | Stop | SetPace
ByHand = Prune | Restore | Pin | OverrideScore | Write | Edit | AskMore | Undo | Redo
Wish = Control | SetSettings | ByHand


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a wish. `refused`: why nothing was done, a sentence for people; None if it was done. `events`: the
    immediate results."""

    refused: str | None = None
    events: Sequence[Event] = ()


def intervention(tree: Tree, wish: ByHand) -> Intervention | Undone:
    """The event that grants this wish on this tree. Raises `InterventionRefusedError` with the reason, and KeyError for an
    unknown node."""
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
