"""Where the library of runs lies, and its SQLite file opened: made, checked, or set aside where it cannot be used.

Knows nothing about what runs are; it knows the tables that `library` writes. Nothing is ever overwritten: a file that
cannot be used keeps its bytes under another name, so that whoever misses its runs can still try to save them.
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
"""Of the tables. Kept in the file as its user_version; 0 is a file in which nothing was ever made. In version 1 events did
not say of which version their lines are: all of them are of version 1 of the traces."""

# `number` is a run's place in the order of beginnings, and short where every event repeats it; `id` is what the world
# sees. Level and seed are text because a trace may carry whole numbers of any size and SQLite's end at 64 bits. An event's
# `version` is that of its line (see `schema`): a run that an older version began goes on in lines of this one.
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

# What SQLite says of the place rather than of the file. Whatever else goes wrong while opening is the file's fault.
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
    """The library in the user's data folder, where each system keeps such things. Raises OSError without a home."""
    try:
        return user_data_path("tts_viz", appauthor=False) / "runs.sqlite"
    except RuntimeError as error:
        raise OSError(f"There is no home folder to keep runs in: {error}") from None


class Database:
    """One connection that all threads share, behind a lock: threads come and go, and each would leave a connection of
    its own behind. So hold it only while SQLite works. It is in a transaction only within `changing`."""

    def __init__(self, place: str) -> None:
        """Raises `LibraryFileError`, and sqlite3.Error for a place that cannot be used. ":memory:" is a place too."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(place, timeout=WAIT, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # One damaged letter in a name must not make the whole list unreadable.
        self._db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        self._db.create_function("mentions", -1, _mentions, deterministic=True)
        try:
            with _fault_of_the_file():
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._db.execute("PRAGMA foreign_keys = ON")
                # What is removed for good must not stay readable in the file's free pages.
                self._db.execute("PRAGMA secure_delete = ON")
                # A complete file is written to as well, so that one that cannot be is known now and not in mid-search.
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
        """The one in a file, and a sentence for people if what was there had to be set aside.

        Raises OSError where nothing can be kept: no such place, no right to write, a full disk, or another process that
        does not let go of the file.
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
        """Raises OSError for whatever SQLite could not do."""
        with self._lock:
            try:
                yield self._db
            except (sqlite3.Error, UnicodeDecodeError) as error:
                raise OSError(f"The library of runs failed: {error}") from error

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all that is done in it is kept, or none of it when anything is raised. Raises OSError."""
        with self.reading() as db, db:
            db.execute("BEGIN IMMEDIATE")
            yield db

    def close(self) -> None:
        with self._lock:
            self._db.close()


@contextmanager
def _fault_of_the_file() -> Iterator[None]:
    """Raises `LibraryFileError` for what SQLite says of the file; what it says of the place passes."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # An extended code tells the plain one in its lowest byte; errors of Python's own have none.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in OF_THE_PLACE:
            raise
        raise LibraryFileError("was damaged") from error


def _check(path: Path) -> None:
    """Raises `LibraryFileError` unless the file is a library or empty, and sqlite3.Error."""
    # Read only: it may be somebody else's, and to close it as a writer would throw away a log that cannot be used.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", WAIT, uri=True)) as db, _fault_of_the_file():
        # Not the quick check, which passes indexes that then fail at every use. A full one takes 2 s for each GB.
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
    """table: the names of its columns."""
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall()
    return {
        name: [column for (column,) in db.execute("SELECT name FROM pragma_table_info(?)", (name,))]
        for (name,) in tables
    }


def _set_aside(path: Path) -> Path:
    """Rename the file, and those that SQLite keeps beside it; its new name. Raises OSError."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.name}.damaged-{stamp}{more}" for more in chain([""], (f"-{n}" for n in count(2))))
    kept = next(p for p in map(path.with_name, names) if not p.exists())
    for ending in ("-wal", "-shm", ""):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + ending))
    return kept


def _mentions(text: str, *places: str | None) -> bool:
    """Is every word of the text in one of the places, in capitals or not? SQLite's own LIKE knows capitals up to Z."""
    said = "\n".join(place for place in places if place).casefold()
    return all(word in said for word in text.casefold().split())
