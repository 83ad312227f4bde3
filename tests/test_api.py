"""What other programs use: `tts_viz.search` and what it returns. With the embedded models, or with a policy that plays
random moves where it is the program around it that is tested."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import networkx
import pytest

import tts_viz
from tests.cli.test_main import Oracle, RandomMoves
from tts_viz.analysis.result import result
from tts_viz.api import Run
from tts_viz.cli.main import main
from tts_viz.core.budget import Budget
from tts_viz.core.events import Ended, Event, Expanded, Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Sampled, SampleRequest
from tts_viz.errors import SearchFailedError
from tts_viz.exports.csv_table import COLUMNS
from tts_viz.search.replay import fast_forward
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem

PROBLEM = get_task("countdown").problem("test", 1, 0)


def searched(strategy: str = "beam", problem: Problem | str = PROBLEM, policy: Any = None, **given: Any) -> Run:
    return tts_viz.search(problem, strategy, policy=policy or RandomMoves(), verifier=Oracle(), **given)


@pytest.fixture(scope="module")
def found() -> Run:
    return tts_viz.search("make 24 from 3 3 8 2", strategy="beam", n=16, m=4, seed=0)


# --- what was found -----------------------------------------------------------------------------------------------


def test_a_run_says_what_the_command_line_says(found: Run, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["run", "--problem", "make 24 from 3 3 8 2", "--strategy", "beam", "--n", "16", "--m", "4", "--json"]
    assert main(args) == 0
    said = json.loads(capsys.readouterr().out)
    timeless = {"seconds": None}
    assert (found.answer, found.correct) == (said["answer"], said["correct"])
    assert found.cost | timeless == said["cost"] | timeless
    assert [s.text for s in found.solutions] == [s["text"] for s in said["solutions"]]
    assert found.state == "finished"


def test_the_table_has_the_columns_and_values_of_the_export(found: Run, tmp_path: Path) -> None:
    steps = found.steps()
    assert tuple(steps.columns) == COLUMNS
    written = list(csv.DictReader(io.StringIO(found.save(tmp_path / "run.csv").read_text(encoding="utf-8-sig"))))
    assert [row["id"] for row in written] == list(steps["id"]) == list(found.tree.nodes)
    assert [row["chosen"] == "true" for row in written] == list(steps["chosen"])
    assert [row["parent_number"] for row in written[1:]] == [str(n) for n in steps["parent_number"][1:]]
    assert steps["score"].max() == max(s.score for s in found.solutions if s.score is not None)


def test_the_graph_is_the_tree(found: Run, tmp_path: Path) -> None:
    graph = found.tree.to_networkx()
    assert networkx.is_arborescence(graph)
    assert list(graph.nodes) == list(found.tree.nodes)
    assert all(graph.has_edge(n.parent.id, n.id) for n in found.tree.nodes.values() if n.parent)
    best = found.solutions[0].node
    assert graph.nodes[best]["status"] == "finished"
    assert graph.nodes[best]["score"] == found.solutions[0].score
    path = networkx.shortest_path(graph, "0", best)
    assert [graph.nodes[id]["text"] for id in path[1:]] == found.solutions[0].text.split("\n")
    networkx.write_graphml(graph, tmp_path / "run.graphml")  # which knows no None


def test_the_tree_is_the_fold_of_the_trace(found: Run) -> None:
    plain = Tree.fold(found.trace)
    assert found.tree.generations == plain.generations
    assert result(found.tree, found._judge) == result(plain, found._judge)
    assert fast_forward(found.trace).trace == found.trace


def test_a_saved_run_opens_as_it_was(found: Run, tmp_path: Path) -> None:
    path = found.save(str(tmp_path / "run.jsonl"))
    again = tts_viz.open(path)
    assert again.trace == found.trace
    assert repr(again) == repr(found)
    page = found.save(tmp_path / "run.HTML").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    with pytest.raises(ValueError, match=r"'run.pdf' must end in .jsonl, .html or .csv; try 'run.jsonl'"):
        found.save(tmp_path / "run.pdf")
    assert not (tmp_path / "run.pdf").exists()
    (tmp_path / "other.jsonl").write_text("{}\n")
    with pytest.raises(ValueError, match="line 1"):
        tts_viz.open(tmp_path / "other.jsonl")


def test_the_figure_has_every_node_once(found: Run) -> None:
    drawn = found.figure()
    ids = [id for trace in drawn.data for id in trace.customdata or ()]
    assert sorted(ids) == sorted(found.tree.nodes)
    names = {trace.name for trace in drawn.data if trace.customdata is not None}
    assert {"kept", "pruned", "solution", "chosen"} <= names
    (star,) = [trace for trace in drawn.data if trace.name == "chosen"]
    assert list(star.customdata) == [found.solutions[0].node]
    deep = found.tree.nodes[found.solutions[0].node].depth
    assert list(star.x) == [deep]


def test_what_a_notebook_shows_is_escaped() -> None:
    evil = "<script>alert(1)</script> $x$"
    trace = [
        Started(
            evil, Settings("greedy", {}), problem={"task": "countdown", "id": "x", "question": evil, "prompt": evil}
        ),
        Expanded("0", "0.0", evil, finish="eos"),
        Ended("finished"),
    ]
    run = Run(trace)
    shown = run._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html", "application/vnd.plotly.v1+json"}
    assert "<script>" not in shown["text/html"]
    assert "&lt;script&gt;" in shown["text/html"]
    drawn = json.dumps(shown["application/vnd.plotly.v1+json"], default=str)
    assert "<script>" not in drawn
    assert "$x$" not in drawn
    assert "alert" in drawn


def test_a_search_without_a_solution_can_be_looked_at() -> None:
    run = searched("best_of_n", budget=1, n=4, policy=Silent())
    assert (run.answer, run.correct, run.solutions) == (None, None, [])
    assert "no solution" in repr(run)
    assert len(run.steps()) == 1
    assert len(run.tree.to_networkx()) == 1
    assert run.figure().data
    assert "table" not in run._repr_html_()


class Silent:
    name, parameters, step_tokens = "silent", 1, 96

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return [Sampled(None) for _ in requests]


# --- searching ----------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_tree() -> None:
    trees = [[n.text for n in searched(n=4, m=2, seed=seed).tree.nodes.values()] for seed in (3, 3, 4)]
    assert trees[0] == trees[1] != trees[2]


def test_a_spent_budget_leaves_a_run_unfinished() -> None:
    run = searched("best_of_n", n=8, budget=2)
    assert (run.state, run.cost["generations"]) == ("unfinished", 2)
    assert "unfinished" in repr(run)
    assert searched("best_of_n", n=8, budget=None).cost["generations"] == 8
    assert searched("best_of_n", n=8, budget=Budget(generations=None, tokens=10)).state == "unfinished"


def test_every_event_is_told_as_it_happens() -> None:
    told: list[Event] = []
    lengths: list[int] = []
    policy = RandomMoves()
    run = searched(n=4, m=2, policy=policy, on_event=lambda e: (told.append(e), lengths.append(policy.calls)))
    assert told == run.trace
    assert len(set(lengths)) > 2  # in the middle of the search, not after it


def test_a_listener_can_stop_the_search() -> None:
    def listen(event: Event) -> None:
        if isinstance(event, Expanded):
            raise tts_viz.StopSearch

    run = searched("best_of_n", n=8, on_event=listen)
    assert run.state == "stopped"
    assert 1 < len(run.tree.nodes) <= 9


def test_a_listeners_own_error_is_its_callers() -> None:
    def listen(event: Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        searched(on_event=listen)


def test_ctrl_c_keeps_what_was_found() -> None:
    run = searched(n=4, m=2, policy=RandomMoves(interrupts_at=2))
    assert run.state == "stopped"
    assert len(run.tree.nodes) > 1


def test_a_failing_model_loses_nothing() -> None:
    with pytest.raises(SearchFailedError, match="Out of memory") as failed:
        searched(n=4, m=2, policy=RandomMoves(fails_at=2))
    assert len(failed.value.run.tree.nodes) == 5


def test_a_search_runs_where_an_event_loop_does() -> None:
    """As in a notebook."""

    async def cell() -> tuple[Run, float]:
        run = searched(n=4, m=2)
        return run, tts_viz.score(PROBLEM, [run.solutions[0].text.split("\n")[0]], Oracle())[0]

    run, score = asyncio.run(cell())
    assert run.state == "finished"
    assert score in (0.1, 0.9)


def test_ctrl_c_in_a_notebook_keeps_what_was_found() -> None:
    async def cell() -> Run:
        return searched(n=64, m=2, policy=RandomMoves(interrupts_at=2))

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    loop = asyncio.new_event_loop()  # not asyncio.run, which would take the signal itself; nor does a notebook
    try:
        run = loop.run_until_complete(cell())
    finally:
        loop.close()
        signal.signal(signal.SIGINT, before)
    assert run.state == "stopped"


def test_asynchronous_searches_do_not_wait_for_one_another() -> None:
    meeting = threading.Barrier(2, timeout=20)

    class Meeting(RandomMoves):
        async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
            if not self.calls:
                await asyncio.to_thread(meeting.wait)  # nobody goes on before both have asked
            return await super().sample(requests)

    async def both() -> list[Run]:
        searches = (tts_viz.asearch(PROBLEM, n=4, m=2, policy=Meeting(), verifier=Oracle()) for _ in range(2))
        return await asyncio.gather(*searches)

    one, other = asyncio.run(both())
    assert [n.text for n in one.tree.nodes.values()] == [n.text for n in other.tree.nodes.values()]


def test_models_are_taken_by_name_or_loaded() -> None:
    policy, verifier = tts_viz.load_policy("policy-small"), tts_viz.load_verifier("noisy:0.2")
    run = tts_viz.search(PROBLEM, "best_of_n", n=2, policy=policy, verifier=verifier)
    named = tts_viz.search(PROBLEM, "best_of_n", n=2, policy="policy-small", verifier="noisy:0.2")
    assert [n.text for n in run.tree.nodes.values()] == [n.text for n in named.tree.nodes.values()]
    assert named.trace[0].policy == "policy-small"  # type: ignore[union-attr]


def test_steps_are_scored() -> None:
    right, wrong = "8*3=24 left 2 3 24", "8*3=25 left 2 3 25"
    scores = [tts_viz.score("make 24 from 3 3 8 2", [step]) for step in (right, wrong)]
    assert [len(s) for s in scores] == [1, 1]
    assert all(0 <= s[0] <= 1 for s in scores)
    assert scores[0] > scores[1]
    assert tts_viz.score("make 24 from 4 6", ["4*6=24 left 24"], "oracle") == [1.0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"problem": "hello"}, "hello|no task"),
        ({"problem": 24}, "problem=24 must be a text or a Problem"),
        ({"problem": "make 5000 from 2 3", "task": "countdown"}, "1 to 99"),
        ({"problem": "make 24 from 4 6", "task": "chess"}, "no task 'chess'"),
        ({"strategy": "telepathy"}, "telepathy"),
        ({"n": 10, "m": 4}, "n=10 must be a multiple of m=4; try 8 or 12"),
        ({"nn": 10}, "no parameter nn"),
        ({"n": 4, "parameters": {"n": 8}}, "n is given twice"),
        ({"budget": 0}, "budget generations=0 must be positive"),
        ({"budget": "64"}, "budget='64' must be a whole number of generations"),
        ({"budget": True}, "budget=True"),
        ({"temperature": -1}, "temperature=-1"),
        ({"temperature": "hot"}, "temperature='hot' must be a number"),
        ({"seed": 1.5}, "seed=1.5 must be a whole number"),
        ({"step_aggregation": "median"}, "median"),
        ({"vote": "coin"}, "coin"),
        ({"policy": "no such model"}, "no such model"),
        ({"policy": 7}, r"policy=7 must be a name or have sample\(requests\)"),
        ({"verifier": object()}, r"must be a name or have score\(requests\)"),
    ],
)
def test_bad_arguments_are_refused_in_words(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tts_viz.search(**({"problem": "make 24 from 4 6", "verifier": Oracle(), "policy": RandomMoves()} | given))


@pytest.mark.parametrize("steps", ["4*6=24", [], [4]])
def test_what_is_no_list_of_steps_is_refused(steps: Any) -> None:
    with pytest.raises(ValueError, match="must be a list of one or more texts"):
        tts_viz.score("make 24 from 4 6", steps, Oracle())


# --- the package --------------------------------------------------------------------------------------------------


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env={**os.environ})
    return done.stdout.strip()


def test_the_package_loads_nothing_that_is_heavy() -> None:
    heavy = "'torch', 'transformers', 'gradio', 'plotly', 'pandas', 'networkx', 'pydantic', 'numpy'"
    assert python(f"import sys, tts_viz; print({{{heavy}}} & set(sys.modules))") == "set()"
    assert (
        python("import sys, tts_viz; tts_viz.Run; print('torch' in sys.modules, 'gradio' in sys.modules)")
        == "False False"
    )


@pytest.mark.parametrize(
    "before", ["", "import tts_viz.search.session", "from tts_viz.search import scheduler", "import tts_viz.search"]
)
@pytest.mark.parametrize("after", ["", "import tts_viz.search.replay; from tts_viz.search import steering"])
def test_search_is_the_function_whatever_was_imported(before: str, after: str) -> None:
    """There is a folder of that name too, and its modules are imported as ever."""
    code = f"{before}\nimport tts_viz\n{after}\nfrom tts_viz import search\nprint(tts_viz.search is search, search.__module__)"
    assert python(code) == "True tts_viz.api"


def test_all_that_is_promised_is_there() -> None:
    assert set(tts_viz.__all__) <= set(dir(tts_viz))
    for name in tts_viz.__all__:
        assert callable(getattr(tts_viz, name))
    with pytest.raises(AttributeError, match="no attribute 'serach'"):
        tts_viz.serach  # type: ignore[attr-defined]  # noqa: B018
