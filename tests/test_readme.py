"""What README shows works: its strategy, word for word."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tts_viz.benchmarks import report
from tts_viz.benchmarks.models import OUT, table
from tts_viz.core.budget import Cost
from tts_viz.core.events import Decided, Settings, Started
from tts_viz.core.ops import Expand, Search, Select, evaluate, top
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Candidate, Rewards, Sampled
from tts_viz.lab.figures import FIGURES
from tts_viz.lab.metrics import headlines
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.search.session import Session
from tts_viz.strategies import base

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_strategy_of_the_readme_narrows(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.setattr(base, "STRATEGIES", dict(base.STRATEGIES))
    given = {"Expand": Expand, "Select": Select, "Search": Search, "evaluate": evaluate, "top": top, "Tree": Tree}
    exec("from dataclasses import dataclass\n" + code, given | {"knob": base.knob, "strategy": base.strategy})

    session = Session(Started("p", Settings("narrowing", {"n": 3})))
    while session.wants:
        request = session.wants[0]
        if request.want == "score":
            session.feed(request, Rewards((0.1 * int(request.node[-1]),)))
        else:
            finish = "eos" if request.node.count(".") == 4 else "step"
            session.feed(request, Sampled(Candidate("step", (), (), finish), Cost(policy_calls=1)))
    assert session.done
    assert [len(e.kept) for e in session.trace if isinstance(e, Decided)] == [2, 1, 1]
    assert session.tree.generations == base.make("narrowing", {"n": 3}).generations == 3


def test_the_figures_of_the_readme_are_those_that_were_measured() -> None:
    measured = json.loads(OUT.read_text())
    assert table(measured["levels"]) in README
    assert measured["command"] in README
    assert measured["date"] in README


@pytest.mark.parametrize("path", sorted({*report.FOLDER.glob("*.json")} - {OUT}), ids=lambda path: path.stem)
def test_the_speeds_of_the_readme_are_those_that_were_measured(path: Path) -> None:
    measured = json.loads(path.read_text())
    assert report.table(measured["rows"]) in README
    assert measured["command"] in README
    assert measured["date"] in README


def test_the_lab_of_the_readme_says_what_was_computed() -> None:
    said = json.loads((report.FOLDER.parent / "lab" / "shipped.json").read_text())
    assert headlines.table(said["numbers"]["accuracy"]) in README
    assert said["date"] in README
    text = " ".join(README.split())
    for reading in said["readings"].values():
        assert reading in text


def test_what_was_computed_is_what_the_shipped_sweep_says() -> None:
    lab = report.FOLDER.parent / "lab"
    said, sweep = json.loads((lab / "shipped.json").read_text()), Sweep(lab / "shipped.parquet")
    assert (sweep.about["command"], sweep.about["date"]) == (said["command"], said["date"])
    assert FIGURES[0].draw(sweep).reading == said["readings"][FIGURES[0].name]
