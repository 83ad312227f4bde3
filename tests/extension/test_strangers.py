"""What another package adds, one file each, is everywhere: command line, page, laboratory, doctor, servers."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.engines.server.scripted import Asked, Reply, Server
from tests.extension.conftest import ADDED, install
from tests.lab import planted
from tests.lab.metrics.test_compute_optimal import BEST
from tests.played import played
from tts_viz.cli.main import main
from tts_viz.core.aggregation import VOTES, Ballot, rank
from tts_viz.core.tree import Tree
from tts_viz.engines.base import SampleRequest
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.engines.prm.formats import Checkpoint, detect
from tts_viz.errors import EngineError
from tts_viz.lab.metrics.arrays import Ragged, reduced
from tts_viz.lab.metrics.revote import chosen
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.page import build_page, launch_options
from tts_viz.ui.runs.view import View

PROBLEM = "make 24 from 1 3 8"


def components(page: Any) -> dict[str, dict[str, Any]]:
    """Those of the page that have an id: their properties by it."""
    found = (c["props"] for c in page.get_config_file()["components"])
    return {props["elem_id"]: props for props in found if props.get("elem_id")}


@pytest.mark.usefixtures("strangers")
def test_the_page_has_what_a_stranger_adds() -> None:
    scheduler = Scheduler()
    try:
        page = components(build_page(OfferedModels(("policy-small",), ("oracle",)), scheduler, Library.in_memory()))
    finally:
        scheduler.close()
    assert {"waiting", "left-waiting", "right-waiting"} <= set(page)
    assert "lengths" in {value for _, value in page["lab-figure"]["choices"]}
    assert "geometric" in {value for _, value in page["aggregation"]["choices"]}
    assert "squared" in {value for _, value in page["vote"]["choices"]}
    assert {"geometric"} < {value for _, value in page["whatif-steps"]["choices"]}
    assert ".waiting { opacity: .8; }" in launch_options()["css"]


@pytest.mark.usefixtures("strangers")
def test_a_strangers_panel_is_drawn_and_one_that_fails_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    view = View(None, None, "run1", recording=played().trace)
    parts = view.refresh()
    assert parts is not None
    assert '<section class="panel"><h3>Waiting</h3><p class="waiting">' in parts["waiting"]
    monkeypatch.setattr(Tree, "frontier", lambda self: 1 / 0)
    view.playback.seek(3, len(view.trace))
    parts = view.refresh()
    assert parts is not None
    assert "This panel failed: ZeroDivisionError" in parts["waiting"]
    assert "What happened" in parts["log"]


@pytest.mark.usefixtures("strangers")
def test_a_strangers_format_is_examined_searched_with_and_refused_on_a_server(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", "--verifier", "verifier?format=one-line"])
    said = capsys.readouterr().out
    assert "one-line, since you said so" in said
    assert "✓ one score from 0 to 1 for each step" in said
    assert "✓ read in parts as read whole" in said
    how = [
        "--strategy",
        "beam",
        "--n",
        "2",
        "--m",
        "1",
        "--budget",
        "2",
        "--step-aggregation",
        "geometric",
        "--vote",
        "squared",
    ]
    assert main(["run", "--problem", PROBLEM, "--verifier", "verifier?format=one-line", *how, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cost"]["generations"] == 2
    config = SimpleNamespace(architectures=["LlamaForTokenClassification"])
    assert detect(Checkpoint("me/one-line-prm", config)).format == "one-line"
    assert detect(Checkpoint("me/another", config)).format == "trl"
    with pytest.raises(ValueError, match="no server can tell the rewards of the format one-line; load the model here"):
        load_verifier(f"{server.name}?tokenizer=verifier&format=one-line")


@pytest.mark.usefixtures("strangers")
def test_a_strangers_aggregation_and_vote_count_in_a_sweep_as_in_a_search() -> None:
    lists = [[0.25, 1.0], [], [0.5]]
    assert reduced(Ragged.of(lists), "geometric") == pytest.approx([0.5, np.nan, 0.5], nan_ok=True)
    # a: 0.9² = 0.81 beats b: 0.6² + 0.6² = 0.72, which has the higher sum; in the second search b is alone.
    group, answer = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 1, 1, -1])
    score, order = np.array([0.9, 0.6, 0.6, 0.1, 1.0]), np.arange(5)
    assert chosen(group, answer, score, order, "squared").tolist() == [0, 3]
    assert chosen(group, answer, score, order, "weighted").tolist() == [1, 3]
    ballots = [Ballot("0", "a", 0.9), Ballot("1", "b", 0.6), Ballot("2", "b", 0.6)]
    assert [r.ballot.node for r in rank(ballots, "squared")] == ["0", "1", "2"]
    assert VOTES["squared"].scored


@pytest.mark.usefixtures("strangers")
def test_the_help_says_what_a_strangers_choices_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "geometric: The product of all step scores, made fair to long solutions." in said
    assert "squared: Solutions with the same answer add up the squares of their scores." in said


@pytest.mark.usefixtures("strangers")
def test_a_strangers_figure_is_drawn_by_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planted.sweep(tmp_path / "p", [BEST], 3, lambda run, place: {"steps": 2})
    assert main(["lab", str(tmp_path / "p"), "--figure", "lengths"]) == 0
    assert "solutions have" in capsys.readouterr().out


@pytest.mark.usefixtures("strangers")
def test_a_server_of_another_protocol_is_found_by_asking_it(server: Server) -> None:
    def fingers(asked: Asked) -> Reply:
        if asked.path == "/v1/fingers":
            return Reply({"longest": 50})
        return Reply({"said": "1+2=3"} if asked.path == "/v1/say" else None, 200 if asked.path == "/v1/say" else 404)

    policy = load_policy(server.name)
    request = SampleRequest("Make 7\n", (), 1.0, 1, 20)
    (usual,) = asyncio.run(policy.sample([request]))
    assert usual.candidate is not None and usual.candidate.text != "1+2=3"
    server.answer = fingers
    (answer,) = asyncio.run(load_policy(server.name).sample([request]))
    assert answer.candidate is not None
    assert (answer.candidate.text, answer.candidate.finish, answer.cost.generated) == ("1+2=3", "eos", 5)
    server.answer = server.sense
    with pytest.raises(EngineError, match="is not of the kind fingers"):
        asyncio.run(load_policy(f"{server.name}?server=fingers").sample([request]))


@pytest.mark.usefixtures("strangers")
def test_a_strangers_recordings_are_opened_all_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file := tmp_path / "some.txt").write_text("# problems\nMake 7\nMake 8\n")
    assert main(["open", str(file), "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_new_python_finds_them_in_whatever_order_its_modules_come(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(install(tmp_path)), *sys.path])}
    names = [f"{module}:{name}" for module, name in REGISTRIES]
    code = (
        "import importlib, sys\n"
        "for each in sys.argv[1:]:\n"
        "    module, name = each.split(':')\n"
        "    registry = getattr(importlib.import_module(module), name)\n"
        "    list(registry); print(name, registry.broken)\n"
    )
    for order in (names, names[::-1]):
        ran = subprocess.run(
            [sys.executable, "-c", code, *order], env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert sorted(ran.stdout.splitlines()) == sorted(f"{name} {{}}" for _, name in REGISTRIES)


REGISTRIES = [
    ("tts_viz.lab.figures", "FIGURES"),
    ("tts_viz.core.aggregation", "VOTES"),
    ("tts_viz.engines.prm.formats", "FORMATS"),
    ("tts_viz.engines.server.introduction", "SERVERS"),
    ("tts_viz.traces.importers", "IMPORTERS"),
    ("tts_viz.ui.panels", "PANELS"),
    ("tts_viz.core.aggregation", "STEP_AGGREGATIONS"),
]
assert len(REGISTRIES) == sum(map(len, ADDED.values()))
