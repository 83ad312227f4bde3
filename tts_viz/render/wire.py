"""Scenes as they go to the browser: an append-only text of JSON lines, each with only what has changed.

A transport that sends the new suffix of a text then sends each change once. The first line of a text is complete; a
reader folds the lines in order (`fold` here, tree_fold.js in the page) and has the scene. Places are not sent: growth
moves many nodes a little, and the page lays out what it shows.

A line is {"run": id, "all": 1 (forget what was before), "add": groups, "set": {field: [[value, gaps], …]},
"chosen": number, "marks": [[depth, label], …], "agg": aggregation, "show": number}; what has not changed is left out.

* Nodes are numbered in order of first appearance. `gaps` are rising numbers: the first, then differences.
* A group is [parent's number, key, row, …]: siblings whose keys count up from `key`; a node's id is its parent's, a
  dot, and its key. The root has parent -1 and its id as key.
* A row is [text, code, scores, reason], cut short after its last known cell. `code` is the status's letter, the truth's,
  ^ for a pinned node and # for one with which the last way to a right answer was lost; `scores` is a whole number of
  thousandths where score and reward are the same, else [score, reward].
* `show` asks once for the ring around this node; it is no part of the scene.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from tts_viz.render.scene import Mark, Scene, SceneNode, Status, Truth

STATUS: dict[str, Status] = {
    "t": "root", "o": "open", "k": "kept", "p": "pruned", "f": "finished", "s": "stuck", "r": "rollout", "m": "more",
    "a": "attempt", "x": "stale",
}  # fmt: skip
TRUTH: dict[str, Truth] = {"": "unknown", "v": "valid", "f": "false", "l": "lost", "d": "doomed"}
_STATUS = {name: code for code, name in STATUS.items()}
_TRUTH = {name: code for code, name in TRUTH.items()}

ATTEMPT = re.compile(r"\.a\d+$")
"""at the end of an attempt's id"""

FIELDS = ("text", "code", "scores", "reason")
"""The cells of a row; any of them can change."""

Row = tuple[str, str, Any, str]


class Stream:
    """The text for one run. `send` each new scene; all that was said so far is in `text`."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.text = ""
        self._rows: dict[str, Row] = {}
        self._number: dict[str, int] = {}
        self._about: dict[str, Any] = {}
        self._shown: str | None = None

    def send(self, scene: Scene, show: str | None = None) -> str:
        """Say what has changed since the last scene. Returns the whole text, which grew by at most one line.

        `show`: the node to select, once it is there; said once.
        """
        whole = not self.text or any(id not in scene.nodes for id in self._rows)
        if whole:
            self._rows, self._number, self._about = {}, {}, {}
        changed = self._changed(scene)
        line = changed | self._added(scene)
        about = {
            "chosen": None if scene.chosen is None else self._number[scene.chosen],
            "marks": [list(mark) for mark in scene.marks],
            "agg": scene.aggregation,
        }
        line |= {key: value for key, value in about.items() if key not in self._about or self._about[key] != value}
        self._about = about
        if show != self._shown and show in self._number:
            self._shown, line["show"] = show, self._number[show]
        if line:
            line = {"run": self.run} | ({"all": 1} if whole else {}) | line
            self.text += json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
        return self.text

    def _added(self, scene: Scene) -> dict[str, Any]:
        groups: list[list[Any]] = []
        for node in scene.nodes.values():
            if node.id in self._number:
                continue
            parent, key = self._where(node)
            self._number[node.id] = len(self._number)
            self._rows[node.id] = row = _row(node)
            if not (groups and groups[-1][0] == parent and _nth(groups[-1][1], len(groups[-1]) - 2) == key):
                groups.append([parent, key])
            groups[-1].append(_trimmed(row))
        return {"add": groups} if groups else {}

    def _changed(self, scene: Scene) -> dict[str, Any]:
        changes: dict[str, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(list))
        for id, before in self._rows.items():
            now = _row(scene.nodes[id])
            if now == before:
                continue
            for field, was, value in zip(FIELDS, before, now):
                if was != value:
                    changes[field][value].append(self._number[id])
            self._rows[id] = now
        if not changes:
            return {}
        return {"set": {f: [[v, _gaps(numbers)] for v, numbers in groups.items()] for f, groups in changes.items()}}

    def _where(self, node: SceneNode) -> tuple[int, str | int]:
        if node.parent is None:
            return -1, node.id
        key = node.id[len(node.parent) + 1 :]
        # A bare number says the same in less, where it is written the same way.
        return self._number[node.parent], int(key) if key.isdecimal() and str(int(key)) == key else key


def _nth(key: str | int, n: int) -> str | int | None:
    """The key `n` places after `key`; None where keys do not count up."""
    return key + n if isinstance(key, int) else None


def _gaps(numbers: list[int]) -> list[int]:
    return [numbers[0], *(b - a for a, b in pairwise(numbers))]


def _row(node: SceneNode) -> Row:
    score = None if node.score is None else round(node.score * 1000)
    reward = None if node.reward is None else round(node.reward * 1000)
    code = _STATUS[node.status] + _TRUTH[node.truth] + "^" * node.pinned + "#" * node.lost_here
    return node.text, code, score if score == reward else (score, reward), node.reason


def _trimmed(row: Row) -> Sequence[Any]:
    end = len(row)
    while row[end - 1] in (None, ""):
        end -= 1
    return row[:end]


def fold(text: str) -> Scene:
    """The scene that the lines amount to. The page's tree_fold.js does the same."""
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
