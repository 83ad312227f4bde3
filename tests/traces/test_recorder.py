"""A run is in the library as it happens, with the summary that the list shows; a library that fails stops no run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, full, scattered
from tts_viz.core.events import Noted
from tts_viz.search.replay import fast_forward
from tts_viz.search.scheduler import LiveRun, drive, tick
from tts_viz.search.wishes import Prune
from tts_viz.traces.library import Library
from tts_viz.traces.recorder import NO_MORE, NOT_NOW, Recorder, spark

SCRIPT = full(3, 4)


def recorded(library: Library) -> tuple[LiveRun, str]:
    session = begin("beam", n=4, m=2)
    id = library.begin("ann", session.trace)
    recorder = Recorder(library, id, len(session.trace))
    return LiveRun(session, ScriptedPolicy(SCRIPT), ScriptedVerifier(scattered(SCRIPT)), keep=recorder), id


def test_after_every_round_the_library_has_all_that_happened() -> None:
    library = Library.in_memory()
    run, id = recorded(library)
    while asyncio.run(tick([run])):
        assert library.events(id, "ann") == run.session.trace
    entry = library.get(id, "ann")
    assert entry.summary.state == "finished"
    assert entry.summary.generations == run.session.tree.generations
    assert entry.summary.nodes == len(run.session.tree.nodes)


def test_a_persons_deeds_are_kept_too_and_the_run_can_go_on_from_the_record() -> None:
    library = Library.in_memory()
    run, id = recorded(library)
    asyncio.run(drive([run]))
    run.wish(Prune(run.session.tree.finished()[0].id))
    run.apply_wishes()
    assert library.events(id, "ann") == run.session.trace
    assert fast_forward(library.events(id, "ann")).trace == run.session.trace


class Disk:
    """A library whose disk is full for a while."""

    def __init__(self) -> None:
        self.full = True
        self.library = Library.in_memory()

    def __getattr__(self, name: str) -> Any:
        if self.full:
            raise OSError("No space left on device")
        return getattr(self.library, name)


def test_a_library_that_fails_is_said_and_stops_nothing() -> None:
    library = Library.in_memory()
    run, _ = recorded(library)
    library.close()
    asyncio.run(drive([run]))
    assert run.state == "finished"
    assert isinstance(run.keep, Recorder)
    assert run.keep.fault == NOT_NOW


@pytest.mark.parametrize("begun", [True, False])
def test_what_could_not_be_written_is_written_as_soon_as_it_can_be(
    begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk: Any = Disk()
    session = begin("beam", n=4, m=2)
    first = disk.library.begin("ann", session.trace) if begun else None
    keep = Recorder(disk, first, len(session.trace) if begun else 0, lambda events: disk.begin("ann", events))
    run = LiveRun(session, ScriptedPolicy(SCRIPT), ScriptedVerifier(scattered(SCRIPT)), keep=keep)
    asyncio.run(tick([run]))
    asyncio.run(tick([run]))
    assert keep.fault == NOT_NOW
    disk.full = False
    monkeypatch.setattr("tts_viz.traces.recorder.RETRY_SECONDS", 0.0)
    asyncio.run(tick([run]))
    assert run.state == "running"
    assert keep.fault is None
    assert keep.run is not None
    assert disk.library.events(keep.run, "ann") == session.trace
    asyncio.run(drive([run]))
    assert disk.library.events(keep.run, "ann") == session.trace
    assert disk.library.get(keep.run, "ann").summary.state == "finished"


def test_a_search_that_goes_on_asks_the_library_only_now_and_then_and_once_more_at_its_end() -> None:
    disk: Any = Disk()
    keep = Recorder(disk, None, begin=lambda events: disk.begin("ann", events))
    run = LiveRun(begin("beam", n=4, m=2), ScriptedPolicy(SCRIPT), ScriptedVerifier(scattered(SCRIPT)), keep=keep)
    asyncio.run(tick([run]))
    disk.full = False
    asyncio.run(tick([run]))
    assert run.state == "running"
    assert keep.fault == NOT_NOW
    asyncio.run(drive([run]))
    assert run.state == "finished"
    assert keep.fault is None
    assert keep.run is not None
    assert disk.library.events(keep.run, "ann") == run.session.trace


def test_a_run_that_another_one_writes_is_given_up_for_good() -> None:
    library = Library.in_memory()
    run, id = recorded(library)
    asyncio.run(tick([run]))
    library.append(id, len(run.session.trace), [Noted("by another page")])
    asyncio.run(drive([run]))
    assert run.state == "finished"
    assert isinstance(run.keep, Recorder)
    assert run.keep.fault == NO_MORE


def test_the_spark_is_the_best_score_at_each_depth() -> None:
    run, _ = recorded(Library.in_memory())
    asyncio.run(drive([run]))
    tree = run.session.tree
    best = [max(tree.score(n) or 0.0 for n in tree.nodes.values() if n.depth == d) for d in (1, 2, 3)]
    assert spark(tree) == pytest.approx(best)
