"""A recorded run as a networkx graph: a node for each step, an edge from each step to those that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_viz.core.tree import Tree
from tts_viz.exports.csv_table import COLUMNS, rows

if TYPE_CHECKING:
    import networkx

PLACE = ("number", "parent_number", "id", "parent")
"""What the graph itself says."""


def graph(tree: Tree) -> networkx.DiGraph:
    """Nodes are the ids of the tree's nodes, in order of birth; the root is "0". Each has the columns of `csv_table` as
    attributes (`text`, `status`, `score`, `reward`, `kind`, …), but those that are unknown, so that it can be written in
    any of networkx's formats.

    Raises ValueError for a task that does not exist and for a tree without its start.
    """
    import networkx  # a third of a second to import

    made = networkx.DiGraph()
    for row in rows(tree):
        node = dict(zip(COLUMNS, row))
        made.add_node(node["id"], **{k: v for k, v in node.items() if v is not None and k not in PLACE})
        if node["parent"] is not None:
            made.add_edge(node["parent"], node["id"])
    return made
