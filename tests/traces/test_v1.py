"""Traces and a library as the first release wrote them: they open, say the same, and their searches can go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tts_viz.analysis.judge import Judge
from tts_viz.core.tree import Tree
from tts_viz.search.replay import fast_forward
from tts_viz.traces import jsonl
from tts_viz.traces.library import Library

HERE = Path(__file__).with_name("v1")
TRACES = sorted(HERE.glob("*.jsonl"))


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_an_old_trace_opens_and_is_judged(path: Path) -> None:
    recorded = jsonl.read(path)
    tree = Tree.fold(recorded.events)
    assert not recorded.torn
    assert len(recorded.events) == len(path.read_text(encoding="utf-8").splitlines()) - 1
    assert tree.finished() or path.stem == "stopped"
    assert Judge.of(tree).solutions(tree) or path.stem == "stopped"


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_an_old_search_can_go_on(path: Path) -> None:
    events = jsonl.read(path).events
    assert fast_forward(events).trace == events


def test_an_old_library_opens_with_all_that_it_held(tmp_path: Path) -> None:
    file = tmp_path / "library.sqlite"
    shutil.copy(HERE / "library.sqlite", file)
    library = Library.open(file)
    assert library.notice is None
    entries = library.runs("me")
    assert [(e.name, e.starred, e.summary.strategy) for e in entries] == [
        ("", False, "revisions"),
        ("by hand", True, "best_of_n"),
        ("", False, "beam"),
    ]
    by_hand = next(e for e in entries if e.name)
    assert library.events(by_hand.id, "me") == jsonl.read(HERE / "by_hand.jsonl").events
    library.close()
