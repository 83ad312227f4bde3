"""What can go wrong between here and a server: it is asked again where that may help, and said in words where not."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.engines.server.scripted import Asked, Reply, Server, usage
from tts_viz.engines.base import Sampled, SampleRequest
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.engines.prompting import PromptStyle
from tts_viz.engines.server.address import parse_address
from tts_viz.engines.server.client import KEY, Client
from tts_viz.engines.server.policy import ServerPolicy
from tts_viz.errors import EngineError

SECRET = "sk-abracadabra-17"
SOON = {"retry-after-ms": "1"}


def policy(server: Server, **patience: Any) -> ServerPolicy:
    return ServerPolicy(Client(parse_address(server.name), **patience), PromptStyle())


def ask(policy: Any, n: int = 1) -> list[Sampled]:
    return asyncio.run(policy.sample([SampleRequest("Make 7\n", (), 1.0, i << 40, 20) for i in range(n)]))


def failing(server: Server, times: int, reply: Reply) -> None:
    """The first `times` completions."""
    left = [reply] * times
    server.answer = lambda asked: left.pop() if left and asked.path == "/v1/completions" else server.sense(asked)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_asked_again(server: Server, status: int) -> None:
    failing(server, 2, Reply({"error": {"message": "later"}}, status, SOON))
    assert ask(policy(server))[0].candidate is not None
    first, *others = server.to("/v1/completions")
    assert [other.body for other in others] == [first.body] * 2


def test_a_connection_that_breaks_is_made_again(server: Server) -> None:
    failing(server, 1, Reply(status=0))
    assert ask(policy(server))[0].candidate is not None
    assert len(server.to("/v1/completions")) == 2


@pytest.mark.parametrize(
    ("status", "tries", "words"),
    [
        (429, 3, "failed, asked 3 times .429: because"),
        (500, 3, "failed, asked 3 times .500: because"),
        (401, 1, "another key .401.. Set TTS_VIZ_API_KEY"),
        (403, 1, "another key"),
        (400, 1, "refused a request .400: because"),
        (404, 1, "does not know"),
    ],
)
def test_when_patience_is_at_its_end_it_is_said_what_happened(
    server: Server, status: int, tries: int, words: str
) -> None:
    failing(server, 99, Reply({"error": {"message": "because"}}, status, SOON))
    with pytest.raises(EngineError, match=words):
        ask(policy(server, tries=3))
    assert len(server.to("/v1/completions")) == tries


def test_a_server_that_is_down(server: Server) -> None:
    made = policy(server, tries=1)
    server.stop()
    with pytest.raises(EngineError, match=r"127.0.0.1.*cannot be reached.*Is it running\?"):
        ask(made)
    server.start()
    assert ask(made)[0].candidate is not None


def test_a_server_that_is_too_slow(server: Server) -> None:
    awake = threading.Event()

    def asleep(asked: Asked) -> Reply:
        if asked.path == "/v1/completions":
            awake.wait(30)
        return server.sense(asked)

    server.answer = asleep
    try:
        with pytest.raises(EngineError, match=r"did not answer within 0\.2 seconds, asked once"):
            ask(policy(server, timeout=0.2, tries=1))
    finally:
        awake.set()


GARBAGE = {
    "no JSON": b"<html>It works!</html>",
    "half of it": b'{"choices": [{"te',
    "a list": [],
    "no choices": {"usage": usage("", 0)},
    "none of them": {"choices": [], "usage": usage("", 0)},
    "no text": {"choices": [{"finish_reason": "stop"}], "usage": usage("", 0)},
    "text that is none": {"choices": [{"text": 5}], "usage": usage("", 0)},
    "no usage": {"choices": [{"text": "1"}]},
    "less than nothing": {"choices": [{"text": "1"}], "usage": {"prompt_tokens": -1}},
    "no number": b'{"choices": [{"text": "1", "logprobs": {"tokens": ["1"], "token_logprobs": [NaN]}}], '
    b'"usage": {"prompt_tokens": 1}}',
}


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_garbage_is_said_to_be_garbage(server: Server, what: str, kind: str) -> None:
    failing(server, 99, Reply(GARBAGE[what], headers={"Content-Type": kind}))
    with pytest.raises(EngineError, match="makes no sense"):
        ask(policy(server))


def test_a_step_that_was_broken_off_is_no_step(server: Server) -> None:
    failing(server, 99, Reply({"choices": [{"text": "1+", "finish_reason": "abort"}], "usage": usage("", 0)}))
    with pytest.raises(EngineError, match="broke off"):
        ask(policy(server))


def test_a_model_that_is_not_there(server: Server) -> None:
    with pytest.raises(EngineError, match="has no model 'huge'; it has: tiny"):
        ask(load_policy(f"{server.base}#huge"))
    assert not server.to("/v1/completions")


def test_a_server_that_lists_no_models_is_asked_all_the_same(server: Server) -> None:
    server.answer = lambda asked: Reply({}, 404) if asked.path == "/v1/models" else server.sense(asked)
    server.owner = "someone"
    assert ask(load_policy(server.name))[0].candidate is not None


def test_as_many_at_once_as_are_allowed_and_the_models_are_listed_once(server: Server) -> None:
    """The barrier opens when four requests wait in it together: with fewer at once, this would end in a broken barrier."""
    four = threading.Barrier(4, timeout=20)

    def together(asked: Asked) -> Reply:
        if asked.path == "/v1/completions":
            four.wait()
        return server.sense(asked)

    server.answer = together
    assert len(ask(policy(server, at_once=4), 12)) == 12
    assert server.most == 4
    assert len(server.to("/v1/models")) == 1


def test_the_answers_come_in_the_order_of_the_requests(server: Server) -> None:
    alone = [ask(policy(server), 8)[i].candidate for i in range(8)]
    gates = [threading.Event() for _ in range(8)]
    turn = {seed: i for i, seed in enumerate((i << 40) >> 33 for i in range(8))}

    def backwards(asked: Asked) -> Reply:
        if asked.path == "/v1/completions":
            i = turn[asked.body["seed"]]
            if i < 7:
                gates[i + 1].wait(20)
            gates[i].set()
        return server.sense(asked)

    server.answer = backwards
    assert [answer.candidate for answer in ask(policy(server), 8)] == alone


def test_one_failure_drops_the_rest_of_its_batch_and_the_next_batch_is_whole(server: Server) -> None:
    made = policy(server, tries=1)
    failing(server, 1, Reply({}, 400))
    with pytest.raises(EngineError):
        ask(made, 6)
    assert len(ask(made, 6)) == 6


# --- the key ------------------------------------------------------------------------------------------------------


def test_the_key_goes_into_the_header_and_nowhere_else(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(KEY, SECRET)
    monkeypatch.setenv("OPENAI_ORG_ID", "another's")
    caplog.set_level(logging.DEBUG)
    made, judge = load_policy(server.name), load_verifier(f"{server.name}?tokenizer=verifier")
    ask(made)
    for asked in server.asked:
        headers = {key.lower(): value for key, value in asked.headers.items()}
        assert headers["authorization"] == f"Bearer {SECRET}"
        assert "openai-organization" not in headers
        assert SECRET not in str(asked.body)
    failing(server, 99, Reply({"error": {"message": f"Incorrect API key provided: {SECRET}"}}, 400))
    with pytest.raises(EngineError, match="API key provided: …") as failed:
        ask(made)
    shown = [str(failed.value), repr(failed.value), *map(repr, vars(made).values()), repr(judge), made.name]
    assert all(SECRET not in text for text in [*shown, caplog.text])


def test_without_a_key_openais_own_is_not_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    ask(load_policy(server.name))
    assert all(SECRET not in str(asked.headers) for asked in server.asked)


@pytest.mark.parametrize("load", [load_policy, load_verifier])
def test_a_password_in_a_name_is_refused_and_not_repeated(load: Callable[[str], Any]) -> None:
    with pytest.raises(ValueError, match=KEY) as refused:
        load(f"http://me:{SECRET}@127.0.0.1:9/v1#tiny")
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(ValueError, match="no option 'api_key'") as refused:
        load(f"http://127.0.0.1:9/v1#tiny?api_key={SECRET}&tokenizer=verifier")
    assert SECRET not in str(refused.value)
