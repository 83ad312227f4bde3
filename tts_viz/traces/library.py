"""The library of runs: one SQLite file, in which every run is written as it happens and from which it can be read.

What `append` was given is safe when it returns: a process that is killed afterwards loses none of it, and a power cut
at most the last moments, never the file. Knows nothing about who drives runs or who looks at them: an owner is an
opaque key, and None in its place is the operator, who may do everything. To anybody else, another owner's run and one
that does not exist look the same.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import Self

from tts_viz.core.events import Event, Started
from tts_viz.errors import TraceError
from tts_viz.traces.database import Database
from tts_viz.traces.entry import (
    VERDICTS,
    RunEntry,
    RunId,
    SavedState,
    Summary,
    Verdict,
    clean_name,
    run_entry,
    start_columns,
    summary_columns,
)
from tts_viz.traces.schema import THIS, Gate, check_all, decode, encode

MAX_RUNS_PER_OWNER = 500
"""Runs kept of one owner, deleted ones among them. Starred ones are kept beyond it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The events of a run, up to the first that cannot be read; `damage` says which and why, None if there is none."""

    events: list[Event]
    damage: str | None = None


class Library:
    """Every method may be called from any thread, and raises OSError when the file cannot be read or written.

    `notice` is a sentence for people when the file that was there could not be used and a new one was begun.
    """

    def __init__(self, database: Database, notice: str | None = None) -> None:
        """Made by `open` or `in_memory`."""
        self.notice = notice
        self._database = database

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Self:
        """The library in a file, which is made if it is not there, and set aside if it cannot be used (see `notice`).

        Raises OSError with a sentence for people where nothing can be kept.
        """
        return cls(*Database.open(Path(path)))

    @classmethod
    def in_memory(cls) -> Self:
        """A library that ends with the process, for where nothing can be kept."""
        return cls(Database(":memory:"))

    def close(self) -> None:
        """From then on every method raises OSError."""
        self._database.close()

    # --- writing a run --------------------------------------------------------------------------------------------

    def begin(
        self, owner: str, started_events: Sequence[Event], forked_from: RunId | None = None, at: int | None = None
    ) -> RunId:
        """A new run, with the events it has so far; `at` is how many of them are from the run it was forked from.

        Past `MAX_RUNS_PER_OWNER`, the owner's deleted runs make room, then the oldest that are not starred. Raises
        ValueError unless the first event is a start, or for `forked_from` without `at`.
        """
        return self._insert(owner, started_events, "running", forked_from, at)

    def importing(self, owner: str, events: Sequence[Event]) -> RunId:
        """A new run from a recorded trace; "stopped" until `summarize` says more. Raises `TraceError` for no trace."""
        check_all(events)
        return self._insert(owner, events, "stopped")

    def append(self, run: RunId, first_index: int, events: Sequence[Event]) -> None:
        """Write the events that follow; `first_index` is the first one's index in the trace. Deleted runs go on too.

        Raises KeyError for a run that is not there (any more), and ValueError, with nothing written, unless
        `first_index` is the number of events written so far.
        """
        lines = [encode(event) for event in events]
        with self._database.changing() as db:
            number = _number(db, run, None)
            # One statement, so that of two writers that both believe it is their turn one is refused.
            grown = "UPDATE runs SET length = length + ? WHERE number = ? AND length = ?"
            if not db.execute(grown, (len(lines), number, first_index)).rowcount:
                (length,) = db.execute("SELECT length FROM runs WHERE number = ?", (number,)).fetchone()
                raise ValueError(f"event {first_index} cannot follow: {length} are written")
            _write(db, number, first_index, lines)

    def summarize(self, run: RunId, summary: Summary) -> None:
        """How far the run has come. Raises KeyError for a run that is not there (any more)."""
        columns = summary_columns(summary)
        places = ", ".join(f"{name} = ?" for name in columns)
        with self._database.changing() as db:
            number = _number(db, run, None)
            db.execute(f"UPDATE runs SET {places} WHERE number = ?", (*columns.values(), number))

    # --- reading --------------------------------------------------------------------------------------------------

    def runs(
        self,
        owner: str | None,
        *,
        task: str | None = None,
        strategy: str | None = None,
        verdict: Verdict | None = None,
        starred: bool | None = None,
        text: str = "",
        since: datetime | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[RunEntry]:
        """The owner's runs (the operator: everyone's), newest first, without deleted ones.

        A filter that is None lets all pass. Every word of `text` must be in the name, question or answer, in capitals
        or not; `since` is the earliest time of beginning, in local time unless it says otherwise.
        """
        filters: list[tuple[str, object]] = [("deleted IS ?", None)]
        if owner is not None:
            filters.append(("owner = ?", owner))
        if task is not None:
            filters.append(("task = ?", task))
        if strategy is not None:
            filters.append(("strategy = ?", strategy))
        if verdict is not None:
            filters.append(("verdict IS ?", VERDICTS[verdict]))
        if starred is not None:
            filters.append(("starred = ?", starred))
        if text:
            filters.append(("mentions(?, name, question, answer)", text))
        if since is not None:
            filters.append(("created >= ?", _stamp(since)))
        query = f"SELECT * FROM runs WHERE {' AND '.join(sql for sql, _ in filters)} ORDER BY number DESC"
        with self._database.reading() as db:
            found = db.execute(f"{query} LIMIT ? OFFSET ?", (*(value for _, value in filters), limit, offset))
            rows = found.fetchall()
        return [run_entry(row) for row in rows]

    def get(self, run: RunId, owner: str | None) -> RunEntry:
        """One run, deleted or not. Raises KeyError."""
        with self._database.reading() as db:
            number = _number(db, run, owner)
            row = db.execute("SELECT * FROM runs WHERE number = ?", (number,)).fetchone()
        return run_entry(row)

    def events(self, run: RunId, owner: str | None) -> list[Event]:
        """The whole trace. Raises KeyError, and `TraceError` with the index of the first event that cannot be read."""
        saved = self.events_until_damage(run, owner)
        if saved.damage:
            raise TraceError(saved.damage)
        return saved.events

    def events_until_damage(self, run: RunId, owner: str | None) -> Saved:
        """As much of the trace as can be read: a trace itself, or nothing. Raises KeyError."""
        # As bytes, because a damaged line need not be text.
        query = "SELECT position, CAST(line AS BLOB), version FROM events WHERE run = ? ORDER BY position"
        with self._database.reading() as db:
            number = _number(db, run, owner)
            (length,) = db.execute("SELECT length FROM runs WHERE number = ?", (number,)).fetchone()
            rows = db.execute(query, (number,)).fetchall()
        gate = Gate()
        events: list[Event] = []
        for position, line, version in rows:
            try:
                if position != len(events):
                    break
                event = decode(line, version)
                gate.accept(event)
            except TraceError as error:
                return Saved(events, f"event {position}: {error}")
            events.append(event)
        return Saved(events, f"event {len(events)}: it is missing" if len(events) < length else None)

    # --- upkeep ---------------------------------------------------------------------------------------------------

    def rename(self, run: RunId, owner: str | None, name: str) -> None:
        """Control characters are left out and long names cut; "" takes the name away. Raises KeyError."""
        with self._database.changing() as db:
            db.execute("UPDATE runs SET name = ? WHERE number = ?", (clean_name(name), _number(db, run, owner)))

    def star(self, run: RunId, owner: str | None, starred: bool = True) -> None:
        """Raises KeyError."""
        with self._database.changing() as db:
            db.execute("UPDATE runs SET starred = ? WHERE number = ?", (starred, _number(db, run, owner)))

    def delete(self, run: RunId, owner: str | None) -> None:
        """Take it off the list; it can be restored until it is purged. Raises KeyError."""
        deleted = "UPDATE runs SET deleted = ? WHERE number = ? AND deleted IS NULL"
        with self._database.changing() as db:
            db.execute(deleted, (_stamp(datetime.now(UTC)), _number(db, run, owner)))

    def restore(self, run: RunId, owner: str | None) -> None:
        """Undo `delete`. Raises KeyError, also when it has been purged."""
        with self._database.changing() as db:
            db.execute("UPDATE runs SET deleted = NULL WHERE number = ?", (_number(db, run, owner),))

    def purge(self, older_than: timedelta) -> int:
        """Remove for good, of every owner, what was deleted longer ago than this; how many runs that were."""
        with self._database.changing() as db:
            until = _stamp(datetime.now(UTC) - older_than)
            gone = db.execute("DELETE FROM runs WHERE deleted <= ?", (until,)).rowcount
        with self._database.reading() as db:
            # Until then the log beside the file still holds them.
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return gone

    def _insert(
        self,
        owner: str,
        events: Sequence[Event],
        state: SavedState,
        forked_from: RunId | None = None,
        forked_at: int | None = None,
    ) -> RunId:
        if not events or not isinstance(events[0], Started):
            raise ValueError("a run begins with its start")
        if (forked_from is None) != (forked_at is None):
            raise ValueError("a fork is of a run, at an event")
        lines = [encode(event) for event in events]
        row = {
            "id": secrets.token_urlsafe(12),
            "owner": owner,
            "name": "",
            "created": _stamp(datetime.now(UTC)),
            "starred": False,
            "forked_from": forked_from,
            "forked_at": forked_at,
            "length": len(lines),
            **start_columns(events[0]),
            **summary_columns(Summary(events[0].settings.strategy, state)),
        }
        names, places = ", ".join(row), ", ".join("?" * len(row))
        with self._database.changing() as db:
            _make_room(db, owner)
            number = db.execute(f"INSERT INTO runs ({names}) VALUES ({places})", tuple(row.values())).lastrowid
            _write(db, number, 0, lines)
        return row["id"]


def _number(db: sqlite3.Connection, run: RunId, owner: str | None) -> int:
    """The run's number. Raises KeyError for what this owner may not know of."""
    found = db.execute("SELECT number FROM runs WHERE id = ? AND owner = coalesce(?, owner)", (run, owner)).fetchone()
    if not found:
        raise KeyError(run)
    return found[0]


def _write(db: sqlite3.Connection, number: int | None, first: int, lines: list[str]) -> None:
    rows = ((number, position, line, THIS.version) for position, line in enumerate(lines, first))
    db.executemany("INSERT INTO events (run, position, line, version) VALUES (?, ?, ?, ?)", rows)


def _make_room(db: sqlite3.Connection, owner: str) -> None:
    """For one run more."""
    (kept,) = db.execute("SELECT count(*) FROM runs WHERE owner = ?", (owner,)).fetchone()
    if kept >= MAX_RUNS_PER_OWNER:
        dropped = """DELETE FROM runs WHERE number IN (
            SELECT number FROM runs WHERE owner = ? AND (deleted IS NOT NULL OR NOT starred)
            ORDER BY deleted IS NULL, number LIMIT ?)"""
        db.execute(dropped, (owner, kept + 1 - MAX_RUNS_PER_OWNER))


def _stamp(moment: datetime) -> str:
    """In UTC and always equally long, so that texts compare as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
