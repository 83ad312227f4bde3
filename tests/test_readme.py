"""What README shows works: its lines of Python and its strategy, word for word."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tts_viz
from tests.strategies.stranger import installed
from tests.tasks.test_stranger import SUMS
from tts_viz.benchmarks import report
from tts_viz.benchmarks.models import OUT, table
from tts_viz.core.budget import Cost
from tts_viz.core.events import Decided, Settings, Started
from tts_viz.engines.base import Candidate, Rewards, Sampled
from tts_viz.lab.figures import FIGURES
from tts_viz.lab.metrics import headlines
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.search.session import Session
from tts_viz.strategies import base

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_lines_of_python_do_what_they_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (code,) = (code for code in PYTHON if "tts_viz.search(" in code)
    monkeypatch.chdir(tmp_path)
    said: dict[str, Any] = {}
    exec(code, said)
    run = said["run"]
    assert (run.correct, run.state) == (True, "finished")
    assert {path.name for path in tmp_path.iterdir()} == {"run.jsonl", "run.html"}
    assert tts_viz.__doc__ is not None
    body = code.strip().partition("\n\n")[2].splitlines()
    assert all(line.split("  #")[0].strip() in tts_viz.__doc__ for line in body)


def test_the_tree_of_folders_is_true() -> None:
    (tree,) = re.findall(r"```\n(app\.py .*?)```", README, re.DOTALL)
    named = set(re.findall(r"[├└]── ([\w.]+)/? ", tree))
    folders = {p.parent.name for p in (ROOT / "tts_viz").glob("*/__init__.py")}
    assert {name for name in named if "." not in name} == folders
    for path in re.findall(r"^([\w./]+?)/? ", tree, re.MULTILINE):
        assert (ROOT / path).exists(), path


(NARROWING,) = (code for code in PYTHON if "class Narrowing" in code)


def test_the_strategy_of_the_readme_narrows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.STRATEGIES, "_entries", dict(base.STRATEGIES))
    exec(NARROWING, {"__name__": __name__})

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


def test_the_strategy_of_the_readme_is_everywhere_once_it_is_installed(tmp_path: Path) -> None:
    def tts_viz_(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *args]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)

    environment = installed(tmp_path, NARROWING)
    run = "-m", "tts_viz", "run", "--task", "countdown", "--verifier", "oracle", "--strategy", "narrowing"
    done = tts_viz_(*run, "--n", "4", "--json")
    assert json.loads(done.stdout)["cost"]["generations"] == 4, done.stderr
    assert tts_viz_(*run, "--n", "99999").returncode == 2
    about = "from tts_viz.ui.forms.strategy import STRATEGIES, KNOBS; print('narrowing' in STRATEGIES, ('n', 'slider') in KNOBS)"
    assert tts_viz_("-c", about).stdout.split() == ["True", "True"]


@pytest.mark.parametrize("name", ["format", "figure", "choice", "panel"])
def test_what_the_readme_adds_is_what_the_tests_install(name: str) -> None:
    """And what `tests/extension` runs end to end."""
    assert (ROOT / "tests" / "extension" / f"strangers_{name}.py").read_text(encoding="utf-8") in PYTHON


def test_the_task_of_the_readme_is_the_one_that_the_tests_install() -> None:
    assert SUMS.strip() + "\n" in PYTHON


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
    assert FIGURES["budget"].draw(sweep).reading == said["readings"]["budget"]
