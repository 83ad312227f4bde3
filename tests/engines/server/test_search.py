"""Whole searches with both models on servers: the same seed the same tree, and a server that goes away costs nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engines.server.scripted import Asked, Reply, Server
from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, full, scattered
from tests.search.test_scheduler import eventually
from tts_viz.cli.main import main
from tts_viz.core.events import Event, Expanded, NoCandidate, Scored
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.engines.noisy import Noisy
from tts_viz.engines.server.client import KEY
from tts_viz.search.scheduler import LiveRun, Scheduler, drive, tick
from tts_viz.traces import jsonl
from tts_viz.ui.forms.offered import OfferedModels


def search(server: Server, options: str = "") -> LiveRun:
    verifier = load_verifier(f"{server.name}?tokenizer=verifier{options}")
    return LiveRun(begin("beam", n=8, m=2), load_policy(f"{server.name}?tokenizer=policy-small{options}"), verifier)


def timeless(trace: Sequence[Event]) -> list[Event]:
    return [
        replace(event, cost=replace(event.cost, seconds=0.0))
        if isinstance(event, Expanded | NoCandidate | Scored)
        else event
        for event in trace
    ]


def done(server: Server) -> list[Event]:
    run = search(server)
    asyncio.run(drive([run]))
    assert run.state == "finished"
    assert run.session.tree.spent.verifier_tokens and run.session.tree.finished()
    return timeless(run.session.trace)


def test_the_same_seed_gives_the_same_tree_in_whatever_order_the_answers_come(server: Server) -> None:
    first = done(server)
    slow = threading.Event()

    def uneven(asked: Asked) -> Reply:
        slow.wait((asked.body.get("seed", 0) % 5) / 100)
        return server.sense(asked)

    server.answer = uneven
    assert done(server) == first


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
def test_a_server_goes_away_and_comes_back_and_the_tree_is_that_of_a_run_in_one_go(server: Server, rounds: int) -> None:
    whole = done(server)

    async def interrupted() -> LiveRun:
        run = search(server, "&tries=1")
        for _ in range(rounds):
            await tick([run])
        before = list(run.session.trace)
        server.stop()
        assert await tick([run])
        assert run.state == "failed" and run.session.trace == before
        assert "cannot be reached" in (run.error or "")
        server.start()
        run.resume()
        await drive([run])
        return run

    run = asyncio.run(interrupted())
    assert run.state == "finished"
    assert timeless(run.session.trace) == whole


@pytest.mark.parametrize("reply", [Reply(b"<html>"), Reply({}, 500), Reply(status=0)])
def test_garbage_in_the_middle_of_a_run_is_a_state_to_resume_from(server: Server, reply: Reply) -> None:
    whole = done(server)
    asked = []

    def sometimes(one: Asked) -> Reply:
        asked.append(one)
        return reply if len(asked) == 20 else server.sense(one)

    server.answer = sometimes
    scheduler, run = Scheduler(), search(server, "&tries=1")
    try:
        scheduler.add(run)
        eventually(lambda: run.state == "failed")
        run.resume()
        eventually(lambda: run.state == "finished")
    finally:
        scheduler.close()
    assert timeless(run.session.trace) == whole


def test_a_server_that_lets_one_run_wait_holds_up_no_other(server: Server) -> None:
    answer = threading.Event()

    def waiting(asked: Asked) -> Reply:
        answer.wait(60)
        return server.sense(asked)

    server.answer = waiting
    scheduler, waits = Scheduler(), search(server)
    script = full(3, 6)
    others = [
        LiveRun(begin("beam", n=6, m=2), ScriptedPolicy(script), ScriptedVerifier(scattered(script))) for _ in range(2)
    ]
    half = LiveRun(
        begin("beam", n=6, m=2), ScriptedPolicy(script), Noisy(load_verifier(f"{server.name}?tokenizer=verifier"), 0.2)
    )
    try:
        for run in (waits, half, *others):
            scheduler.add(run)
        eventually(lambda: all(run.state == "finished" for run in others))
        assert (waits.state, half.state) == ("running", "running")
        scheduler.drop(half)
        answer.set()
        eventually(lambda: waits.state == "finished")
    finally:
        answer.set()
        scheduler.close()
    server.answer = server.sense
    assert timeless(waits.session.trace) == done(server)


def test_from_the_command_line(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "sk-abracadabra-17")
    trace = tmp_path / "run.jsonl"
    models = ["--policy", f"{server.name}?tokenizer=policy-small", "--verifier", f"{server.name}?tokenizer=verifier"]
    asked = ["run", "--problem", "make 24 from 3 3 8 2", "--n", "4", "--m", "2", "--json", "--out", str(trace), *models]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)["nodes"] > 4
    assert len(jsonl.read(trace).events) > 4
    assert "abracadabra" not in trace.read_text()
    server.stop()
    assert main([*asked[:-4], *(f"{name}&tries=1" if "#" in name else name for name in models)]) == 1
    assert "cannot be reached" in capsys.readouterr().err
    server.start()


def test_a_visitor_chooses_from_the_servers_that_the_operator_allows(server: Server) -> None:
    other = server.name.replace("#tiny", "#other")
    models = OfferedModels((server.name,), (f"{server.name}?tokenizer=verifier", "oracle"))
    assert models.policy(server.name) is models.policy(server.name)
    with pytest.raises(ValueError, match="choose from the list"):
        models.policy(other)
    with pytest.raises(ValueError, match="choose from the list"):
        models.verifier(other)
    assert not server.asked


def test_a_sweep(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = f"""
        tasks = ["countdown"]
        levels = [1]
        problems = 2
        policy = "{server.name}?tokenizer=policy-small"
        verifier = "{server.name}?tokenizer=verifier"
        [[arm]]
        name = "beam"
        strategy = "beam"
        budgets = [4]
    """
    (tmp_path / "spec.toml").write_text(spec)
    assert main(["sweep", str(tmp_path / "spec.toml"), "--out", str(tmp_path / "out.parquet"), "--workers", "1"]) == 0
    assert (tmp_path / "out.parquet").is_file()
    assert {asked.body["model"] for asked in server.asked if asked.body} == {"tiny"}
