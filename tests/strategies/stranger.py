"""A strategy as a stranger writes one: a package of one file, which names itself by an entry point."""

from __future__ import annotations

from pathlib import Path

from tests.stranger import environment, write_package
from tts_viz.strategies import STRATEGIES

STRATEGY = '''"""A beam whose width shrinks."""

from __future__ import annotations

from dataclasses import dataclass

from tts_viz.core.ops import Expand, Search, Select, evaluate, top
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies import choice, knob, strategy, switch


@strategy("narrowing", "Narrowing beam", "Beam search whose beam shrinks at every depth.", also=["funnel"])
@dataclass(frozen=True, slots=True)
class Narrowing:
    """Budget: N generations."""

    n: int = knob(8, 1, 64, "Candidates N", "How many first steps are tried.")
    level: float = knob(0.5, 0.1, 0.9, "Share kept", "Which share of the beam is kept at every depth.")
    seed: str = choice("best", {"best": "The best", "all": "All"}, "First step", "Who goes on after the first step.")
    budget: bool = switch(False, "Look twice", "Grow two next steps from each, at the first depth.")

    def search(self, tree: TreeView) -> Search:
        yield Expand([tree.root], self.n)
        keep = self.n
        while True:
            yield from evaluate(tree)
            rivals = tree.frontier()
            if not rivals:
                return
            keep = max(int(keep * self.level), 1)
            yield Select(top(tree, rivals, keep), rivals)
            yield Expand(tree.frontier())
'''


def installed(folder: Path, source: str = STRATEGY) -> dict[str, str]:
    """The environment of a Python that has the stranger's package."""
    points = {STRATEGIES.group: {"narrowing": "narrowing_beam"}}
    return environment(write_package(folder, {"narrowing_beam": source}, points))
