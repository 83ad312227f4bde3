"""Scenes on their way to the browser: JSON lines, each with only the changes since the line before.

A transport that sends only the new suffix of a text then sends each change once. The first line of a text is complete; a
reader folds the lines in order (tree_fold.js does) to get the scene. If a text no longer starts with the previous one, it
is read from its start. Positions are not sent: growth moves many nodes a little, and the page does its own layout.

A line is {"run": id, "all": 1 (drop the previous scene), "add": groups, "set": {field: [[value, gaps], …]},
"chosen": number, "marks": [[depth, label], …], "agg": aggregation, "show": [number, time]}; unchanged fields are omitted.

* Nodes are numbered in order of first appearance. `gaps` encode rising numbers: the first, then differences.
* A group is [parent's number, key, row, …]: siblings with consecutive keys from `key`; a node's id is its parent's
  id, a dot, and its key. The root has parent -1 and its id as key.
* A row is [text, code, scores, reason], without empty cells at the end. `code` is the letter of the status, that of the
  truth, ^ if pinned and # if pruning it lost the last way to a right answer; `scores` is one integer in thousandths if score
  and reward are equal, else [score, reward].
* `show` requests the ring around this node; it is not part of the scene. A reader ignores a `time` it has already handled.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tts_viz.core.events import NodeId
from tts_viz.render.scene import Scene, SceneNode, Status, Truth

STATUS: dict[str, Status] = {
    "t": "root", "o": "open", "k": "kept", "p": "pruned", "f": "finished", "s": "stuck", "r": "rollout", "m": "more",
    "a": "attempt", "x": "stale",
}  # fmt: skip
TRUTH: dict[str, Truth] = {"": "unknown", "v": "valid", "f": "false", "l": "lost", "d": "doomed"}
_STATUS = {name: code for code, name in STATUS.items()}
_TRUTH = {name: code for code, name in TRUTH.items()}

FIELDS = ("text", "code", "scores", "reason")
"""The cells of a row; each can change."""

Row = tuple[str, str, Any, str]


SLACK = 4096
"""Extra characters a text may have beyond twice the length of a complete text of its scene."""

WORTH_REPLACING = 0.6
"""A text is only replaced if the complete text of the scene is at most this share of its length."""

Shown = tuple[NodeId, int]
"""A node to put the ring around, and how many such requests there were so far."""


class Stream:
    """The text for one run. `send` each new scene; `text` folds to the last one.

    Changes are appended. If nodes disappear, as when scrubbing back, or if the text is mostly outdated, it starts again from
    the complete scene. So it is at most about twice as long as the scene needs.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.text = ""
        self._lines = Lines(run)
        self._needed = 0
        """The length of the last complete text that was written."""
        self._shown: Shown | None = None

    def send(self, scene: Scene, show: NodeId | None = None) -> str:
        """The text of this scene. `show`: the node to put the ring around, once the scene has it."""
        if show in scene.nodes and (self._shown is None or self._shown[0] != show):
            self._shown = show, 1 + (self._shown[1] if self._shown else 0)
        if not self.text or not self._lines.lead_to(scene):
            self._begin_anew(scene)
            return self.text
        self.text += self._lines.next(scene, self._shown)
        if len(self.text) > 2 * self._needed + SLACK:
            before = self.text, self._lines
            self._begin_anew(scene)
            if len(self.text) > WORTH_REPLACING * len(before[0]):
                self.text, self._lines = before
        return self.text

    def _begin_anew(self, scene: Scene) -> None:
        self._lines = Lines(self.run)
        self.text = self._lines.next(scene, self._shown)
        self._needed = len(self.text)


class Lines:
    """One line for the changes from each scene to the next. Any prefix of the lines can be read as a scene."""

    def __init__(self, run: str) -> None:
        self.run = run
        self._rows: dict[NodeId, Row] = {}
        self._number: dict[NodeId, int] = {}
        self._about: dict[str, Any] = {}

    def lead_to(self, scene: Scene) -> bool:
        """Whether the scene still has all previous nodes. If not, its line is complete and replaces those before it."""
        return all(id in scene.nodes for id in self._rows)

    def next(self, scene: Scene, shown: Shown | None = None) -> str:
        """The changes since the last scene as one line; "" if there are none."""
        whole = not self._rows or not self.lead_to(scene)
        if whole:
            self._rows, self._number, self._about = {}, {}, {}
        line = self._changed(scene) | self._added(scene)
        about: dict[str, Any] = {
            "chosen": None if scene.chosen is None else self._number[scene.chosen],
            "marks": [list(mark) for mark in scene.marks],
            "agg": scene.aggregation,
        }
        if shown and shown[0] in self._number:
            about["show"] = [self._number[shown[0]], shown[1]]
        line |= {key: value for key, value in about.items() if key not in self._about or self._about[key] != value}
        self._about |= about
        if not line:
            return ""
        line = {"run": self.run} | ({"all": 1} if whole else {}) | line
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"

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
        # A plain number is shorter; only if it converts back to the same key.
        return self._number[node.parent], int(key) if key.isdecimal() and str(int(key)) == key else key


def _nth(key: str | int, n: int) -> str | int | None:
    """The key `n` places after `key`; None if the key is not a number."""
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
