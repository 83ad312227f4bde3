"""What a list of runs shows: each run's facts without its events. Knows nothing about files; `library` keeps them."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from tts_viz.core.events import Started
from tts_viz.tasks.base import problem_of

RunId = str
"""Unguessable: 16 characters of A–Z, a–z, 0–9, - and _."""

SavedState = Literal["running", "paused", "held", "failed", "full", "finished", "stopped"]
"""As last written. A run whose process died stays "running" here: only who drives it can tell."""

Verdict = Literal["right", "wrong", "unknown"]

VERDICTS: dict[Verdict, bool | None] = {"right": True, "wrong": False, "unknown": None}

MAX_SPARK = 40

MAX_NAME = 120
"""Characters of a run's name; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How far a run has come, told by whoever drives it.

    `nodes` are the tree's, its root included; `generations` and `tokens` as `budget` counts them. `answer` is the one
    chosen so far, and `verdict` whether it is right (None: nothing is known to grade against, or there is no answer).
    `spark` is a curve to draw: the best score at each depth from 1 on, at most 40 numbers from 0 to 1.
    """

    strategy: str
    state: SavedState = "running"
    nodes: int = 1
    generations: int = 0
    tokens: int = 0
    answer: str | None = None
    verdict: bool | None = None
    spark: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a `spark` that cannot be drawn."""
        if len(self.spark) > MAX_SPARK or not all(0 <= score <= 1 for score in self.spark):
            raise ValueError(f"a spark must be at most {MAX_SPARK} numbers from 0 to 1")


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run in the list.

    `name` is what its owner called it, "" until then. `created` and `deleted` are in UTC; a deleted run can be restored
    until it is purged. `length` counts its events. `forked_from` is the run whose first `forked_at` events it began
    with; that run may be gone. `task` is "", and `level` None, where the trace names no problem; `question` is then
    its prompt. `policy` and `verifier` are names for people.
    """

    id: RunId
    name: str
    created: datetime
    starred: bool
    deleted: datetime | None
    forked_from: RunId | None
    forked_at: int | None
    length: int
    task: str
    question: str
    level: int | None
    policy: str
    verifier: str
    seed: int
    summary: Summary


def start_columns(started: Started) -> dict[str, Any]:
    """What the table of runs holds of a start."""
    problem = problem_of(started)
    level = problem.level if problem else None
    return {
        "task": problem.task if problem else "",
        "question": problem.question if problem else started.prompt,
        "level": None if level is None else str(level),
        "policy": started.policy,
        "verifier": started.verifier,
        "seed": str(started.settings.seed),
    }


def summary_columns(summary: Summary) -> dict[str, Any]:
    """What the table of runs holds of a summary."""
    columns = {f.name: getattr(summary, f.name) for f in fields(Summary)}
    return columns | {"spark": json.dumps(summary.spark)}


def run_entry(row: sqlite3.Row) -> RunEntry:
    """The entry that a row of the table of runs holds."""
    summary = {f.name: row[f.name] for f in fields(Summary)}
    summary["verdict"] = None if row["verdict"] is None else bool(row["verdict"])
    summary["spark"] = tuple(json.loads(row["spark"]))
    entry = {f.name: row[f.name] for f in fields(RunEntry) if f.name != "summary"}
    entry["created"] = datetime.fromisoformat(row["created"])
    entry["deleted"] = None if row["deleted"] is None else datetime.fromisoformat(row["deleted"])
    entry["starred"] = bool(row["starred"])
    entry["level"] = None if row["level"] is None else int(row["level"])
    entry["seed"] = int(row["seed"])
    return RunEntry(**entry, summary=Summary(**summary))


def clean_name(name: str) -> str:
    """On one line, without control characters or halves of characters (which no file can hold), and not too long."""
    visible = "".join(c for c in " ".join(name.split()) if unicodedata.category(c) not in {"Cc", "Cs"})
    return visible[:MAX_NAME].strip()
