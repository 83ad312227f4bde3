"""The entries of the list of runs: each run's metadata, without its events. Knows nothing about files."""

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
"""The state as last written. A run whose process died stays "running" here."""

Verdict = Literal["right", "wrong", "unknown"]

VERDICTS: dict[Verdict, bool | None] = {"right": True, "wrong": False, "unknown": None}

MAX_SPARK = 40

MAX_NAME = 120
"""Most characters of a run's name; longer names are cut."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The progress of a run, written by the code that drives it.

    `nodes` includes the root; `generations` and `tokens` as `budget` counts them. `answer` is the one chosen so far, and
    `verdict` says whether it is right (None: it cannot be graded, or there is none). `spark` is a curve for a sparkline: the
    best score at each depth from 1 on, at most 40 numbers from 0 to 1.
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

    `name` is set by its owner, "" until then. `created` and `deleted` are in UTC; a deleted run can be restored until it is
    purged. `length` is the number of its events. A fork has copied the first `forked_at` events of the run `forked_from`,
    which may have been removed since. If the trace names no problem, `task` is "", `level` None, and `question` the prompt.
    `policy` and `verifier` are display names.
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
    """The columns of the table of runs that come from the start."""
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
    """The columns of the table of runs that come from a summary."""
    columns = {f.name: getattr(summary, f.name) for f in fields(Summary)}
    return columns | {"spark": json.dumps(summary.spark)}


def run_entry(row: sqlite3.Row) -> RunEntry:
    """The entry in a row of the table of runs."""
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
    """The name on one line, without control characters and lone surrogates (which no file can store), cut to `MAX_NAME`."""
    visible = "".join(c for c in " ".join(name.split()) if unicodedata.category(c) not in {"Cc", "Cs"})
    return visible[:MAX_NAME].strip()
