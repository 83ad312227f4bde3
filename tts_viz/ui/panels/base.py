"""A panel of the page: a function from a moment of a run to HTML, and its place. Knows no single panel, and not Gradio.

To add one, call `PANELS.add(name, PagePanel(…))` in a file beside this one that `__init__` imports, or in another package
through an entry point of the group `tts_viz.panels`. A panel is redrawn whenever something has changed. A button in it with
the attribute `data-node` selects that node; insert text of models through `markupsafe` only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tts_viz.analysis.judge import Solution
from tts_viz.analysis.lost_path import LostPath
from tts_viz.core.events import NodeId
from tts_viz.core.node import Node
from tts_viz.core.registry import Registry
from tts_viz.core.tree import Tree
from tts_viz.search.scheduler import RunState
from tts_viz.tasks.base import Problem, StepTruth
from tts_viz.ui.html.markup import html

log = logging.getLogger(__name__)

PageTab = Literal["search", "compare", "lesson"]

Where = Literal["under the tree", "why", "step", "run"]
"""The place on the Search tab: under the tree; in "Why, and what if"; beside the tree, above the controls that steer a step
("step") or below them ("run"). The other two tabs have one place."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A run at the moment that is shown.

    `solutions`: best first; `truths`: the exact checker's verdict on each node, empty if the task has no checker; `checked`:
    whether it has one; `happened`: pairs (by, text), oldest first, `by` is "search" or "user"; `elapsed`: seconds of
    computing; `lost`: where the right path was lost, once the search has ended.
    """

    tree: Tree
    state: RunState
    problem: Problem | None
    selected: Node | None
    solutions: Sequence[Solution]
    truths: Mapping[NodeId, StepTruth]
    checked: bool
    happened: Sequence[tuple[str, str]]
    elapsed: float
    lost: LostPath | None


@dataclass(frozen=True, slots=True)
class PagePanel:
    """`draw` returns the panel's value: HTML, or a value for the component that `build` makes from an element id.

    `title` is shown above it unless empty. `empty` is its value before there is a run; `css` is added to the page's CSS.
    """

    draw: Callable[[Moment], Any]
    title: str = ""
    where: Where = "run"
    tabs: tuple[PageTab, ...] = ("search",)
    empty: Any = ""
    build: Callable[[str], Any] | None = None
    css: str = ""

    def drawn(self, moment: Moment) -> Any:
        """The panel's value, or an error message if drawing fails, so that the rest of the page still works."""
        try:
            value = self.draw(moment)
        except Exception as error:
            log.exception("a panel of the page failed")
            return html('<p class="note">This panel failed: {}.</p>').format(f"{type(error).__name__}: {error}")
        return html('<section class="panel"><h3>{}</h3>{}</section>').format(self.title, value) if self.title else value


PANELS: Registry[PagePanel] = Registry("panel", "tts_viz.panels")
"""Panels that share a place appear in this order."""
