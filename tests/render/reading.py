"""The scene that a text of `render.wire` amounts to: what tree_fold.js reads in the browser, written a second time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from tts_viz.render.scene import Mark, Scene, SceneNode
from tts_viz.render.wire import FIELDS, STATUS, TRUTH

ATTEMPT = re.compile(r"\.a\d+$")
"""at the end of an attempt's id"""


def fold(text: str) -> Scene:
    """The scene that the lines amount to."""
    ids: list[str] = []
    where: list[tuple[str | None, int]] = []
    rows: list[list[Any]] = []
    about: dict[str, Any] = {"chosen": None, "marks": [], "agg": "last"}
    for said in map(json.loads, text.split("\n")[:-1]):
        if said.get("all"):
            ids, where, rows = [], [], []
        for parent, key, row in _ungrouped(said.get("add", [])):
            ids.append(f"{ids[parent]}.{key}" if parent >= 0 else str(key))
            rows.append([*row, *["", "", None, ""][len(row) :]])
            # Attempts of a chain stand under one another.
            deeper = parent < 0 or not (ATTEMPT.search(ids[parent]) and ATTEMPT.search(ids[-1]))
            where.append((ids[parent], where[parent][1] + deeper) if parent >= 0 else (None, 0))
        for field, groups in said.get("set", {}).items():
            for value, gaps in groups:
                for number in accumulate(gaps):
                    rows[number][FIELDS.index(field)] = value
        about |= {key: said[key] for key in about if key in said}
    nodes = {id: _node(id, *at, row) for id, at, row in zip(ids, where, rows)}
    chosen = about["chosen"]
    return Scene(nodes, None if chosen is None else ids[chosen], tuple(Mark(*m) for m in about["marks"]), about["agg"])


def _ungrouped(groups: Iterable[list[Any]]) -> Iterator[tuple[int, str | int, list[Any]]]:
    for parent, key, *rows in groups:
        for n, row in enumerate(rows):
            yield parent, key + n if n else key, row


def _node(id: str, parent: str | None, depth: int, row: list[Any]) -> SceneNode:
    text, code, scores, reason = row
    pair = scores if isinstance(scores, list) else (scores, scores)
    score, reward = (None if s is None else s / 1000 for s in pair)
    truth = TRUTH[code[1:].rstrip("^#")]
    return SceneNode(id, parent, depth, text, STATUS[code[0]], score, reward, truth, reason, "^" in code, "#" in code)
