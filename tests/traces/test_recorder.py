"""A run is in the library as it happens, with the summary that the list shows; a library that fails stops no run."""

from __future__ import annotations

import asyncio

import pytest

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, full, scattered
from tts_viz.search import steering
from tts_viz.search.replay import fast_forward
from tts_viz.search.scheduler import LiveRun, drive, tick
from tts_viz.traces.library import Library
from tts_viz.traces.recorder import Recorder, spark

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
    run.intervene(steering.prune(run.session.tree, run.session.tree.finished()[0].id))
    run.apply_commands()
    assert library.events(id, "ann") == run.session.trace
    assert fast_forward(library.events(id, "ann")).trace == run.session.trace


def test_a_library_that_fails_is_said_and_stops_nothing() -> None:
    library = Library.in_memory()
    run, _ = recorded(library)
    library.close()
    asyncio.run(drive([run]))
    assert run.state == "finished"
    assert isinstance(run.keep, Recorder)
    assert run.keep.fault is not None
    assert "no longer kept" in run.keep.fault


def test_the_spark_is_the_best_score_at_each_depth() -> None:
    run, _ = recorded(Library.in_memory())
    asyncio.run(drive([run]))
    tree = run.session.tree
    best = [max(tree.score(n) or 0.0 for n in tree.nodes.values() if n.depth == d) for d in (1, 2, 3)]
    assert spark(tree) == pytest.approx(best)
