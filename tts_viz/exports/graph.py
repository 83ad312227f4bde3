"""A recorded run as a networkx graph: a node for each step, an edge from each step to its children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_viz.core.tree import Tree
from tts_viz.exports.csv_table import COLUMNS, rows

if TYPE_CHECKING:
    import networkx

PLACE = ("number", "parent_number", "id", "parent")
"""Columns that the structure of the graph already gives."""


def graph(tree: Tree) -> networkx.DiGraph:
    """Nodes are the ids of the tree's nodes, in order of creation; the root is "0". Each has the columns of `csv_table` as
    attributes (`text`, `status`, `score`, `reward`, `kind`, …). Unknown ones are omitted, so that every format of networkx
    can store the graph.

    Raises ValueError for an unknown task and for a tree without its Started event.
    """
    import networkx  # takes a third of a second

    made = networkx.DiGraph()
    for row in rows(tree):
        node = dict(zip(COLUMNS, row))
        made.add_node(node["id"], **{k: v for k, v in node.items() if v is not None and k not in PLACE})
        if node["parent"] is not None:
            made.add_edge(node["parent"], node["id"])
    return made
