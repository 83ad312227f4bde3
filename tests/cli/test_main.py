"""The command line, with a policy that knows the rules of Countdown but not where to go, and the oracle's verdicts."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import Any

import pytest

from tts_viz.cli.main import main
from tts_viz.core.budget import Cost
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Candidate, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.errors import EngineError
from tts_viz.search.replay import fast_forward
from tts_viz.tasks.countdown import Countdown, moves, write_step
from tts_viz.traces import jsonl

EASY = ["--task", "countdown", "--level", "1", "--index", "0"]


class RandomMoves:
    """Plays any legal step. Loses heart (`fails_at`) or is interrupted (`interrupts_at`) at a given call."""

    name, parameters, step_tokens = "policy-small", 1000, 96

    def __init__(self, fails_at: int = 0, interrupts_at: int = 0) -> None:
        self.fails_at, self.interrupts_at, self.calls = fails_at, interrupts_at, 0

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        self.calls += 1
        if self.calls == self.fails_at:
            raise EngineError("Out of memory.\nTry a smaller batch.")
        if self.calls == self.interrupts_at:
            os.kill(os.getpid(), signal.SIGINT)
            # As a model would, it takes its time: another thread may have to hear of it.
            await asyncio.sleep(0.5)
        return [self.answer(request) for request in requests]

    def answer(self, request: SampleRequest) -> Sampled:
        _, *numbers = map(int, request.prompt.replace("Make", "").replace("from", "").split())
        if request.steps:
            numbers = [int(n) for n in request.steps[-1].text.partition("left ")[2].split()]
        rng = random.Random(0 if request.temperature == 0 else request.seed)
        cost = Cost(policy_calls=1, generated=8, prefilled=2, policy_flops=16_000.0, seconds=0.001)
        if not (options := moves(sorted(numbers))):
            return Sampled(None, cost)
        a, op, b, c, left = rng.choice(options)
        text, finish = write_step(a, op, b, c, left), "eos" if len(left) == 1 else "step"
        return Sampled(Candidate(text, (1, 2), (-0.5, -0.1), finish, (text, "\n")), cost)  # type: ignore[arg-type]


class Oracle:
    name, parameters = "oracle", 0

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        def rewards(request: ScoreRequest) -> Rewards:
            assert request.problem is not None
            truths = Countdown().check(request.problem, request.steps)[-request.wanted :]
            return Rewards(
                tuple(0.9 if t.reachable else 0.1 for t in truths), Cost(verifier_calls=1, verifier_tokens=9)
            )

        return [rewards(request) for request in requests]


Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command line; gives exit code, stdout and stderr."""

    def command(*args: str, **policy: Any) -> tuple[int, str, str]:
        def load(name: str) -> Any:
            if name not in ("policy-small", "verifier"):
                raise ValueError(f"unknown model {name!r}")
            return RandomMoves(**policy) if name == "policy-small" else Oracle()

        for kind in ("policy", "verifier"):
            module = f"tts_viz.engines.load.{kind}"
            engines = ModuleType(module)
            setattr(engines, f"load_{kind}", load)
            monkeypatch.setitem(sys.modules, module, engines)
        try:
            code = main(args)
        except SystemExit as exit:
            code = exit.code
        assert isinstance(code, int)
        return code, *capsys.readouterr()

    return command


def test_help_answers_at_once() -> None:
    began = monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tts_viz", "--help"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "run" in done.stdout
    assert monotonic() - began < 2  # half a second on a machine with nothing else to do
    for heavy in ("torch", "transformers", "gradio", "plotly", "pydantic", "numpy", "rich", "sympy"):
        assert f" {heavy}\n" not in done.stderr, f"--help imports {heavy}"


def test_run_prints_tree_answer_and_bill(cli: Cli) -> None:
    code, out, err = cli("run", *EASY, "--strategy", "beam", "--n", "8", "--m", "2")
    assert (code, err) == (0, "")
    assert out.startswith("Make ")
    assert out.count("\n├─ ") + out.count("\n└─ ") == 8
    assert "★" in out
    assert "answer: " in out
    assert "8 generations" in out


def test_json_has_exactly_these_fields(cli: Cli) -> None:
    code, out, _ = cli("run", *EASY, "--strategy", "beam", "--n", "8", "--m", "2", "--lookahead", "0", "--json")
    assert code == 0
    found = json.loads(out)
    assert list(found) == ["answer", "correct", "strategy", "notes", "nodes", "cost", "solutions"]
    cost = ["generations", "policy_tokens", "prefill_tokens", "verifier_tokens", "flops", "seconds"]
    assert list(found["cost"]) == cost
    assert all(list(s) == ["node", "text", "answer", "score", "correct"] for s in found["solutions"])
    assert found["strategy"] == "beam"
    assert (found["nodes"], found["cost"]["generations"]) == (16, 8)  # two steps of eight candidates
    assert found["cost"]["policy_tokens"] == 16 * 8
    assert found["cost"]["prefill_tokens"] == 16 * 2
    assert found["cost"]["verifier_tokens"] == 16 * 9
    assert found["cost"]["flops"] == 16 * 16_000
    best = found["solutions"][0]
    assert (found["answer"], found["correct"]) == (best["answer"], best["correct"])
    assert best["text"].count("\n") == 1


def test_solutions_come_best_first_and_are_graded(cli: Cli) -> None:
    _, out, _ = cli("run", *EASY, "--strategy", "best_of_n", "--n", "32", "--vote", "best", "--json")
    solutions = json.loads(out)["solutions"]
    assert len(solutions) == 32
    scores = [s["score"] for s in solutions]
    assert scores == sorted(scores, reverse=True)
    assert {(s["score"], s["correct"]) for s in solutions} == {(0.9, True), (0.1, False)}


def test_the_same_seed_gives_the_same_output(cli: Cli) -> None:
    def tree_of(seed: str) -> dict[str, Any]:
        return json.loads(cli("run", *EASY, "--n", "4", "--m", "2", "--seed", seed, "--json")[1])

    assert tree_of("7") == tree_of("7")
    assert tree_of("7") != tree_of("8")


def test_the_trace_replays_to_the_same_tree(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    _, out, _ = cli("run", *EASY, "--strategy", "lookahead", "--n", "4", "--m", "2", "--out", str(path), "--json")
    events = jsonl.read(path).events
    replayed = fast_forward(events)
    assert replayed.trace == events
    assert replayed.tree.spent == Tree.fold(events).spent
    assert json.loads(out)["nodes"] == len(replayed.tree.nodes) - 1


def test_open_shows_what_run_showed(cli: Cli, tmp_path: Path) -> None:
    path = str(tmp_path / "run.jsonl")
    ran = cli("run", *EASY, "--n", "4", "--m", "2", "--out", path)
    assert cli("open", path) == ran
    assert json.loads(cli("open", path, "--json")[1])["cost"]["generations"] == 4


def test_open_mentions_a_torn_line(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    cli("run", *EASY, "--n", "4", "--m", "2", "--out", str(path))
    path.write_bytes(path.read_bytes()[:-9])
    code, _, err = cli("open", str(path))
    assert code == 0
    assert "cut off" in err


def test_the_task_is_guessed_from_the_text(cli: Cli) -> None:
    code, out, _ = cli("run", "--problem", "make 24 from 4 6", "--strategy", "greedy", "--json")
    assert code == 0
    assert json.loads(out)["solutions"][0]["text"].endswith("left 24") is json.loads(out)["correct"]


def test_lookahead_is_beam_search_that_peeks(cli: Cli) -> None:
    args = "run", *EASY, "--n", "4", "--m", "2", "--lookahead", "1", "--json"
    beam, lookahead = (json.loads(cli(*args, "--strategy", name)[1]) for name in ("beam", "lookahead"))
    assert beam == lookahead
    assert beam["strategy"] == "lookahead"


def test_a_spent_budget_is_said(cli: Cli) -> None:
    code, out, err = cli("run", *EASY, "--strategy", "best_of_n", "--n", "16", "--budget", "4", "--json")
    assert code == 0
    assert json.loads(out)["cost"]["generations"] == 4
    assert err == "tts_viz: the budget of 4 generations was spent before the search had ended\n"


def test_ctrl_c_keeps_the_trace_and_prints_what_was_found(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    before = signal.getsignal(signal.SIGINT)
    code, out, err = cli("run", *EASY, "--n", "4", "--m", "2", "--out", str(path), "--json", interrupts_at=1)
    assert code == 130
    assert "stopped" in err
    tree = Tree.fold(jsonl.read(path).events)
    assert tree.ended is not None
    assert tree.ended.why == "stopped"
    assert json.loads(out)["nodes"] == len(tree.nodes) - 1 == 4
    assert signal.getsignal(signal.SIGINT) is before


def test_a_failing_model_loses_nothing(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    code, out, err = cli("run", *EASY, "--n", "4", "--m", "2", "--out", str(path), "--json", fails_at=2)
    assert (code, err) == (1, "tts_viz: Out of memory. Try a smaller batch.\n")
    assert json.loads(out)["nodes"] == len(Tree.fold(jsonl.read(path).events).nodes) - 1 == 4


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["run"], "nothing to solve"),
        (["run", *EASY, "--strategy", "telepathy"], "telepathy"),
        (["run", *EASY, "--n", "10", "--m", "4"], "n=10 must be a multiple of m=4; try 8 or 12"),
        (["run", *EASY, "--n", "0"], "n=0 must be a whole number from 1 to 256; try 1"),
        (["run", *EASY, "--strategy", "majority", "--m", "4"], "majority has no --m 4; its own flags are --n"),
        (["run", *EASY, "--strategy", "mcts", "--c", "9"], "c=9.0 must be a number from 0 to 5; try 5"),
        (["run", *EASY, "--strategy=mcts", "--c", "much"], "invalid float value"),
        (
            ["run", *EASY, "--strategy", "greedy", "--lookahead", "2"],
            "greedy has no --lookahead 2; it has no flags of its own",
        ),
        (["run", *EASY, "--nn", "4"], "--nn"),
        (["run", *EASY, "--budget", "0"], "budget generations=0 must be positive"),
        (["run", *EASY, "--temperature", "3"], "3 must be from 0 to 2"),
        (["run", *EASY, "--temperature", "nan"], "nan must be from 0 to 2"),
        (["run", *EASY, "--temperature", "hot"], "invalid temperature"),
        (["run", *EASY, "--seed", "x"], "--seed"),
        (["run", *EASY, "--vote", "coin"], "coin"),
        (["run", *EASY, "--policy", "gpt"], "unknown model 'gpt'"),
        (["run", *EASY, "--out", "/nowhere/run.jsonl"], "/nowhere/run.jsonl"),
        (["run", "--task", "chess", "--level", "1"], "chess"),
        (["run", "--task", "countdown", "--level", "9"], "level 9"),
        (["run", "--task", "countdown", "--index", "-1"], "-1"),
        (["run", "--task", "countdown", "--level", "1", "--split", "secret"], "secret"),
        (["run", "--problem", "hello"], "No task can tell what “hello” asks for. Type a problem such as “make 24 from"),
        (["run", "--problem", "make 5000 from 2 3", "--task", "countdown"], "1 to 99"),
        (["run", "--problem", "make 24 from 4 6", "--level", "1"], "--problem"),
        (["run", *EASY, "--dataset", "x.jsonl"], "makes its own problems and reads none from 'x.jsonl'"),
        (["run", "--problem", "3+4", "--dataset", "x.jsonl"], "--dataset is where ready-made ones are"),
        (["run", "--task", "math500", "--dataset", "/nowhere.jsonl"], "cannot read /nowhere.jsonl"),
        (["open"], "FILE"),
        (["open", "/nowhere.jsonl"], "/nowhere.jsonl"),
        (["open", __file__], "like no recording"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(cli: Cli, args: list[str], says: str) -> None:
    code, out, err = cli(*args)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_what_is_needed_only_to_measure_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(SystemExit) as refused:
        main(["bench", "page"])
    assert refused.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "pip install -r tests/requirements.txt" in said.err


def test_a_refused_run_does_not_touch_an_old_trace(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("precious")
    assert cli("run", *EASY, "--policy", "gpt", "--out", str(path))[0] == 2
    assert path.read_text() == "precious"


def test_a_closed_pipe_is_no_error(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    cli("run", *EASY, "--n", "4", "--m", "2", "--out", str(path))
    piped = f"set -o pipefail; {sys.executable} -m tts_viz open {path} | true"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    done = subprocess.run(["bash", "-c", piped], check=True, capture_output=True, text=True, env=environment)
    assert done.stderr == ""
