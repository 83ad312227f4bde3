"""A recorded run as a table of its nodes, for spreadsheets and data frames: CSV, one row a node in order of birth.

Models' and visitors' text is in it, and a spreadsheet takes some texts for formulas: those get an apostrophe before
them. Knows nothing about files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from tts_viz.analysis.judge import Judge
from tts_viz.core.events import Event, NodeId
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.render.scene import SceneNode, scene

COLUMNS = (
    "number", "parent_number", "id", "parent", "depth", "kind", "by", "text", "status", "finished", "chosen", "reward",
    "override", "score", "value", "truth", "reason", "logprob", "tokens", "generated", "prefilled", "verifier_tokens", "flops",
)  # fmt: skip
"""`number` counts from 0 in order of birth; it is what to join on, since a spreadsheet takes the id 0.10 for 0.1.

`status` and `truth` are those of `render.scene`; the root's text is the problem. `chosen`: on the way to the best
solution. `reward` is the verifier's word on the step, `override` a person's in its place, `value` the search's belief,
`score` all on the path as one number. `logprob` is the step's natural logarithm under the policy. The last four are what
it cost to sample the node and to score up to it; requests that gave no node are in no row.
"""

FORMULA = re.compile(r"""[\s"'`]*[=+\-@\t\r＝＋－＠]""")
"""How a text begins that a spreadsheet may run, itself or once its quotes and lines are taken apart."""

BOM = "\ufeff"
"""By which spreadsheets know UTF-8."""

Cell = str | int | float | None


def table(events: Iterable[Event]) -> str:
    """The text of a CSV file, its byte order mark included. To be written as UTF-8 without changing its newlines.

    Raises ValueError for a task that does not exist and for a trace without its start.
    """
    out = io.StringIO(BOM, newline="")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(map(_written, row) for row in rows(Tree.fold(events)))
    return out.getvalue()


def rows(tree: Tree) -> Iterator[list[Cell]]:
    """What is in the table, one list a node, by `COLUMNS`. Texts are as they are. Raises ValueError as `table` does."""
    judge = Judge.of(tree)
    solutions = judge.solutions(tree)
    best = solutions[0].node if solutions else None
    seen = scene(tree, judge.truths(tree), best)
    chosen = set(seen.chosen_path)
    number = {id: n for n, id in enumerate(tree.nodes)}
    for node in tree.nodes.values():
        yield _row(tree, node, seen.nodes[node.id], number, node.id in chosen)


def _row(tree: Tree, node: Node, seen: SceneNode, number: dict[NodeId, int], chosen: bool) -> list[Cell]:
    parent, cost = node.parent, node.cost
    return [
        number[node.id],
        number[parent.id] if parent else None,
        node.id,
        parent.id if parent else None,
        node.depth,
        node.kind,
        node.by,
        seen.text if node.kind == "root" else node.text,
        seen.status,
        node.finished,
        chosen,
        node.reward,
        node.override,
        tree.score(node),
        node.value,
        None if seen.truth == "unknown" else seen.truth,
        seen.reason,
        sum(node.logprobs) if node.logprobs else None,
        len(node.tokens),
        cost.generated,
        cost.prefilled,
        cost.verifier_tokens,
        cost.flops,
    ]


def _written(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell
