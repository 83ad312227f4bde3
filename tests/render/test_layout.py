"""Layouts: no overlaps, order kept, parents centred, as narrow as an independent implementation, calm under growth."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.javascript import javascript
from tts_viz.render.layout import SPACING, absolute, tidy


@st.composite
def trees(draw: st.DrawFn, most: int = 60) -> list[int]:
    """Parents of a random tree; bushy, thin or mixed."""
    size = draw(st.integers(1, most))
    reach = draw(st.sampled_from([1, 3, 10, most]))
    return [-1, *(draw(st.integers(max(0, i - reach), i - 1)) for i in range(1, size))]


def levels(parents: list[int]) -> dict[int, list[int]]:
    """Nodes of each depth, in the order in which a walk from the first child to the last meets them."""
    children = defaultdict(list)
    for node, parent in enumerate(parents):
        children[parent].append(node)
    found = defaultdict(list)
    todo = [(0, 0)]
    while todo:
        node, depth = todo.pop()
        found[depth].append(node)
        todo += [(kid, depth + 1) for kid in reversed(children[node])]
    return found


@given(trees())
def test_neighbours_keep_their_order_and_distance(parents: list[int]) -> None:
    places = absolute(parents, tidy(parents))
    for nodes in levels(parents).values():
        for a, b in pairwise(nodes):
            assert places[b] - places[a] >= SPACING


@given(trees())
def test_parents_stand_midway_between_first_and_last_child(parents: list[int]) -> None:
    offsets = tidy(parents)
    for node in set(parents) - {-1}:
        kids = [offsets[kid] for kid, parent in enumerate(parents) if parent == node]
        assert kids[0] == -kids[-1]


@given(trees(30))
def test_a_subtree_is_drawn_alike_wherever_it_stands(parents: list[int]) -> None:
    # The same tree twice under a new root.
    size = len(parents)
    twice = [-1, *(p + 1 for p in parents), *(p + 1 + size if p >= 0 else 0 for p in parents)]
    offsets = tidy(twice)
    assert offsets[2 : size + 1] == offsets[size + 2 :] == tidy(parents)[1:]


@given(trees(), st.data())
def test_growth_moves_only_siblings_of_the_path(parents: list[int], data: st.DataObject) -> None:
    grown = [*parents, data.draw(st.integers(0, len(parents) - 1))]
    path = {at := len(parents)}
    while (at := grown[at]) >= 0:
        path.add(at)
    for node, (before, after) in enumerate(zip(tidy(parents), tidy(grown))):
        assert before == after or parents[node] in path


@settings(deadline=None)
@given(trees())
def test_about_as_narrow_as_igraph(parents: list[int]) -> None:
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph(n=len(parents), edges=[(p, i) for i, p in enumerate(parents) if p >= 0], directed=True)
    theirs = [x for x, _ in graph.layout_reingold_tilford(mode="out", root=[0])]
    ours = absolute(parents, tidy(parents))
    # Theirs packs binary subtrees a little differently; half again is a bug in one of the two.
    assert (max(ours) - min(ours)) / SPACING <= 1.5 * (max(theirs) - min(theirs)) + 1


def test_a_small_subtree_stands_in_the_middle_of_its_gap() -> None:
    # Two children with five children each, and a leaf between them.
    parents = [-1, 0, 0, 0, *[1] * 5, *[3] * 5]
    assert tidy(parents)[1:4] == [-10, 0, 10]


def test_no_recursion_limit_and_no_blow_up() -> None:
    chain = [-1, *range(100_000)]
    assert not any(tidy(chain))


def test_the_browser_lays_out_the_same() -> None:
    """The laws above hold for layout.py; what visitors see is tree_layout.js."""
    rng = random.Random(0)
    trees = [[-1, *(rng.randrange(max(0, i - reach), i) for i in range(1, 120))] for reach in (1, 3, 9, 40, 120) * 20]
    trees += [[-1], [-1, 0], [-1, *range(20_000)], [-1, *[0] * 2_000]]
    theirs = javascript(
        "import { tidy } from 'tts_viz/render/browser/tree_layout.js';", "(trees) => trees.map(tidy)", trees
    )
    assert theirs == [[place / SPACING for place in absolute(tree, tidy(tree))] for tree in trees]
