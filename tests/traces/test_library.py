"""The library of runs: what was written is there, in order, for its owner only, and the list tells what it should."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tts_viz.core.events import Ended, Event, Expanded, Scored, Settings, Started
from tts_viz.errors import TraceError
from tts_viz.traces import library as module
from tts_viz.traces.library import Library, RunEntry, RunId, Saved, Summary

PROBLEM = {
    "task": "countdown",
    "id": "countdown/test/3/17",
    "question": "Make 24 from ÄRGER 3 8",
    "prompt": "24: 3 8\n",
    "level": 3,
    "answer": "24",
    "subject": None,
}


def start(problem: dict[str, Any] = PROBLEM, strategy: str = "beam", **more: Any) -> Started:
    whole = {"task": "", "id": "", "question": "", "prompt": "", **problem} if problem else {}
    return Started("24: 3 8\n", Settings(strategy, {"n": 4}, seed=7), problem=whole, **more)


def steps(first: int, count: int) -> list[Event]:
    """The root's children, from one index on: after a start, child i is event i + 1."""
    return [
        Expanded("0", f"0.{i}", f"“{i}”\n×", tokens=(i,), logprobs=(-0.1,), pieces=("\u2028",))
        for i in range(first, first + count)
    ]


@pytest.fixture
def library() -> Iterator[Library]:
    library = Library.in_memory()
    yield library
    library.close()


def test_a_run_is_read_as_it_was_written(library: Library) -> None:
    run = library.begin("ann", [start(), *steps(0, 2)])
    library.append(run, 3, steps(2, 1))
    library.append(run, 4, [])
    library.append(run, 4, [Scored("0.1", (0.1 + 0.2,)), Ended("finished")])
    written = [start(), *steps(0, 3), Scored("0.1", (0.1 + 0.2,)), Ended("finished")]
    assert library.events(run, "ann") == written
    assert library.events_until_damage(run, "ann") == Saved(written)
    assert library.get(run, "ann").length == 6


def test_runs_that_take_turns_keep_apart(library: Library) -> None:
    runs = [library.begin("ann", [start()]) for _ in range(3)]
    for turn in range(4):
        for i, run in enumerate(runs):
            library.append(run, 1 + turn * i, steps(turn * i, i))
    for i, run in enumerate(runs):
        assert library.events(run, "ann") == [start(), *steps(0, 4 * i)]


@pytest.mark.parametrize("first", [-1, 0, 1, 2, 4, 10**6])
def test_a_gap_or_an_event_already_there_is_refused(library: Library, first: int) -> None:
    run = library.begin("ann", [start(), *steps(0, 2)])
    with pytest.raises(ValueError, match=f"event {first} cannot follow: 3 are written"):
        library.append(run, first, steps(2, 2))
    assert library.events(run, "ann") == [start(), *steps(0, 2)]
    library.append(run, 3, steps(2, 2))


def test_events_that_cannot_be_written_leave_nothing_behind(library: Library) -> None:
    run = library.begin("ann", [start()])
    for bad in (Scored("0.0", (float("nan"),)), Expanded("0", "0.1", "half \ud83d")):
        with pytest.raises(ValueError, match=r"cannot be written|surrogates"):
            library.append(run, 1, [*steps(0, 1), bad])
    assert library.get(run, "ann").length == 1
    library.append(run, 1, steps(0, 1))
    assert library.events(run, "ann") == [start(), *steps(0, 1)]


def test_a_run_begins_with_its_start(library: Library) -> None:
    for events in ([], steps(0, 1)):
        with pytest.raises(ValueError, match="begins with its start"):
            library.begin("ann", events)
    assert library.runs(None) == []


def test_the_list_tells_what_a_run_is(library: Library) -> None:
    before = datetime.now(UTC)
    first = library.begin("ann", [start(policy="mini", verifier="judge")])
    second = library.begin("ann", [start(), *steps(0, 4)], forked_from=first, at=3)
    entry = library.get(first, "ann")
    assert before <= entry.created <= datetime.now(UTC)
    assert entry == RunEntry(
        id=first,
        name="",
        created=entry.created,
        starred=False,
        deleted=None,
        forked_from=None,
        forked_at=None,
        length=1,
        task="countdown",
        question="Make 24 from ÄRGER 3 8",
        level=3,
        policy="mini",
        verifier="judge",
        seed=7,
        summary=Summary("beam", "running"),
    )
    fork = library.get(second, "ann")
    assert (fork.forked_from, fork.forked_at, fork.length) == (first, 3, 5)
    with pytest.raises(ValueError, match="fork"):
        library.begin("ann", [start()], forked_from=first)


def test_a_run_without_a_problem_shows_its_prompt_and_numbers_have_no_end(library: Library) -> None:
    bare = library.begin("ann", [Started("1 + 1 =", Settings("beam", {}, seed=-(10**30)))])
    entry = library.get(bare, "ann")
    assert (entry.task, entry.question, entry.level, entry.seed) == ("", "1 + 1 =", None, -(10**30))
    high = library.begin("ann", [start(PROBLEM | {"level": 10**30})])
    assert library.get(high, "ann").level == 10**30


def test_ids_cannot_be_guessed(library: Library) -> None:
    ids = {library.begin("ann", [start()]) for _ in range(50)}
    assert len(ids) == 50
    assert all(len(id) == 16 for id in ids)
    assert len({id[:4] for id in ids}) > 40


def test_a_summary_is_shown_as_it_was_told_last(library: Library) -> None:
    run, other = library.begin("ann", [start()]), library.begin("ann", [start()])
    for verdict in (True, False, None):
        told = Summary("rebase", "finished", 40, 16, 12_345, "24", verdict, (0.0, 0.25, 1.0))
        library.summarize(run, told)
        assert library.get(run, "ann").summary == told
    assert library.get(other, "ann").summary == Summary("beam")


@pytest.mark.parametrize("spark", [(0.5,) * 41, (-0.1,), (1.1,), (float("nan"),)])
def test_a_spark_must_be_a_curve_to_draw(spark: tuple[float, ...]) -> None:
    assert Summary("beam", spark=(0.5,) * 40)
    with pytest.raises(ValueError, match="spark"):
        Summary("beam", spark=spark)


def ids(entries: list[RunEntry]) -> list[RunId]:
    return [entry.id for entry in entries]


def test_the_list_can_be_filtered(library: Library) -> None:
    own = {"task": "math500", "question": "How many 100% primes_?"}
    runs = [
        library.begin("ann", [start()]),
        library.begin("ann", [start(own, "dvts")]),
        library.begin("bob", [start()]),
    ]
    a, b, c = runs
    library.summarize(a, Summary("rebase", "finished", answer="3·8", verdict=True))
    library.summarize(b, Summary("dvts", "finished", answer="7", verdict=False))
    library.star(b, "ann")
    assert library.get(b, "ann").starred is True
    library.rename(a, "ann", "Straße one")
    for filters, found in [
        ({}, [c, b, a]),
        ({"task": "countdown"}, [c, a]),
        ({"strategy": "rebase"}, [a]),
        ({"strategy": "beam"}, [c]),
        ({"verdict": "right"}, [a]),
        ({"verdict": "wrong"}, [b]),
        ({"verdict": "unknown"}, [c]),
        ({"starred": True}, [b]),
        ({"starred": False}, [c, a]),
        ({"text": "ärger"}, [c, a]),
        ({"text": "STRASSE"}, [a]),
        ({"text": "3·8"}, [a]),
        ({"text": " one  make "}, [a]),
        ({"text": "one primes"}, []),
        ({"text": "%"}, [b]),
        ({"text": "_"}, [b]),
        ({"text": "'; DROP TABLE runs"}, []),
        ({"task": "countdown", "verdict": "right", "text": "24"}, [a]),
        ({"limit": 2}, [c, b]),
        ({"limit": 2, "offset": 1}, [b, a]),
        ({"since": library.get(b, None).created}, [c, b]),
        ({"since": library.get(b, None).created.astimezone(timezone(timedelta(hours=-5)))}, [c, b]),
        ({"since": library.get(b, None).created.astimezone().replace(tzinfo=None)}, [c, b]),
        ({"since": library.get(b, None).created + timedelta(microseconds=1)}, [c]),
    ]:
        assert ids(library.runs(None, **filters)) == found, filters
        if "limit" not in filters:
            assert ids(library.runs("ann", **filters)) == [run for run in found if run != c], filters


OWNED: list[Callable[[Library, RunId, str | None], object]] = [
    Library.get,
    Library.events,
    Library.events_until_damage,
    lambda library, run, owner: library.rename(run, owner, "mine"),
    Library.star,
    Library.delete,
    Library.restore,
]


@pytest.mark.parametrize("do", OWNED, ids=range(len(OWNED)))
def test_only_the_owner_and_the_operator_reach_a_run(library: Library, do: Callable[..., object]) -> None:
    run = library.begin("ann", [start()])
    library.begin("bob", [start()])
    before = library.get(run, "ann")
    refusals = []
    for id, owner in [(run, "bob"), (run, ""), (run, "ANN"), ("none", "bob"), ("none", None)]:
        with pytest.raises(KeyError) as caught:
            do(library, id, owner)
        refusals.append((type(caught.value), str(caught.value).replace(id, "…")))
    assert len(set(refusals)) == 1  # nothing tells another's run from none
    assert library.get(run, "ann") == before
    do(library, run, "ann")
    do(library, run, None)


def test_what_is_not_there_cannot_be_written(library: Library) -> None:
    with pytest.raises(KeyError):
        library.append("none", 0, [start()])
    with pytest.raises(KeyError):
        library.summarize("none", Summary("beam"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("A good one", "A good one"),
        (" two\nlines\tand\u2028more ", "two lines and more"),
        ("be\x00ll\x07 \x1b[31mred\x7f\x9f", "bell [31mred"),
        ("half \ud83d", "half"),
        ("👩\u200d🔬 ×", "👩\u200d🔬 ×"),
        ("x" * 121, "x" * 120),
        ("\n\x00", ""),
    ],
)
def test_names_are_one_short_clean_line(library: Library, given: str, kept: str) -> None:
    run = library.begin("ann", [start()])
    library.rename(run, "ann", given)
    assert library.get(run, "ann").name == kept


def test_a_deleted_run_can_be_restored_until_it_is_purged(library: Library) -> None:
    kept, gone, spared = (library.begin("ann", [start(), *steps(0, 3)]) for _ in range(3))
    before = datetime.now(UTC)
    library.delete(gone, "ann")
    first = library.get(gone, "ann").deleted
    assert first and before <= first <= datetime.now(UTC)
    library.delete(gone, "ann")
    assert library.get(gone, "ann").deleted == first
    assert ids(library.runs("ann")) == ids(library.runs(None)) == [spared, kept]
    library.append(gone, 4, steps(3, 1))  # a search does not end because its run was taken off the list
    library.restore(gone, "ann")
    assert ids(library.runs("ann")) == [spared, gone, kept]
    assert library.get(gone, "ann").deleted is None

    library.delete(gone, "ann")
    library.delete(spared, "ann")
    library.restore(spared, "ann")
    assert library.purge(timedelta(hours=1)) == 0
    library.get(gone, "ann")
    assert library.purge(timedelta(0)) == 1
    for do in (Library.get, Library.restore, Library.events):
        with pytest.raises(KeyError):
            do(library, gone, "ann")
    with pytest.raises(KeyError):
        library.append(gone, 5, steps(4, 1))
    assert ids(library.runs("ann")) == [spared, kept]
    assert len(library.events(kept, "ann")) == len(library.events(spared, "ann")) == 4


def test_what_is_purged_is_in_no_file_any_more(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "runs.sqlite")
    kept = library.begin("ann", [start({"question": "keep-me"})])
    run = library.begin(
        "ann", [start({"question": "secret"}), *(Expanded("0", f"0.{i}", "secret-step") for i in range(99))]
    )
    content = lambda: b"".join(p.read_bytes() for p in tmp_path.iterdir())  # noqa: E731
    library.delete(run, "ann")
    assert content().count(b"secret-step") >= 99
    library.purge(timedelta(0))
    assert b"secret" not in content()
    assert b"keep-me" in content()
    assert library.get(kept, "ann").question == "keep-me"
    library.close()


def test_the_oldest_make_room(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RUNS_PER_OWNER", 4)
    other = library.begin("bob", [start()])
    a, b, c, d = (library.begin("ann", [start(), *steps(0, 2)]) for _ in range(4))
    assert ids(library.runs("ann")) == [d, c, b, a]
    library.star(a, "ann")
    library.star(c, "ann")
    library.delete(c, "ann")
    e = library.begin("ann", [start()])
    with pytest.raises(KeyError):  # what was deleted goes first, starred or not
        library.get(c, "ann")
    assert ids(library.runs("ann")) == [e, d, b, a]
    f = library.begin("ann", [start()])
    assert ids(library.runs("ann")) == [f, e, d, a]
    for run in (d, e, f):
        library.star(run, "ann")
    g = library.importing("ann", [start()])  # nothing can go, and the new one is kept all the same
    assert ids(library.runs("ann")) == [g, f, e, d, a]
    h = library.begin("ann", [start()])
    assert ids(library.runs("ann")) == [h, f, e, d, a]
    assert ids(library.runs("bob")) == [other]
    with library._database.reading() as db:
        (events,) = db.execute("SELECT count(*) FROM events").fetchone()
    assert events == sum(entry.length for entry in library.runs(None))


def test_a_recorded_trace_is_checked_and_kept(library: Library) -> None:
    run = library.importing("ann", [start(), *steps(0, 3)])
    assert library.events(run, "ann") == [start(), *steps(0, 3)]
    assert library.get(run, "ann").summary.state == "stopped"
    with pytest.raises(TraceError, match="event 1: "):
        library.importing("ann", [start(), Scored("0.5", (0.5,))])
    with pytest.raises(ValueError, match="begins with its start"):
        library.importing("ann", [])
    assert ids(library.runs("ann")) == [run]


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("UPDATE events SET line = '{' WHERE position = 3", "event 3: "),
        ("UPDATE events SET line = CAST(broken(line) AS TEXT) WHERE position = 3", "event 3: "),
        (
            "UPDATE events SET line = replace(line, '0.2', '0.1') WHERE position = 3",
            "event 3: node 0.1 is there already",
        ),
        ("DELETE FROM events WHERE position = 3", "event 3: it is missing"),
        ("DELETE FROM events WHERE position >= 3", "event 3: it is missing"),
    ],
)
def test_damage_is_named_and_what_is_before_it_can_be_read(library: Library, harm: str, says: str) -> None:
    run = library.begin("ann", [start(), *steps(0, 9)])
    with library._database.changing() as db:
        # Inside the text, where another letter would do no harm.
        db.create_function("broken", 1, lambda line: line.encode().replace("×".encode(), b"\xff"))
        db.execute(harm)
    with pytest.raises(TraceError) as caught:
        library.events(run, "ann")
    assert str(caught.value).startswith(says)
    assert library.events_until_damage(run, "ann") == Saved([start(), *steps(0, 2)], str(caught.value))


def test_a_damaged_letter_spares_the_list(library: Library) -> None:
    run = library.begin("ann", [start()])
    with library._database.changing() as db:
        db.execute("UPDATE runs SET question = CAST(X'41ff42' AS TEXT)")
    assert library.get(run, "ann").question == "A\ufffdB"


def test_many_threads_write_and_read_at_once(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "runs.sqlite")
    failures: list[BaseException] = []

    def live(owner: str) -> None:
        try:
            run = library.begin(owner, [start()])
            for i in range(40):
                library.append(run, 1 + 2 * i, steps(2 * i, 2))
                library.summarize(run, Summary("beam", nodes=i))
                assert len(library.events(run, owner)) == 3 + 2 * i
                assert ids(library.runs(owner)) == [run]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=live, args=(f"owner {i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [len(library.events(e.id, None)) for e in library.runs(None)] == [81] * 8
    library.close()


def test_only_one_of_two_writers_gets_its_turn(tmp_path: Path) -> None:
    one, two = Library.open(tmp_path / "runs.sqlite"), Library.open(tmp_path / "runs.sqlite")
    run = one.begin("ann", [start()])
    one.append(run, 1, steps(0, 2))
    with pytest.raises(ValueError, match="cannot follow"):
        two.append(run, 1, steps(0, 1))
    two.append(run, 3, steps(2, 1))
    assert one.events(run, "ann") == two.events(run, "ann") == [start(), *steps(0, 3)]
    one.close()
    two.close()


def test_a_closed_library_says_so() -> None:
    library = Library.in_memory()
    library.close()
    with pytest.raises(OSError, match="closed"):
        library.runs(None)


# --- against a plain model ----------------------------------------------------------------------------------------


@dataclass
class Model:
    """A run as a plain value."""

    owner: str
    length: int
    starred: bool = False
    deleted: bool = False


OWNERS = st.sampled_from(["ann", "bob"])
LIMIT = 4


class LibraryMachine(RuleBasedStateMachine):
    """Whatever is done in whatever order, the library is what a dict of runs in order of beginning would be."""

    runs = Bundle("runs")

    @initialize()
    def open(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "MAX_RUNS_PER_OWNER", LIMIT)
        self.library = Library.in_memory()
        self.model: dict[RunId, Model] = {}

    def teardown(self) -> None:
        self.library.close()
        self.patch.undo()

    @rule(target=runs, owner=OWNERS, count=st.integers(0, 3))
    def begin(self, owner: str, count: int) -> RunId:
        mine = [(id, r) for id, r in self.model.items() if r.owner == owner]
        expendable = [id for id, r in mine if r.deleted] + [id for id, r in mine if not (r.deleted or r.starred)]
        for id in expendable[: max(0, len(mine) + 1 - LIMIT)]:
            del self.model[id]
        run = self.library.begin(owner, [start(), *steps(0, count)])
        assert run not in self.model
        self.model[run] = Model(owner, 1 + count)
        return run

    @rule(run=runs, shift=st.sampled_from([0, 0, 0, -1, 1]), count=st.integers(0, 3))
    def append(self, run: RunId, shift: int, count: int) -> None:
        there = self.model.get(run)
        first = there.length + shift if there else 1
        if not there or shift:
            with pytest.raises(ValueError if there else KeyError):
                self.library.append(run, first, steps(max(0, first - 1), count))
        else:
            self.library.append(run, first, steps(first - 1, count))
            there.length += count

    def reached(self, run: RunId, owner: str | None, do: Callable[..., None], *more: Any) -> Model | None:
        """What the model says of this run to this owner, having done it to the library."""
        there = self.model.get(run)
        if there and owner in {None, there.owner}:
            do(run, owner, *more)
            return there
        with pytest.raises(KeyError):
            do(run, owner, *more)
        return None

    @rule(run=runs, owner=OWNERS | st.none(), starred=st.booleans())
    def star(self, run: RunId, owner: str | None, starred: bool) -> None:
        if there := self.reached(run, owner, self.library.star, starred):
            there.starred = starred

    @rule(run=runs, owner=OWNERS | st.none())
    def delete(self, run: RunId, owner: str | None) -> None:
        if there := self.reached(run, owner, self.library.delete):
            there.deleted = True

    @rule(run=runs, owner=OWNERS | st.none())
    def restore(self, run: RunId, owner: str | None) -> None:
        if there := self.reached(run, owner, self.library.restore):
            there.deleted = False

    @rule()
    def purge(self) -> None:
        gone = [id for id, r in self.model.items() if r.deleted]
        assert self.library.purge(timedelta(0)) == len(gone)
        for id in gone:
            del self.model[id]

    @invariant()
    def the_lists_are_the_models(self) -> None:
        for owner in ("ann", "bob", None):
            listed = [(e.id, e.length, e.starred) for e in self.library.runs(owner)]
            expected = [
                (id, r.length, r.starred) for id, r in self.model.items() if owner in {None, r.owner} and not r.deleted
            ]
            assert listed == expected[::-1]

    @invariant()
    def the_events_are_the_models(self) -> None:
        for id, run in self.model.items():
            assert self.library.events(id, run.owner) == [start(), *steps(0, run.length - 1)]


LibraryMachine.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAgainstAModel = LibraryMachine.TestCase
