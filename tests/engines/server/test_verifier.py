"""A verifier on a server: in each format the tokens that a local one would read, and the reward that its answer means."""

from __future__ import annotations

import asyncio
from math import exp
from pathlib import Path
from typing import Any

import pytest

from tests.engines.prm.checkpoints import byte_level, spaced
from tests.engines.server.scripted import Asked, Reply, Server, chance, usage
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.engines.noisy import Noisy
from tts_viz.engines.prm.base import Labels, Signs
from tts_viz.engines.server.verifier import ServerVerifier
from tts_viz.errors import EngineError

PROMPT = "Make 24 from 1 3 8\n"
STEPS = ("8*3=24 left 1 24", "24*1=24 left 24")


def ask(verifier: Any, *requests: ScoreRequest) -> list[Rewards]:
    return asyncio.run(verifier.score(requests))


def in_format(server: Server, format: str, tokenizer: Any, folder: Path) -> ServerVerifier:
    tokenizer.save_pretrained(folder)
    verifier = load_verifier(f"{server.name}?tokenizer={folder}&format={format}")
    assert isinstance(verifier, ServerVerifier)
    return verifier


def pieces(verifier: ServerVerifier) -> list[list[int]]:
    found = verifier.format.pieces(PROMPT, PROMPT.strip(), STEPS)
    return [[t for piece in found[: k + 2] for t in piece] for k in range(len(STEPS))]


def test_the_embedded_verifiers_format_is_known_and_its_rewards_are_those_at_the_ends_of_steps(server: Server) -> None:
    verifier = load_verifier(f"{server.name}?tokenizer=verifier&parameters=10")
    assert isinstance(verifier, ServerVerifier)
    ends = pieces(verifier)
    both, last = ask(verifier, ScoreRequest(PROMPT, STEPS, 2), ScoreRequest(PROMPT, STEPS, 1))
    assert both.rewards == pytest.approx([chance(end) for end in ends])
    assert last.rewards == pytest.approx([chance(ends[1])])
    body = server.to("/pooling")[0].body
    assert body == {"model": "tiny", "input": ends[1], "task": "token_classify", "use_activation": True}
    assert (both.cost.verifier_calls, both.cost.verifier_tokens) == (1, len(ends[1]))
    assert both.cost.verifier_flops == 2 * 10 * len(ends[1])


@pytest.mark.parametrize("format", ["trl", "qwen", "skywork"])
def test_formats_that_label_tokens(server: Server, format: str, tmp_path: Path) -> None:
    verifier = in_format(server, format, byte_level(), tmp_path)
    assert isinstance(verifier.served, Labels)
    labels = verifier.served.count

    def pool(asked: Asked) -> Reply:
        if asked.path != "/pooling":
            return server.sense(asked)
        tokens = asked.body["input"]
        vectors = [[1 - p, p][-labels:] for p in (chance(tokens[: i + 1]) for i in range(len(tokens)))]
        return Reply({"data": [{"data": vectors}], "usage": usage(tokens, 0)})

    server.answer = pool
    (answer,) = ask(verifier, ScoreRequest(PROMPT, STEPS, 2))
    assert answer.rewards == pytest.approx([chance(end) for end in pieces(verifier)])


def test_a_server_that_answers_for_steps_only(server: Server, tmp_path: Path) -> None:
    verifier = in_format(server, "qwen", byte_level(), tmp_path)
    data = {"data": [{"data": [[0.9, 0.1], [0.25, 0.75]]}], "usage": usage("", 0)}
    server.answer = lambda asked: Reply(data) if asked.path == "/pooling" else server.sense(asked)
    both, last = ask(verifier, ScoreRequest(PROMPT, STEPS, 2), ScoreRequest(PROMPT, STEPS, 1))
    assert (both.rewards, last.rewards) == ((0.1, 0.75), (0.75,))


def test_an_outcome_model_reads_each_beginning_to_its_end(server: Server, tmp_path: Path) -> None:
    verifier = in_format(server, "orm", byte_level(), tmp_path)

    def pool(asked: Asked) -> Reply:
        if asked.path != "/pooling":
            return server.sense(asked)
        vectors = [[0.0]] * (len(asked.body["input"]) - 1) + [[chance(asked.body["input"])]]
        return Reply({"data": [{"data": vectors}], "usage": usage("", 0)})

    server.answer = pool
    closing = [*verifier.format.closing()]
    (answer,) = ask(verifier, ScoreRequest(PROMPT, STEPS, 2))
    assert closing and answer.rewards == pytest.approx([chance(end + closing) for end in pieces(verifier)])


def signing(server: Server, said: dict[str, float]) -> None:
    def sign(asked: Asked) -> Reply:
        if asked.path != "/v1/completions":
            return server.sense(asked)
        logprobs = {"tokens": ["x"], "token_logprobs": [-0.1], "top_logprobs": [said]}
        return Reply({"choices": [{"text": "x", "logprobs": logprobs}], "usage": usage(asked.body["prompt"], 1)})

    server.answer = sign


@pytest.mark.parametrize(("format", "tokenizer"), [("math-shepherd", spaced(True)), ("rlhflow", byte_level())])
def test_formats_that_write_a_sign(server: Server, format: str, tokenizer: Any, tmp_path: Path) -> None:
    verifier = in_format(server, format, tokenizer, tmp_path)
    assert isinstance(verifier.served, Signs)
    plus, minus = verifier.served.plus, verifier.served.minus
    signing(server, {f"token_id:{plus}": -0.25, f"token_id:{minus}": -2.0, "token_id:1": -9.0})
    (answer,) = ask(verifier, ScoreRequest(PROMPT, STEPS, 2))
    assert answer.rewards == pytest.approx([exp(-0.25) / (exp(-0.25) + exp(-2.0))] * 2)
    bodies = [asked.body for asked in server.to("/v1/completions")]
    assert [body["prompt"] for body in bodies] == pieces(verifier)
    assert all(
        (body["max_tokens"], body["logprobs"], body["logprob_token_ids"]) == (1, 20, [plus, minus]) for body in bodies
    )


def test_a_sign_that_is_not_among_the_likeliest_is_no_likelier_than_those(server: Server, tmp_path: Path) -> None:
    verifier = in_format(server, "rlhflow", byte_level(), tmp_path)
    assert isinstance(verifier.served, Signs)
    plus = verifier.served.plus
    signing(server, {f"token_id:{plus}": -0.25, "token_id:1": -9.0})
    (answer,) = ask(verifier, ScoreRequest(PROMPT, STEPS, 1))
    assert answer.rewards == pytest.approx([1 / (1 + exp(-9.0 + 0.25))])
    signing(server, {"token_id:1": -0.1})
    with pytest.raises(EngineError, match="how likely"):
        ask(verifier, ScoreRequest(PROMPT, STEPS, 1))


@pytest.mark.parametrize(
    ("vectors", "words"),
    [
        ([[0.5, 0.5]], "1 scores for"),
        ([], "0 scores for"),
        ([[0.5, 0.5]] * 1000, "1000 scores for"),
        ([[3.0, -2.0]] * 2, "no probabilities"),
        ([[0.5, 0.6]] * 2, "no probabilities"),
        ([[0.2, 0.3, 0.5]] * 2, "no probabilities"),
        ([[float("nan"), 0.5]] * 2, "makes no sense"),
        ([0.5, 0.5], "makes no sense"),
        ("AAAA", "makes no sense"),
    ],
)
def test_scores_that_are_none_are_an_error_and_never_a_reward(server: Server, vectors: Any, words: str) -> None:
    data = {"data": [{"data": vectors}], "usage": usage("", 0)}
    server.answer = lambda asked: Reply(data) if asked.path == "/pooling" else server.sense(asked)
    with pytest.raises(EngineError, match=words):
        ask(load_verifier(f"{server.name}?tokenizer=verifier"), ScoreRequest(PROMPT, STEPS, 2))


def test_a_solution_longer_than_the_context_is_not_sent(server: Server) -> None:
    server.context = 20
    with pytest.raises(EngineError, match="at most 20 tokens"):
        ask(load_verifier(f"{server.name}?tokenizer=verifier"), ScoreRequest(PROMPT, STEPS, 1))
    assert not server.to("/pooling")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "tokenizer=FOLDER"),
        ("?tokenizer=none", "tokenizer=FOLDER"),
        ("?tokenizer=policy-small&format=tarot", "no PRM format"),
        ("?tokenizer=verifier&delimiter=x", "no option 'delimiter'"),
        ("?tokenizer=policy-large&format=rlhflow", "chat template|tokens"),
    ],
)
def test_a_name_that_says_too_little_is_refused(server: Server, options: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load_verifier(server.name + options)
    assert not server.asked


def test_noise_over_a_server(server: Server) -> None:
    assert isinstance(load_verifier(f"noisy:0.2:{server.name}?tokenizer=verifier"), Noisy)


@pytest.mark.parametrize("format", ["trl", "rlhflow"])
def test_a_server_without_scores_says_so(server: Server, format: str, tmp_path: Path) -> None:
    server.owner = "someone"
    verifier = in_format(server, format, byte_level(), tmp_path)
    with pytest.raises(EngineError, match="Serve the verifier with vLLM"):
        ask(verifier, ScoreRequest(PROMPT, STEPS, 1))
