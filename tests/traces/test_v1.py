"""Traces and a library as the first release wrote them: they open, say the same, and their searches can go on."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path

import pytest

from tts_viz.analysis.judge import Judge
from tts_viz.core.events import Changed, Settings
from tts_viz.core.tree import Tree
from tts_viz.search.replay import fast_forward
from tts_viz.strategies import choice_table
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
    assert library.events(by_hand.id, "me")[0].table  # type: ignore[union-attr]
    library.close()


def test_a_run_of_an_old_library_goes_on_in_lines_of_this_version(tmp_path: Path) -> None:
    file = tmp_path / "library.sqlite"
    shutil.copy(HERE / "library.sqlite", file)
    library = Library.open(file)
    run = library.runs("me")[-1]
    before = library.events(run.id, "me")
    changed = Changed(Settings("mcts", {"n": 8, "m": 2, "c": 1, "k": 0}), "parameters, strategy")
    library.append(run.id, len(before), [changed])
    library.close()
    again = Library.open(file)
    assert again.notice is None
    assert again.events(run.id, "me") == [*before, changed]
    again.close()


def test_percentages_are_read_as_what_they_meant() -> None:
    found = {path.stem: jsonl.read(path).events[0] for path in TRACES}
    assert found["rebase"].settings.parameters == {"n": 4, "balance_temperature": 0.2}  # type: ignore[union-attr]
    old = (
        b'{"format":"tts_viz","version":1}\n'
        + _line("mcts", {"c": 150})
        + _line("adaptive_best_of_n", {"sure": 95}, "changed")
    )
    started, changed = jsonl.read_from(BytesIO(old)).events
    assert started.settings.parameters == {"c": 1.5}  # type: ignore[union-attr]
    assert changed.settings.parameters == {"confidence": 0.95}  # type: ignore[union-attr]


def _line(strategy: str, parameters: dict[str, int], kind: str = "started") -> bytes:
    said = {"settings": {"strategy": strategy, "parameters": parameters}, "kind": kind}
    return (
        json.dumps(said | ({"prompt": "p"} if kind == "started" else {"what": "parameters, strategy"})).encode() + b"\n"
    )


def test_an_old_search_that_looked_a_table_up_replays_under_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(choice_table.VARIABLE, "/no/such/table.json")
    for name in ("compute_optimal", "adaptive_best_of_n"):
        events = jsonl.read(HERE / f"{name}.jsonl").events
        assert fast_forward(events).trace == events
