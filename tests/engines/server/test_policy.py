"""A policy on a server: what is asked, and what is made of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.engines.local.tokenizer import encode
from tests.engines.prm.checkpoints import byte_level
from tests.engines.server.scripted import NEWLINE, Asked, Reply, Server, opening, said, written
from tts_viz.engines.base import Candidate, ContextStep, Sampled, SampleRequest
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.prompt_presets import CHAT
from tts_viz.engines.prompting import PromptStyle
from tts_viz.engines.server.address import parse_address
from tts_viz.engines.server.client import Client
from tts_viz.engines.server.policy import ServerPolicy
from tts_viz.errors import EngineError

PROMPT = "Make 24 from 1 3 8\n"


def ask(policy: Any, *requests: SampleRequest) -> list[Sampled]:
    return asyncio.run(policy.sample(requests))


def one(policy: Any, **changes: Any) -> Candidate:
    (answer,) = ask(
        policy,
        SampleRequest(
            **{"prompt": PROMPT, "steps": (), "temperature": 1.0, "seed": 1 << 40, "max_tokens": 50} | changes
        ),
    )
    assert answer.candidate is not None
    return answer.candidate


def answering(server: Server, *replies: Any) -> None:
    """These, one after another, to whoever wants a completion."""
    left = list(replies)
    server.answer = lambda asked: Reply(left.pop(0)) if asked.path == "/v1/completions" else server.sense(asked)


def bodies(server: Server) -> list[dict[str, Any]]:
    return [asked.body for asked in server.to("/v1/completions")]


def test_the_prompt_and_the_steps_go_out_as_one_text(server: Server) -> None:
    policy = load_policy(server.name)
    request = SampleRequest(PROMPT, (ContextStep("8*3=24 left 1 24", (1, 2)),), 0.7, 2**64 - 1, 50)
    (answer,) = ask(policy, request)
    (body,) = bodies(server)
    prompt = PROMPT + "8*3=24 left 1 24\n"
    assert body == {
        "model": "tiny", "prompt": prompt, "max_tokens": 50, "temperature": 0.7, "top_p": 1.0, "seed": 2**31 - 1,
        "logprobs": 1, "stop": ["\n"], "include_stop_str_in_output": True, "return_token_ids": True,
        "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0,
    }  # fmt: skip
    text = written(prompt, 2**31 - 1)
    tokens = (*encode(text), NEWLINE)
    assert answer.candidate is not None
    assert (answer.candidate.text, answer.candidate.tokens, answer.candidate.finish) == (text, tokens, "step")
    assert answer.candidate.logprobs == (-0.5,) * len(tokens)
    assert "".join(answer.candidate.pieces) == text + "\n"
    assert (answer.cost.policy_calls, answer.cost.prefilled, answer.cost.generated) == (1, len(prompt), len(tokens))


def test_with_a_tokenizer_the_tokens_go_out_as_the_policy_wrote_them(server: Server) -> None:
    policy = load_policy(f"{server.name}?tokenizer=policy-small&parameters=1000")
    steps = (ContextStep("8*3=24 left 1 24", (40, 41)), ContextStep("1*24=24 left 24"))
    (answer,) = ask(policy, SampleRequest(PROMPT, steps, 0.0, 1, 2000))
    prompt = [*opening(PROMPT), 40, 41, *encode("1*24=24 left 24\n")]
    assert bodies(server)[0]["prompt"] == prompt
    assert bodies(server)[0]["max_tokens"] == 1024 - len(prompt)
    assert answer.cost.policy_flops == 2 * 1000 * (len(prompt) + answer.cost.generated - 1)


def test_a_prompt_as_long_as_the_context_gets_no_step_and_no_request(server: Server) -> None:
    server.context = len(opening(PROMPT))
    policy = load_policy(f"{server.name}?tokenizer=policy-small")
    assert ask(policy, SampleRequest(PROMPT, (), 1.0, 1, 50))[0].candidate is None
    assert not bodies(server)


def test_an_empty_prompt_is_said_to_be_one(server: Server) -> None:
    with pytest.raises(EngineError, match="Type a problem"):
        ask(load_policy(server.name), SampleRequest("", (), 1.0, 1, 50))


@pytest.mark.parametrize(
    ("choice", "finish"),
    [
        ({"text": "1+2=3", "stop_reason": None}, "eos"),
        ({"text": "1+2=3\n"}, "step"),
        ({"text": " 1+2=3", "finish_reason": "length", "stop_reason": None}, "length"),
    ],
)
def test_how_a_step_ended(server: Server, choice: dict[str, Any], finish: str) -> None:
    answering(server, said({"prompt": PROMPT}, "", False, **choice))
    found = one(load_policy(server.name))
    assert (found.text, found.finish) == ("1+2=3", finish)


def test_a_closed_box_and_a_stop_string_end_a_solution(server: Server) -> None:
    name = f"{server.name}?boxed=yes&delimiter=\\n\\n&stop=Question:"
    answering(server, said({"prompt": ""}, "", False, text="So \\boxed{5}.\n\n", stop_reason="\n\n"))
    assert one(load_policy(name)).finish == "eos"
    answering(server, said({"prompt": ""}, "", False, text="It is 5. Question:", stop_reason="Question:"))
    found = one(load_policy(name))
    assert (found.text, found.finish) == ("It is 5.", "eos")
    assert bodies(server)[-1]["stop"] == ["\n\n", "Question:"]


def test_blank_lines_before_the_first_word_are_no_step(server: Server) -> None:
    """A server stops at them; it is asked to go on from there, by other chances."""
    answering(
        server,
        said({"prompt": PROMPT, "include_stop_str_in_output": True}, "", False),
        said({"prompt": PROMPT}, "1+2=3", True),
    )
    found = one(load_policy(f"{server.name}?tokenizer=policy-small"))
    first, second = bodies(server)
    assert (found.text, found.finish, found.tokens) == ("1+2=3", "eos", ())
    assert second["prompt"] == [*first["prompt"], NEWLINE]
    assert second["seed"] != first["seed"] and second["max_tokens"] == first["max_tokens"] - 1


def test_nothing_written_is_no_candidate(server: Server) -> None:
    answering(server, said({"prompt": PROMPT}, "", True))
    assert ask(load_policy(server.name), SampleRequest(PROMPT, (), 1.0, 1, 50))[0].candidate is None


def test_another_server_is_sent_nothing_of_vllms(server: Server) -> None:
    server.owner, server.context = "someone", None
    found = one(load_policy(server.name))
    assert set(bodies(server)[0]) == {
        "model",
        "prompt",
        "max_tokens",
        "temperature",
        "top_p",
        "seed",
        "logprobs",
        "stop",
    }
    assert (
        found.finish == "step"
        and found.tokens == ()
        and found.pieces[-1] == "\n"
        and len(found.logprobs) == len(found.pieces)
    )


def test_a_server_that_hides_what_ended_a_text_is_cut_short_here(server: Server) -> None:
    """Without a stop string it writes on, and the step is cut where the string would have been."""
    server.owner = "someone"

    def mute(asked: Asked) -> Reply:
        if asked.path != "/v1/completions":
            return server.sense(asked)
        answer = said(asked.body, "1+2=3", False)
        del answer["choices"][0]["stop_reason"]
        if "stop" not in asked.body:
            pieces = [*"1+2=3", "\n", *"3+4=7", "<eos>"]
            answer["choices"][0] |= {
                "text": "1+2=3\n3+4=7",
                "logprobs": {"tokens": pieces, "token_logprobs": [-0.25] * len(pieces)},
            }
        return Reply(answer)

    server.answer = mute
    policy = load_policy(server.name)
    first, again = one(policy), one(policy)
    assert first == again
    assert (first.text, first.finish, first.pieces) == ("1+2=3", "step", (*"1+2=3", "\n"))
    assert len(first.logprobs) == 6
    assert ["stop" in body for body in bodies(server)] == [True, False, False]


def test_without_log_probs_a_step_is_a_step_all_the_same(server: Server) -> None:
    answering(server, said({"prompt": PROMPT}, "1+2=3", True, logprobs=None))
    found = one(load_policy(server.name))
    assert (found.text, found.tokens, found.logprobs, found.pieces) == ("1+2=3", (), (), ())


def chat(server: Server, style: PromptStyle = CHAT) -> ServerPolicy:
    return ServerPolicy(Client(parse_address(server.name)), style, byte_level())


def test_a_chat_is_written_here_with_the_models_own_marks(server: Server) -> None:
    policy = chat(server)
    answering(server, said({"prompt": ""}, "", False, text="We add.\n\n", stop_reason="\n\n"))
    one(policy, asked="How many?")
    text = policy.tokenizer.decode(bodies(server)[0]["prompt"])
    assert text == "<|im_start|>user\nHow many?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("http://127.0.0.1:9/v1", "#model"),
        ("http://#tiny", "#model"),
        ("http://127.0.0.1:high/v1#tiny", "#model"),
        ("http://127.0.0.1:9/v1#tiny?chat=yes", "tokenizer=FOLDER"),
        ("http://127.0.0.1:9/v1#tiny?dtype=float16", "no option 'dtype'"),
        ("http://127.0.0.1:9/v1#tiny?timeout=0", "from 1 to 3600"),
        ("http://127.0.0.1:9/v1#tiny?tokenizer=nowhere", "no model 'nowhere'"),
    ],
)
def test_a_name_that_is_none_is_refused_before_anything_is_asked(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load_policy(name)


def test_the_samples_of_a_batch_do_not_depend_on_one_another(server: Server) -> None:
    policy = load_policy(server.name)
    requests: Sequence[SampleRequest] = [SampleRequest(PROMPT, (), 1.0, seed << 40, 50) for seed in range(12)]
    together = [answer.candidate for answer in ask(policy, *requests)]
    assert together == [ask(policy, request)[0].candidate for request in requests]
    assert len({body["seed"] for body in bodies(server)}) == 12
    assert all("n" not in body for body in bodies(server))


def blank(asked: Asked) -> Reply:
    """A server that counts nothing and stops at a blank line, again and again."""
    choice = {"text": "", "finish_reason": "stop", "stop_reason": "\n"}
    return Reply({"choices": [choice], "usage": {"prompt_tokens": 3}})


@pytest.mark.parametrize("owner", ["someone", "vllm"])
def test_a_server_that_counts_nothing_is_not_asked_for_ever(server: Server, owner: str) -> None:
    server.owner = owner
    server.answer = lambda asked: blank(asked) if asked.path == "/v1/completions" else server.sense(asked)
    (answer,) = ask(load_policy(server.name), SampleRequest(PROMPT, (), 1.0, 1, 500))
    assert answer.candidate is None
    assert answer.cost.generated == len(bodies(server)) == 8
    (answer,) = ask(load_policy(server.name), SampleRequest(PROMPT, (), 1.0, 1, 3))
    assert answer.candidate is None
    assert [body["max_tokens"] for body in bodies(server)[8:]] == [3, 2, 1]


def test_what_a_mute_server_wrote_in_vain_does_not_shorten_the_step(server: Server) -> None:
    server.owner = "someone"
    first = said({"prompt": PROMPT}, "1+2=3", False)
    del first["choices"][0]["stop_reason"]
    answering(server, first, said({"prompt": PROMPT}, "1+2=3", False, text="1+2=3\n"))
    one(load_policy(server.name))
    assert [body["max_tokens"] for body in bodies(server)] == [50, 50]


def test_the_kind_of_server_may_be_said(server: Server) -> None:
    """As behind a proxy, which has another owner's name."""
    server.owner = "proxy"
    one(load_policy(f"{server.name}?server=vllm"))
    assert bodies(server)[0]["return_token_ids"] is True
    with pytest.raises(ValueError, match="no kind of server 'vlm'; choose one of openai, vllm"):
        load_policy(f"{server.name}?server=vlm")
