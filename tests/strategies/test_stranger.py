"""A stranger's strategy costs one file, and is everywhere: command line, page, sweeps, small sweeps, and the laws."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.strategies.stranger import installed

ROOT = Path(__file__).parents[2]

EASY = ["--task", "countdown", "--level", "1", "--index", "0", "--verifier", "oracle"]


def python(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = installed(folder)
    return subprocess.run(
        [sys.executable, *args], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )


def test_it_runs_from_the_command_line(tmp_path: Path) -> None:
    given = ["--strategy", "narrowing", "--n", "4", "--knob-level", "0.5", "--knob-seed", "all", "--knob-budget"]
    done = python(tmp_path, "-m", "tts_viz", "run", *EASY, *given, "--json", "--out", str(tmp_path / "run.jsonl"))
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["strategy"], found["cost"]["generations"]) == ("narrowing", 4)
    started = json.loads((tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()[1])
    assert started["settings"]["parameters"] == {"n": 4, "level": 0.5, "seed": "all", "budget": True}


ABOUT = """
import json
from pathlib import Path
from tests.small import small
from tts_viz.cli.main import main
from tts_viz.lab.sweeps import spec
from tts_viz.strategies import make
from tts_viz.ui.forms import strategy as form
from tts_viz.ui.lab.small_sweep import offered_arms

shown = [knob.default for knob in form.KNOBS.values()]
plan = {"tasks": ["countdown"], "levels": [1], "problems": 1}
arm = {"name": "a", "strategy": "narrowing", "knobs": {"level": 0.25}, "budgets": [2, 8]}
print(json.dumps({
    "controls": sorted(control for name, control in form.KNOBS if name in ("level", "seed", "budget")),
    "settings": form.settings(["narrowing", "beam", *shown, 64, 1.0, "last", "best"]).parameters,
    "sweep": [run.n for run in spec.parse({**plan, "arm": [arm]}).runs],
    "small sweep": "Narrowing beam" in offered_arms(),
    "small": make("narrowing", small("narrowing")).generations,
}))
for bad in ({"n": 99999}, {"level": 2}, {"seed": "none"}, {"budget": 1}):
    try:
        make("narrowing", bad)
    except ValueError as error:
        print(error)
"""


def test_it_is_on_the_page_in_sweeps_and_under_the_laws_and_its_ranges_hold(tmp_path: Path) -> None:
    done = python(tmp_path, "-c", ABOUT)
    assert done.returncode == 0, done.stderr
    about, *refusals = done.stdout.splitlines()
    assert json.loads(about) == {
        "controls": ["box", "list", "slider"],
        "settings": {"n": 8, "level": 0.5, "seed": "best", "budget": False},
        "sweep": [2, 8],
        "small sweep": True,
        "small": 6,
    }
    assert refusals == [
        "n=99999 must be a whole number from 1 to 64; try 64",
        "level=2 must be a number from 0.1 to 0.9; try 0.9",
        "seed='none' must be one of best, all; try best",
        "budget=1 must be true or false; try false",
    ]


def test_its_own_help_and_nothing_of_others(tmp_path: Path) -> None:
    done = python(tmp_path, "-m", "tts_viz", "run", "--strategy", "narrowing", "--help")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    assert "How many first steps are tried. A whole number from 1 to 64. Default 8." in said
    assert "--knob-level" in said and "A number from 0.1 to 0.9. Default 0.5." in said
    assert "--knob-budget, --no-knob-budget" in said
    assert "--m " not in said and "funnel" in said


def test_one_that_cannot_be_loaded_costs_only_itself(tmp_path: Path) -> None:
    environment = installed(tmp_path, "raise RuntimeError('half installed')")
    code = "from tts_viz.strategies import STRATEGIES; print(len(STRATEGIES) > 10, STRATEGIES.broken)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "True {'narrowing': 'RuntimeError: half installed'}"
