"""The figures of a fixed small sweep, with every switch, and where data are lacking; and the command that writes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.lab import planted
from tests.lab.metrics.test_compute_optimal import BEAM, BEST, LOOK, planted_strengths
from tts_viz.cli.main import main
from tts_viz.lab.figures import FIGURES, Drawn, Figure
from tts_viz.lab.sweeps.store import Sweep

SWITCHED = [
    pytest.param(figure, {name: value} if name else {}, id=f"{title}-{name}-{value}")
    for title, figure in FIGURES.items()
    for name, value in [("", ""), *((name, v) for name, switch in figure.switches.items() for v in switch.values[1:])]
]


def plain(drawn: Drawn) -> dict:
    return json.loads(drawn.figure.to_json())


@pytest.mark.parametrize(("figure", "given"), SWITCHED)
def test_every_switch_draws_and_says_something(tiny: Sweep, figure: Figure, given: dict[str, str]) -> None:
    drawn = figure.draw(tiny, **given)
    assert drawn.reading.endswith(".")
    assert not {"nan", "inf", "None"} & set(drawn.reading.replace("(", " ").replace(",", " ").split())
    runs = set(tiny.solutions["run"].tolist())
    for trace in plain(drawn)["data"]:
        for behind in trace.get("customdata", []):
            assert 0 < len(behind) <= 12
            assert set(behind) <= runs


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return planted.sweep(tmp_path_factory.mktemp("p") / "planted", [BEST, BEAM, LOOK], 40, planted_strengths)


def test_there_are_seven() -> None:
    assert list(FIGURES) == [
        "budget", "difficulty", "revisions", "optimal", "exchange", "overoptimisation", "verifier",
    ]  # fmt: skip


def test_accuracy_against_budget(tiny: Sweep) -> None:
    """Points are means over problems; the runs behind them are of that arm."""
    data = {trace["name"]: trace for trace in plain(FIGURES["budget"].draw(tiny))["data"]}
    beam = tiny.solutions[tiny.solutions["arm"] == "beam"]
    assert data["beam"]["x"] == [4, 8]
    assert {run for behind in data["beam"]["customdata"][:1] for run in behind} <= set(beam[beam["budget"] == 4]["run"])
    first = tiny.solutions[tiny.solutions["arm"] == "best of N"]["right"].mean()
    assert data["best of N"]["y"][0] == pytest.approx(first)
    tokens = {t["name"]: t for t in plain(FIGURES["budget"].draw(tiny, axis="tokens"))["data"]}
    assert tokens["beam"]["y"] == data["beam"]["y"]
    assert tokens["majority vote, no verifier"]["x"][0] < tokens["best of N"]["x"][0]


def test_the_strongest_strategy_of_each_bin_is_seen(known: Sweep) -> None:
    data = {t["name"]: t["y"] for t in plain(FIGURES["difficulty"].draw(known, budget="4"))["data"]}
    assert data["beam"][0] == data["lookahead"][4] == 1.0
    assert data["beam"][4] == data["lookahead"][0] == 0.0
    reading = FIGURES["difficulty"].draw(known, budget="4").reading
    assert "“beam” gains most on “best of N” in bin 1 of 5" in reading or "“lookahead” gains most" in reading


def test_the_reading_says_what_is_saved(known: Sweep) -> None:
    drawn = FIGURES["optimal"].draw(known)
    assert "saves generations" in drawn.reading
    data = {t["name"]: t for t in plain(drawn)["data"]}
    assert data["predicted bins, cost counted"]["x"] == [8.0]
    assert "bin 1: mostly beam" in data["oracle bins"]["text"][0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("revisions", "has no revisions"),
        ("exchange", "no larger model"),
        ("optimal", "leaves nothing to choose"),
        ("verifier", "has no steps|they are all alike"),
    ],
)
def test_what_is_lacking_is_said(tmp_path: Path, name: str, said: str) -> None:
    bare = planted.sweep(tmp_path / "p", [BEST], 3, lambda run, place: {"valid": None, "reachable": None})
    drawn = FIGURES[name].draw(bare)
    assert re.search(said, drawn.reading)


@pytest.mark.parametrize("figure", [pytest.param(f, id=name) for name, f in FIGURES.items()])
def test_a_task_that_was_not_swept_draws_nothing(known: Sweep, figure: Figure) -> None:
    drawn = figure.draw(known, task="math500")
    assert not any(trace.get("customdata") for trace in plain(drawn)["data"])
    assert drawn.reading.endswith(".")


def test_a_switch_that_is_not_there_is_refused(tiny: Sweep) -> None:
    with pytest.raises(
        ValueError, match="Accuracy against budget: axis='money' is not one of generations, tokens, flops, seconds"
    ):
        FIGURES["budget"].draw(tiny, axis="money")
    with pytest.raises(ValueError, match="colour='red' is not one of none; the switches are axis"):
        FIGURES["budget"].draw(tiny, colour="red")


def test_the_command_writes_pages_that_need_nothing_else(
    tiny_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pages"
    assert main(["lab", str(tiny_file), "--out", str(out), "--figure", "budget"]) == 0
    assert "1. Accuracy against budget" in capsys.readouterr().out
    page = (out / "budget.html").read_text(encoding="utf-8")
    assert "Plotly.newPlot" in page
    assert 'src="http' not in page
    assert 'href="budget.html"' in (out / "index.html").read_text(encoding="utf-8")
    with pytest.raises(SystemExit) as refused:
        main(["lab", str(tiny_file), "--out", str(out)])
    assert refused.value.code == 2
    assert "not empty; --force" in capsys.readouterr().err


def test_names_from_a_sweep_cannot_leave_the_page(tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>"
    planted.sweep(tmp_path / "p", [{**BEST, "name": name}], 3, lambda run, place: {"right": place % 2 == 0})
    assert main(["lab", str(tmp_path / "p"), "--out", str(tmp_path / "out"), "--figure", "budget"]) == 0
    for file in (tmp_path / "out").iterdir():
        assert "<script>alert" not in file.read_text(encoding="utf-8")


def test_the_numbers_are_printed_as_json(tiny_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", str(tiny_file), "--json", "--paper", "iclr"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said["readings"]) == list(FIGURES)
    assert said["numbers"]["accuracy"]["best of N"]["8"]["problems"] == 8
    assert [e["R"] for e in said["numbers"]["exchange"][:3]] == [0.08, 0.4, 11.0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.parquet"], "missing.parquet: "),
        ([__file__], "is not a sweep; make one with"),
        (
            [str(Path(__file__).with_name("tiny.toml")), "--figure", "nine"],
            "there is no figure 'nine'; choose one of budget",
        ),
    ],
)
def test_wrong_arguments_are_explained(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["lab", *arguments])
    assert refused.value.code == 2
    assert said in capsys.readouterr().err
