"""The library of runs: one SQLite file, to which every run is written as it happens and from which it can be read.

When `append` returns, its events are safe: a killed process loses none of them, a power cut at most the last moments and
never the file. Knows nothing about who drives or views runs: an owner is an opaque key, and None means the operator, who
may do everything. For anybody else, another owner's run looks like one that does not exist.
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

from tts_viz.core.events import Event, start_of
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
"""Most runs of one owner, including deleted ones. Starred runs are kept beyond it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The events of a run up to the first unreadable one; `damage` says which one and why, or is None."""

    events: list[Event]
    damage: str | None = None


class Library:
    """Thread-safe; every method raises OSError if the file cannot be read or written.

    `notice` is a message for the user if an unusable file was replaced by a new one.
    """

    def __init__(self, database: Database, notice: str | None = None) -> None:
        """Use `open` or `in_memory` instead."""
        self.notice = notice
        self._database = database

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Self:
        """The library in a file, which is created if missing, and set aside if unusable (see `notice`).

        Raises OSError with a message for the user if nothing can be stored there.
        """
        return cls(*Database.open(Path(path)))

    @classmethod
    def in_memory(cls) -> Self:
        """A library that ends with the process, for use where no file can be written."""
        return cls(Database(":memory:"))

    def close(self) -> None:
        """Closes the file; then every method raises OSError."""
        self._database.close()

    # --- writing a run --------------------------------------------------------------------------------------------

    def begin(
        self, owner: str, started_events: Sequence[Event], forked_from: RunId | None = None, at: int | None = None
    ) -> RunId:
        """Adds a run with its events so far; `at` is how many of them come from the run `forked_from`.

        At `MAX_RUNS_PER_OWNER`, removes the owner's deleted runs first, then the oldest ones that are not starred. Raises
        ValueError unless the first event is a start, and for `forked_from` without `at`.
        """
        return self._insert(owner, started_events, "running", forked_from, at)

    def importing(self, owner: str, events: Sequence[Event]) -> RunId:
        """Adds a run from a recorded trace, "stopped" until `summarize`. Raises `TraceError` for an invalid trace."""
        check_all(events)
        return self._insert(owner, events, "stopped")

    def append(self, run: RunId, first_index: int, events: Sequence[Event]) -> None:
        """Appends events; `first_index` is the index of the first one in the trace. Also works for deleted runs.

        Raises KeyError for a run that does not exist (any more), and ValueError, with nothing written, unless
        `first_index` is the number of events written so far.
        """
        lines = [encode(event) for event in events]
        with self._database.changing() as db:
            number = _number(db, run, None)
            # Check and update in one statement, so that only one of two concurrent writers succeeds.
            extended = "UPDATE runs SET length = length + ? WHERE number = ? AND length = ?"
            if not db.execute(extended, (len(lines), number, first_index)).rowcount:
                (length,) = db.execute("SELECT length FROM runs WHERE number = ?", (number,)).fetchone()
                raise ValueError(f"event {first_index} cannot follow: {length} are written")
            _write(db, number, first_index, lines)

    def summarize(self, run: RunId, summary: Summary) -> None:
        """Stores the run's summary. Raises KeyError for a run that does not exist (any more)."""
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

        A filter that is None is not applied. Every word of `text` must occur in the name, question or answer, ignoring
        case; `since` is the earliest start, in local time unless it has a time zone.
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
        """The whole trace. Raises KeyError, and `TraceError` with the index of the first unreadable event."""
        saved = self.events_until_damage(run, owner)
        if saved.damage:
            raise TraceError(saved.damage)
        return saved.events

    def events_until_damage(self, run: RunId, owner: str | None) -> Saved:
        """The readable beginning of the trace: a valid trace, or empty. Raises KeyError."""
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
        """Sets the name, cleaned by `clean_name`; "" removes it. Raises KeyError."""
        with self._database.changing() as db:
            db.execute("UPDATE runs SET name = ? WHERE number = ?", (clean_name(name), _number(db, run, owner)))

    def star(self, run: RunId, owner: str | None, starred: bool = True) -> None:
        """Sets or removes the star. Raises KeyError."""
        with self._database.changing() as db:
            db.execute("UPDATE runs SET starred = ? WHERE number = ?", (starred, _number(db, run, owner)))

    def delete(self, run: RunId, owner: str | None) -> None:
        """Hides the run from the list; it can be restored until it is purged. Raises KeyError."""
        deleted = "UPDATE runs SET deleted = ? WHERE number = ? AND deleted IS NULL"
        with self._database.changing() as db:
            db.execute(deleted, (_stamp(datetime.now(UTC)), _number(db, run, owner)))

    def restore(self, run: RunId, owner: str | None) -> None:
        """Undoes `delete`. Raises KeyError, also for a purged run."""
        with self._database.changing() as db:
            db.execute("UPDATE runs SET deleted = NULL WHERE number = ?", (_number(db, run, owner),))

    def purge(self, older_than: timedelta) -> int:
        """Removes for good all owners' runs that were deleted longer ago than this. Returns how many."""
        with self._database.changing() as db:
            until = _stamp(datetime.now(UTC) - older_than)
            removed = db.execute("DELETE FROM runs WHERE deleted <= ?", (until,)).rowcount
        with self._database.reading() as db:
            # The write-ahead log holds the removed runs until it is truncated.
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return removed

    def _insert(
        self,
        owner: str,
        events: Sequence[Event],
        state: SavedState,
        forked_from: RunId | None = None,
        forked_at: int | None = None,
    ) -> RunId:
        started = start_of(events)
        if started is None:
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
            **start_columns(started),
            **summary_columns(Summary(started.settings.strategy, state)),
        }
        names, places = ", ".join(row), ", ".join("?" * len(row))
        with self._database.changing() as db:
            _make_room(db, owner)
            number = db.execute(f"INSERT INTO runs ({names}) VALUES ({places})", tuple(row.values())).lastrowid
            _write(db, number, 0, lines)
        return row["id"]


def _number(db: sqlite3.Connection, run: RunId, owner: str | None) -> int:
    """The run's number. Raises KeyError for a run that this owner may not see."""
    found = db.execute("SELECT number FROM runs WHERE id = ? AND owner = coalesce(?, owner)", (run, owner)).fetchone()
    if not found:
        raise KeyError(run)
    return found[0]


def _write(db: sqlite3.Connection, number: int | None, first: int, lines: list[str]) -> None:
    rows = ((number, position, line, THIS.version) for position, line in enumerate(lines, first))
    db.executemany("INSERT INTO events (run, position, line, version) VALUES (?, ?, ?, ?)", rows)


def _make_room(db: sqlite3.Connection, owner: str) -> None:
    """Removes runs of the owner until one more fits."""
    (kept,) = db.execute("SELECT count(*) FROM runs WHERE owner = ?", (owner,)).fetchone()
    if kept >= MAX_RUNS_PER_OWNER:
        dropped = """DELETE FROM runs WHERE number IN (
            SELECT number FROM runs WHERE owner = ? AND (deleted IS NOT NULL OR NOT starred)
            ORDER BY deleted IS NULL, number LIMIT ?)"""
        db.execute(dropped, (owner, kept + 1 - MAX_RUNS_PER_OWNER))


def _stamp(moment: datetime) -> str:
    """In UTC and with a fixed length, so that the texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
