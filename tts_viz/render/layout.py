"""Tidy trees: where each node stands across the axis of depth, as an offset from its parent.

After Reingold & Tilford 1981, for any number of children: equal subtrees are drawn alike everywhere, subtrees are packed
until their contours touch, and a parent stands midway between its first and last child. Small subtrees with room between
large ones are centred in it. O(n), no recursion, integer arithmetic, so that separation and centring are exact. Knows
nothing about scores, text or pixels. The page uses the same algorithm in tree_layout.js; this one is for figures made in
Python.

Offsets are *relative*: a new node changes only the offsets of its siblings and of its ancestors' siblings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPACING = 4
"""Units between two neighbours at one depth. More than 1, so that halves are whole numbers."""

FAR = 1 << 40


@dataclass(slots=True)
class Contour:
    """The outline of a subtree: its extreme positions at each level, deepest level first, its own root last.

    A position, relative to the subtree's root, is the stored number plus `shift`.
    """

    left: list[int]
    right: list[int]
    shift: int = 0


def tidy(parents: Sequence[int]) -> list[int]:
    """The offset of each node from its parent, in units of 1/SPACING of a neighbour's distance; 0 for the root.

    `parents[i]` < i is node i's parent; the root, node 0, has parent -1. Siblings are ordered by number.
    """
    children: list[list[int]] = [[] for _ in parents]
    for node, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(node)
    offsets = [0] * len(parents)
    contours: dict[int, Contour] = {}
    for node in range(len(parents) - 1, -1, -1):
        kids = [contours.pop(kid) for kid in children[node]]
        places = arrange(kids)
        for kid, place in zip(children[node], places):
            offsets[kid] = place
        contours[node] = outline(kids, places)
    return offsets


def arrange(kids: list[Contour]) -> list[int]:
    """The offset of each child from their parent."""
    if len(kids) < 2:
        return [0] * len(kids)
    levels = shared_levels(kids)
    leftmost = packed([(kid.left, kid.right, kid.shift, 1) for kid in kids], levels)
    # Mirrored: packed from the right, with positions counted leftwards from the last child.
    rightmost = packed([(kid.right, kid.left, kid.shift, -1) for kid in reversed(kids)], levels)
    width = leftmost[-1]
    places = [(low + width - high) // 2 for low, high in zip(leftmost, reversed(rightmost))]
    places[-1] += width % 2  # make the width even, so that it has a middle
    middle = places[-1] // 2
    return [place - middle for place in places]


def packed(kids: list[tuple[list[int], list[int], int, int]], levels: int) -> list[int]:
    """Positions of subtrees, each as close to the first as possible. Each kid is (near side, far side, shift, direction)."""
    reach = [-FAR] * levels
    places = []
    for near, far, shift, sign in kids:
        depth = min(levels, len(near))
        place = max(reach[j] - sign * (near[-1 - j] + shift) for j in range(depth)) + SPACING if places else 0
        for j in range(depth):
            reach[j] = place + sign * (far[-1 - j] + shift)
        places.append(place)
    return places


def outline(kids: list[Contour], places: list[int]) -> Contour:
    """The contour of a node above `kids`. Reuses the tallest child's contour, which makes the whole layout O(n)."""
    if not kids:
        return Contour([0], [0])
    tallest = max(range(len(kids)), key=lambda k: len(kids[k].left))
    merged = kids[tallest]
    shift = merged.shift + places[tallest]
    levels = shared_levels(kids)
    left, right = [0] * levels, [0] * levels
    for kid, place in zip(reversed(kids), reversed(places)):
        for j in range(min(levels, len(kid.left))):
            left[j] = kid.left[-1 - j] + kid.shift + place
    for kid, place in zip(kids, places):
        for j in range(min(levels, len(kid.right))):
            right[j] = kid.right[-1 - j] + kid.shift + place
    for j in range(levels):
        merged.left[-1 - j], merged.right[-1 - j] = left[j] - shift, right[j] - shift
    merged.left.append(-shift)
    merged.right.append(-shift)
    merged.shift = shift
    return merged


def shared_levels(kids: list[Contour]) -> int:
    """The number of levels that at least two subtrees reach."""
    return sorted(len(kid.left) for kid in kids)[-2] if len(kids) > 1 else 0


def absolute(parents: Sequence[int], offsets: Sequence[int]) -> list[int]:
    """The position of each node: the sum of the offsets on its path. The root is at 0."""
    places = [0] * len(parents)
    for node, parent in enumerate(parents):
        if parent >= 0:
            places[node] = places[parent] + offsets[node]
    return places
