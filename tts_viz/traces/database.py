"""The SQLite file of the library of runs: its place, its tables, and opening it. An unusable file is set aside.

Knows the tables that `library` writes, but not what runs are. Nothing is ever overwritten: an unusable file is renamed, so
that its owner can still try to recover the runs.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain, count
from pathlib import Path

from platformdirs import user_data_path

from tts_viz.errors import LibraryFileError

VERSION = 2
"""Version of the tables, stored as the file's user_version; 0 is an empty file. Version 1 had no column for the version of
an event's line; all its lines are of version 1 of the traces."""

# `number` orders runs by their start and is the short key that every event repeats; `id` is the public key. Level and seed
# are text because whole numbers in a trace have any size and SQLite's have 64 bits. An event's `version` is that of its line
# (see `schema`): a run begun by an older version continues with lines of the current one.
LINE_VERSION = "version INTEGER NOT NULL DEFAULT 1"

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    created TEXT NOT NULL,
    starred INTEGER NOT NULL,
    deleted TEXT,
    forked_from TEXT,
    forked_at INTEGER,
    length INTEGER NOT NULL,
    task TEXT NOT NULL,
    question TEXT NOT NULL,
    level TEXT,
    policy TEXT NOT NULL,
    verifier TEXT NOT NULL,
    seed TEXT NOT NULL,
    strategy TEXT NOT NULL,
    state TEXT NOT NULL,
    nodes INTEGER NOT NULL,
    generations INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    answer TEXT,
    verdict INTEGER,
    spark TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_of_owner ON runs (owner, number);
CREATE TABLE IF NOT EXISTS events (
    run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    line TEXT NOT NULL,
    {LINE_VERSION},
    PRIMARY KEY (run, position)
);
"""

WAIT = 5.0
"""Seconds to wait for another process that is writing to the same file."""

# Error codes about the place (disk, rights, other processes). Any other error on opening means that the file is bad.
OF_THE_PLACE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


def default_path() -> Path:
    """The library in the user's data folder of this operating system. Raises OSError without a home."""
    try:
        return user_data_path("tts_viz", appauthor=False) / "runs.sqlite"
    except RuntimeError as error:
        raise OSError(f"There is no home folder to keep runs in: {error}") from None


class Database:
    """One connection shared by all threads behind a lock, because threads are short-lived and one connection for each would
    leak. Hold the lock only for SQLite's work. A transaction is open only within `changing`."""

    def __init__(self, place: str) -> None:
        """`place`: a path or ":memory:". Raises `LibraryFileError` for a bad file, sqlite3.Error for an unusable place."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(place, timeout=WAIT, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # One damaged character in a name must not make the whole list unreadable.
        self._db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        self._db.create_function("mentions", -1, _mentions, deterministic=True)
        try:
            with _fault_of_the_file():
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._db.execute("PRAGMA foreign_keys = ON")
                # Overwrite removed data, so that it cannot be read from the file's free pages.
                self._db.execute("PRAGMA secure_delete = ON")
                # Write even to a complete file, so that a read-only file fails now and not in the middle of a search.
                self._db.execute("BEGIN IMMEDIATE")
                for statement in SCHEMA.split(";"):
                    self._db.execute(statement)
                if "version" not in _columns(self._db)["events"]:  # a library of version 1
                    self._db.execute(f"ALTER TABLE events ADD COLUMN {LINE_VERSION}")
                self._db.execute(f"PRAGMA user_version = {VERSION}")
                self._db.execute("COMMIT")
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def open(cls, path: Path) -> tuple[Database, str | None]:
        """Opens the database in a file. Also returns a message for the user if an unusable file was set aside, else None.

        Raises OSError if nothing can be stored: no such place, no write permission, a full disk, or a file locked by another
        process.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                if path.exists():
                    _check(path)
                return cls(str(path)), None
            except LibraryFileError as fault:
                kept = _set_aside(path)
                return cls(str(path)), f"The library of runs {fault}. It is kept as {kept}, and a new one was begun."
        except (OSError, sqlite3.Error, LibraryFileError) as error:
            raise OSError(f"Runs cannot be kept in {path}: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Gives the connection; raises OSError for any error of SQLite."""
        with self._lock:
            try:
                yield self._db
            except (sqlite3.Error, UnicodeDecodeError) as error:
                raise OSError(f"The library of runs failed: {error}") from error

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, rolled back if anything is raised. Raises OSError."""
        with self.reading() as db, db:
            db.execute("BEGIN IMMEDIATE")
            yield db

    def close(self) -> None:
        with self._lock:
            self._db.close()


@contextmanager
def _fault_of_the_file() -> Iterator[None]:
    """Raises `LibraryFileError` for SQLite's errors about the file; lets errors about the place pass."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # An extended error code has the primary one in its lowest byte; Python's own errors have none.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in OF_THE_PLACE:
            raise
        raise LibraryFileError("was damaged") from error


def _check(path: Path) -> None:
    """Raises `LibraryFileError` unless the file is a library or empty, and sqlite3.Error for an unusable place."""
    # Read-only: the file may belong to another program, and closing it as a writer would delete an unusable log.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", WAIT, uri=True)) as db, _fault_of_the_file():
        # Not quick_check, which misses broken indexes. The full check takes 2 s for each GB.
        (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        there = _columns(db)
    if verdict != "ok":
        raise LibraryFileError("was damaged")
    if version > VERSION:
        raise LibraryFileError("was written by a newer version of this program")
    with closing(sqlite3.connect(":memory:")) as plan:
        plan.executescript(SCHEMA)
        wanted = _columns(plan)
    first = wanted | {"events": [column for column in wanted["events"] if column != "version"]}
    if (version, there) not in [(0, {}), (1, first), (VERSION, wanted)]:
        raise LibraryFileError("turned out to be the database of another program")


def _columns(db: sqlite3.Connection) -> dict[str, list[str]]:
    """The column names of each table."""
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall()
    return {
        name: [column for (column,) in db.execute("SELECT name FROM pragma_table_info(?)", (name,))]
        for (name,) in tables
    }


def _set_aside(path: Path) -> Path:
    """Renames the file and SQLite's files beside it, and returns its new path. Raises OSError."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.name}.damaged-{stamp}{more}" for more in chain([""], (f"-{n}" for n in count(2))))
    kept = next(p for p in map(path.with_name, names) if not p.exists())
    for ending in ("-wal", "-shm", ""):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + ending))
    return kept


def _mentions(text: str, *places: str | None) -> bool:
    """Does every word of the text occur in one of the places, ignoring case? SQLite's LIKE ignores case only for ASCII."""
    searched = "\n".join(place for place in places if place).casefold()
    return all(word in searched for word in text.casefold().split())
