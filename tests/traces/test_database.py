"""The library's file: where it lies, what a crash leaves of it, and what happens to one that cannot be used."""

from __future__ import annotations

import pwd
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tts_viz.core.events import Event, Expanded, Settings, Started
from tts_viz.traces import database
from tts_viz.traces.database import default_path
from tts_viz.traces.library import Library, Summary

ROOT = Path(__file__).parents[2]

START = Started("1 + 1\n", Settings("beam", {"n": 4}))


def steps(first: int, count: int) -> list[Event]:
    return [Expanded("0", f"0.{i}", "step " * 50) for i in range(first, first + count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder #1, 100%20ä" / "runs.sqlite"


def aside(path: Path) -> list[Path]:
    return sorted(p for p in path.parent.iterdir() if ".damaged-" in p.name)


def test_a_library_is_made_and_found_again(path: Path) -> None:
    for round in range(3):
        library = Library.open(path)
        assert library.notice is None
        assert len(library.runs("ann")) == round
        run = library.begin("ann", [START])
        library.append(run, 1, steps(0, round))
        library.summarize(run, Summary("dvts", "finished", spark=(0.5,)))
        library.rename(run, "ann", "one")
        library.star(run, "ann")
        before = library.runs("ann"), library.events(run, "ann")
        library.close()
        library = Library.open(str(path))
        assert (library.runs("ann"), library.events(run, "ann")) == before
        library.close()
    assert [p.name for p in path.parent.iterdir()] == ["runs.sqlite"]


# --- crashes ------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from itertools import count
from tests.traces.test_database import START, steps
from tts_viz.traces.library import Library
library = Library.open(sys.argv[1])
run = library.begin("ann", [START])
print(run, flush=True)
for i in count():
    library.append(run, 1 + 3 * i, steps(3 * i, 3))
    print(4 + 3 * i, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("acknowledged", [1, 40, 1500], ids=["at once", "early", "past a checkpoint"])
def test_a_kill_loses_nothing_that_was_acknowledged(path: Path, acknowledged: int) -> None:
    Library.open(path).close()
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout
        run = writer.stdout.readline().strip()
        for _ in range(acknowledged):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read()
    assert writer.returncode == -signal.SIGKILL
    told = max([1 + 3 * acknowledged, *map(int, rest.split("\n")[:-1])])
    library = Library.open(path)
    assert library.notice is None
    events = library.events(run, "ann")
    assert len(events) in {told, told + 3}  # the append under way is there as a whole or not at all
    assert events == [START, *steps(0, len(events) - 1)]
    library.append(run, len(events), steps(len(events) - 1, 1))  # and it goes on
    library.close()


def test_a_power_cut_anywhere_in_the_log_leaves_whole_appends(path: Path, tmp_path: Path) -> None:
    library = Library.open(path)
    run = library.begin("ann", [START])
    for i in range(20):
        library.append(run, 1 + 2 * i, steps(2 * i, 2))
    log = path.with_name("runs.sqlite-wal").read_bytes()
    lengths: set[int] = set()
    for cut in range(len(log), 0, -1999):
        folder = tmp_path / f"cut {cut}"
        folder.mkdir()
        shutil.copy(path, folder)
        (folder / "runs.sqlite-wal").write_bytes(log[:cut])
        after = Library.open(folder / "runs.sqlite")
        assert after.notice is None
        for entry in after.runs("ann"):
            events = after.events(run, "ann")
            assert events == [START, *steps(0, entry.length - 1)]
            assert entry.length % 2 == 1
            lengths.add(entry.length)
        after.close()
    library.close()
    assert len(lengths) > 10


# --- files that cannot be used --------------------------------------------------------------------------------------


def filled(path: Path) -> str:
    library = Library.open(path)
    run = library.begin("ann", [START, *steps(0, 60)])
    library.close()
    return run


def alter(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def not_a_database(path: Path) -> None:
    path.write_bytes(b"Dear diary, today I learned about tree search. " * 400)


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def overwritten(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + bytes(random.Random(0).randbytes(8192)) + whole[12288:])


def newer(path: Path) -> None:
    alter(path, f"PRAGMA user_version = {database.VERSION + 1}")


def other_tables(path: Path) -> None:
    path.unlink()
    alter(path, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('a')")


def other_columns(path: Path) -> None:
    alter(path, "ALTER TABLE runs DROP COLUMN spark")


def lost_index(path: Path) -> None:
    """Every page is well, but one index does not lead to what is there."""
    alter(path, "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'runs_of_owner'")


def letters_lost(path: Path) -> None:
    """SQLite's own complaint about it is then no text."""
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE runs (\n", b"CREATE \xf4\xffBLE runs (\n"))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (not_a_database, "was damaged"),
        (letters_lost, "was damaged"),
        (torn, "was damaged"),
        (overwritten, "was damaged"),
        (lost_index, "was damaged"),
        (newer, "was written by a newer version"),
        (other_tables, "turned out to be the database of another program"),
        (other_columns, "turned out to be the database of another program"),
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside(path: Path, harm, says: str) -> None:
    filled(path)
    harm(path)
    content = path.read_bytes()
    library = Library.open(path)
    kept, *beside = aside(path)
    assert {p.name for p in beside} <= {f"{kept.name}-wal", f"{kept.name}-shm"}
    assert re.fullmatch(r"runs\.sqlite\.damaged-\d{8}-\d{6}", kept.name)
    assert kept.read_bytes() == content
    assert library.notice
    assert library.notice.startswith(f"The library of runs {says}")
    assert library.notice.endswith(f"It is kept as {kept}, and a new one was begun.")
    assert library.runs(None) == []
    run = library.begin("ann", [START])
    library.close()
    library = Library.open(path)
    assert library.notice is None
    assert library.events(run, None) == [START]
    library.close()


def test_what_stands_beside_a_file_goes_with_it(path: Path) -> None:
    filled(path)
    not_a_database(path)
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).write_bytes(b"beside" + ending.encode())
    Library.open(path).close()
    kept = aside(path)
    assert [p.name[len("runs.sqlite.damaged-20260101-000000") :] for p in kept] == ["", "-shm", "-wal"]
    assert kept[2].read_bytes() == b"beside-wal"
    assert [p for p in path.parent.iterdir() if p not in kept] == [path]


def test_files_set_aside_in_the_same_second_do_not_replace_each_other(path: Path, monkeypatch) -> None:
    monkeypatch.setattr(database.time, "strftime", lambda _: "20260101-000000")
    path.parent.mkdir(parents=True)
    for content in (b"first", b"second", b"third"):
        path.write_bytes(content)
        Library.open(path).close()
    assert [p.read_bytes() for p in aside(path)] == [b"first", b"second", b"third"]


def test_any_flipped_bits_give_a_library_that_works(path: Path) -> None:
    """Old or new: whatever the file says, the app can start and the run that begins is kept."""
    run = filled(path)
    whole = path.read_bytes()
    rng = random.Random(0)
    spared = 0
    for at in [*range(18), *(rng.randrange(20, len(whole)) for _ in range(250))]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ rng.randrange(1, 256)]) + whole[at + 1 :])
        library = Library.open(path)
        if not library.notice:
            spared += 1
            saved = library.events_until_damage(run, None)
            assert saved.events == [START, *steps(0, 60)][: len(saved.events)] or not saved.damage
        begun = library.begin("ann", [START])
        assert library.events(begun, "ann") == [START]
        library.close()
        for kept in aside(path):
            kept.unlink()
    assert 100 < spared < 268


# --- places ---------------------------------------------------------------------------------------------------------


def test_a_place_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    (tmp_path / "folder.sqlite").mkdir()
    for path in (tmp_path / "file" / "runs.sqlite", tmp_path / "folder.sqlite"):
        with pytest.raises(OSError, match=re.escape(f"Runs cannot be kept in {path}: ")):
            Library.open(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.sqlite"]


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_a_log_that_cannot_be_opened_is_the_fault_of_the_place(path: Path, ending: str) -> None:
    filled(path)
    content = path.read_bytes()
    path.with_name("runs.sqlite" + ending).mkdir()
    with pytest.raises(OSError, match="Runs cannot be kept in"):
        Library.open(path)
    assert aside(path) == []
    assert path.read_bytes() == content


def test_a_disk_that_fails_is_not_the_fault_of_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    filled(path)
    monkeypatch.setattr(database, "_columns", failing)
    with pytest.raises(OSError, match="disk I/O error"):
        Library.open(path)
    assert aside(path) == []


def test_a_file_that_others_hold_on_to_is_not_set_aside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT", 0.05)
    run = filled(path)
    library = Library.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OSError, match="locked"):
        Library.open(path)
    with pytest.raises(OSError, match="locked"):
        library.begin("ann", [START])
    assert aside(path) == []
    assert library.events(run, "ann") == [START, *steps(0, 60)]  # reading goes on
    other.execute("ROLLBACK")
    library.begin("ann", [START])
    other.close()
    library.close()


def test_a_full_disk_is_an_error_and_loses_nothing(path: Path) -> None:
    library = Library.open(path)
    run = library.begin("ann", [START])
    with library._database.reading() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 2}")
    written = 0

    def write() -> None:
        nonlocal written
        for i in range(1000):
            library.append(run, 1 + i, steps(i, 1))
            written += 1

    with pytest.raises(OSError, match="full"):
        write()
    assert written
    assert library.events(run, "ann") == [START, *steps(0, written)]
    with library._database.reading() as db:
        db.execute("PRAGMA max_page_count = 100000")
    library.append(run, 1 + written, steps(written, 1))
    library.close()


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux says")
@pytest.mark.parametrize(
    ("variable", "where"),
    [(None, "home/.local/share"), ("", "home/.local/share"), ("relative", "home/.local/share"), ("/data", "/data")],
)
def test_runs_lie_where_they_always_did(monkeypatch, tmp_path: Path, variable: str | None, where: str) -> None:
    """In releases that found the place by themselves, too."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if variable is not None:
        monkeypatch.setenv("XDG_DATA_HOME", variable)
    assert default_path() == tmp_path / where / "tts_viz" / "runs.sqlite"


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux says")
def test_without_a_home_there_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # a user whom the system does not know
    with pytest.raises(OSError, match="no home folder"):
        default_path()
