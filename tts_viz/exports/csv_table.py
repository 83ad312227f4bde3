"""A recorded run as a CSV table for spreadsheets and data frames: one row per node, in order of creation.

The texts come from models and visitors, and a spreadsheet would run some of them as formulas: those get a leading
apostrophe. Knows nothing about files.
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
"""`number` counts from 0 in order of creation; join on it, since a spreadsheet reads the id 0.10 as 0.1.

`status` and `truth` are those of `render.scene`; the root's text is the problem. `chosen`: on the path to the best
solution. `reward` is the verifier's score of the step, `override` a person's score in its place, `value` the search's own
estimate, `score` the aggregate of the path. `logprob` is the log probability of the step (natural logarithm) under the
policy. The last four are the cost of sampling the node and of scoring up to it; requests that gave no node have no row.
"""

FORMULA = re.compile(r"""[\s"'`]*[=+\-@\t\r＝＋－＠]""")
"""Start of a text that a spreadsheet may run as a formula, directly or after splitting it at quotes and lines."""

BOM = "\ufeff"
"""Byte order mark, by which spreadsheets recognise UTF-8."""

Cell = str | int | float | None


def table(events: Iterable[Event]) -> str:
    """The text of a CSV file, including its byte order mark. Write it as UTF-8 with newlines unchanged.

    Raises ValueError for an unknown task and for a trace without its Started event.
    """
    out = io.StringIO(BOM, newline="")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(map(_csv_cell, row) for row in rows(Tree.fold(events)))
    return out.getvalue()


def rows(tree: Tree) -> Iterator[list[Cell]]:
    """The rows of the table, one list per node, in the order of `COLUMNS`, texts unescaped. Raises ValueError as `table` does."""
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


def _csv_cell(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell
