"""The policy with its kept keys and values against a naive reading of the whole text."""

from __future__ import annotations

import asyncio
import copy
import random
from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.engines.local.models import llama, naive_logprobs, qwen
from tests.engines.local.tokenizer import BOS_ID, EOS_ID, encode, tokenizer
from tts_viz.engines.base import Candidate, ContextStep, Sampled, SampleRequest
from tts_viz.engines.local.policy import TransformersPolicy
from tts_viz.engines.local.sampling import choose, uniform
from tts_viz.engines.prompting import PromptStyle
from tts_viz.errors import EngineError

PROMPTS = ("Make 57 from 2 3 14 25\n", "Evaluate (3+4)*2\n", "Make 9 from 4 5\n")


def policy(model: Any = None, **options: Any) -> TransformersPolicy:
    return TransformersPolicy(model or llama(), tokenizer(), "tiny", **options)


def ask(
    prompt: str, steps: tuple[ContextStep, ...] = (), seed: int = 1, temperature: float = 1.0, most: int = 12
) -> SampleRequest:
    return SampleRequest(prompt, steps, temperature, seed, most)


def sample(engine: TransformersPolicy, *requests: SampleRequest) -> list[Sampled]:
    return asyncio.run(engine.sample(requests))


def grown(engine: TransformersPolicy, rounds: int = 6, seed: int = 0) -> list[tuple[SampleRequest, Candidate]]:
    """A forest of several prompts and depths, grown in mixed batches."""
    rng = random.Random(seed)
    paths: list[tuple[str, tuple[ContextStep, ...]]] = [(prompt, ()) for prompt in PROMPTS]
    found = []
    for _ in range(rounds):
        chosen = [rng.choice(paths[-6:]) for _ in range(9)]
        requests = [ask(p, steps, rng.getrandbits(64), rng.choice((0.0, 0.7, 1.0))) for p, steps in chosen]
        for request, answer in zip(requests, sample(engine, *requests)):
            if (c := answer.candidate) is not None:
                found.append((request, c))
                if c.finish == "step":
                    paths.append((request.prompt, (*request.steps, ContextStep(c.text, c.tokens))))
    return found


@pytest.mark.parametrize("model", [llama(), llama(attention="eager"), qwen()], ids=["sdpa", "eager", "qwen"])
def test_log_probs_along_a_tree_are_those_of_reading_the_whole_text(model: Any) -> None:
    found = grown(policy(model))
    assert {c.finish for _, c in found} >= {"step", "length"}
    assert max(len(r.steps) for r, _ in found) >= 2
    for request, c in found:
        before = [t for step in request.steps for t in step.tokens]
        assert list(c.logprobs) == pytest.approx(naive_logprobs(model, request.prompt, before, c.tokens), abs=2e-4)


def test_a_sample_is_the_same_alone_and_in_any_company() -> None:
    found = grown(policy())
    for request, c in found:
        (alone,) = sample(policy(), request)
        assert alone.candidate is not None
        assert (alone.candidate.tokens, alone.candidate.finish) == (c.tokens, c.finish)


def test_what_was_forgotten_is_read_again_with_the_same_answer() -> None:
    kept, forgetful = grown(policy()), grown(policy(kv_bytes=1))
    assert [c.tokens for _, c in kept] == [c.tokens for _, c in forgetful]


def test_no_token_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, read = policy(), []
    forward = engine.reader.forward

    def counting(tokens: Any, counts: Any, cache: Any) -> Any:
        read.append(int(counts.sum()))
        return forward(tokens, counts, cache)

    monkeypatch.setattr(engine.reader, "forward", counting)
    first = sample(engine, *(ask(PROMPTS[0], seed=i) for i in range(8)))
    written = sum(len(a.candidate.tokens) for a in first if a.candidate)
    # The prompt once; of each step all but its last token, which waits.
    assert sum(read) == 1 + len(encode(PROMPTS[0])) + written - len(first)
    assert [a.cost.prefilled for a in first] == [1 + len(encode(PROMPTS[0]))] + [0] * 7
    step = next(a.candidate for a in first if a.candidate and a.candidate.finish == "step")
    read.clear()
    second = sample(engine, *(ask(PROMPTS[0], (ContextStep(step.text, step.tokens),), seed=i) for i in range(4)))
    written = sum(len(a.candidate.tokens) for a in second if a.candidate)
    assert sum(read) == 1 + written - len(second)
    assert sum(a.cost.prefilled for a in second) == 0
    flops = sum(a.cost.policy_flops for a in second)
    assert flops == 2 * engine.parameters * sum(read)
    # A person goes on from two sampled steps, one of which was read by now: what she wrote is all that is prefilled.
    other = [a.candidate for a in first if a.candidate and a.candidate.finish == "step"][-1]
    assert other.tokens != step.tokens
    for known in (step, other):
        path = (ContextStep(known.text, known.tokens), ContextStep("3+4=7 left 7"))
        (after,) = sample(engine, ask(PROMPTS[0], path, seed=9))
        assert after.cost.prefilled == len(encode("3+4=7 left 7\n"))


def test_what_one_search_costs_does_not_depend_on_another() -> None:
    engine = policy()
    first, again, other = (sample(engine, replace(ask(PROMPTS[0]), search=key))[0] for key in ("one", "one", "other"))
    assert first.candidate == again.candidate == other.candidate
    assert first.cost.prefilled == other.cost.prefilled == 1 + len(encode(PROMPTS[0]))
    assert again.cost.prefilled == 0


def test_greedy_takes_the_likeliest_token_whatever_the_seed() -> None:
    engine = policy()
    tokens = {
        a.candidate.tokens
        for a in sample(engine, *(ask(PROMPTS[1], seed=i, temperature=0) for i in range(5)))
        if a.candidate
    }
    assert len(tokens) == 1
    (chosen,) = tokens
    logits = engine.model(input_ids=torch.tensor([[BOS_ID, *encode(PROMPTS[1])]])).logits[0, -1]
    assert chosen[0] == int(logits.argmax())


def test_steps_end_where_they_should() -> None:
    for _, c in grown(policy()):
        if c.finish == "step":
            assert tokenizer().decode(list(c.tokens)).endswith("\n")
        elif c.finish == "eos":
            assert c.tokens[-1] == EOS_ID
        else:
            assert len(c.tokens) == 12
        assert "\n" not in c.text and "<eos>" not in c.text
        assert len(c.pieces) == len(c.tokens) == len(c.logprobs)


def test_a_hand_written_step_has_no_tokens_and_is_encoded() -> None:
    engine = policy()
    written = tuple(encode("25*2=50 left 3 14 50\n"))
    by_hand = ask(PROMPTS[0], (ContextStep("25*2=50 left 3 14 50"),), seed=5)
    by_model = ask(PROMPTS[0], (ContextStep("25*2=50 left 3 14 50", written),), seed=5)
    one, other = sample(engine, by_hand, by_model)
    assert one.candidate == other.candidate


def test_the_context_limit_cuts_a_step_off() -> None:
    engine = policy()
    long = tuple(ContextStep("1+1=2 left 2", tuple(encode("1+1=2 left 2\n"))) for _ in range(14))
    (answer,) = sample(engine, ask(PROMPTS[0], long, most=500))
    used = 1 + len(encode(PROMPTS[0])) + sum(len(s.tokens) for s in long)
    assert len(answer.candidate.tokens if answer.candidate else ()) <= 160 - used


def test_a_prefix_beyond_the_context_is_not_even_read() -> None:
    engine = policy()
    long = tuple(ContextStep("1+1=2 left 2", tuple(encode("1+1=2 left 2\n"))) for _ in range(20))
    answer, other = sample(engine, ask(PROMPTS[0], long), ask(PROMPTS[1]))
    assert (answer.candidate, answer.cost.tokens, answer.cost.policy_calls) == (None, 0, 1)
    assert other.candidate == sample(policy(), ask(PROMPTS[1]))[0].candidate


def test_an_empty_prompt_is_refused_where_there_is_no_first_token() -> None:
    words = copy.deepcopy(tokenizer())
    words.bos_token = None
    with pytest.raises(EngineError, match="prompt is empty"):
        sample(TransformersPolicy(llama(), words, "tiny"), ask(""))


def test_a_probability_that_is_no_number_is_an_error() -> None:
    model = llama()
    with torch.no_grad():
        model.lm_head.weight[3, 0] = float("nan")
    with pytest.raises(EngineError, match="no number"):
        sample(policy(model), ask(PROMPTS[0]))


def test_a_step_of_one_token_is_counted_once() -> None:
    engine = policy(style=PromptStyle(delimiter="t"))
    (token,) = encode(" left")
    answers = sample(engine, *(ask(PROMPTS[0], seed=i, most=1) for i in range(200)))
    step = next(a.candidate for a in answers if a.candidate and a.candidate.finish == "step")
    assert (step.text, step.tokens) == ("lef", (token,))
    after = sample(engine, *(ask(PROMPTS[0], (ContextStep(step.text, step.tokens),), seed=i, most=1) for i in range(2)))
    assert [a.cost.prefilled for a in after] == [0, 0]
    assert [a.cost.policy_flops for a in after] == [2 * engine.parameters, 0]


def test_an_empty_step_is_no_candidate_but_it_costs() -> None:
    model = llama()
    with torch.no_grad():
        model.lm_head.weight.zero_()  # all tokens alike: greedy takes the lowest id
    engine = TransformersPolicy(model, tokenizer(), "tiny")
    engine.ends = frozenset({0})
    (answer,) = sample(engine, ask(PROMPTS[0], temperature=0))
    assert answer.candidate is None
    assert (answer.cost.policy_calls, answer.cost.generated) == (1, 1)


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (torch.OutOfMemoryError("CUDA"), "smaller N"),
        (RuntimeError("[enforce fail] can't allocate memory"), "smaller N"),
        (MemoryError(), "smaller N"),
        (RuntimeError("shapes do not fit\nin many lines"), r"shapes do not fit\. Resume to try again"),
        (RuntimeError(), r"RuntimeError\. Resume"),
    ],
)
def test_a_failure_is_told_in_words(raised: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = policy()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise raised

    monkeypatch.setattr(engine.reader, "forward", fail)
    with pytest.raises(EngineError, match=words):
        sample(engine, ask(PROMPTS[0]))


def test_uniform_numbers_are_uniform_and_differ_by_seed_and_place() -> None:
    numbers = [uniform(seed, place) for seed in range(100) for place in range(100)]
    assert len(set(numbers)) == 10_000
    assert sum(numbers) / 10_000 == pytest.approx(0.5, abs=0.01)
    assert all(0 < n < 1 for n in numbers)


def test_sampling_follows_the_tempered_distribution_and_reports_the_untempered_one() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0]])
    for temperature in (0.5, 1.0, 2.0):
        drawn = [choose(logits, [temperature], [seed], [0]) for seed in range(4000)]
        share = torch.bincount(torch.tensor([t[0] for t, _ in drawn]), minlength=3) / 4000
        assert share.tolist() == pytest.approx(torch.softmax(logits[0] / temperature, -1).tolist(), abs=0.03)
        for (token,), (logprob,) in drawn[:20]:
            assert logprob == pytest.approx(logits[0].log_softmax(-1)[token].item(), abs=1e-4)


def test_among_equals_greedy_takes_the_lowest_id_and_cold_samples_are_numbers() -> None:
    logits = torch.tensor([[0.0, 3.0, 3.0, 1.0], [-1e4, 0.0, 1e4, -float("inf")]])
    assert choose(logits, [0.0, 0.0], [1, 2], [0, 0])[0] == [1, 2]
    tokens, logprobs = choose(logits, [1e-4, 1e-4], [1, 2], [0, 0])
    assert tokens[0] in (1, 2) and tokens[1] == 2
    assert logprobs[1] == 0 and logprobs[0] == pytest.approx(-0.7817, abs=1e-3)


def test_where_memory_runs_out_half_as_many_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [ask(prompt, seed=seed) for prompt in PROMPTS for seed in range(4)]
    expected = [a.candidate.tokens for a in sample(policy(), *requests) if a.candidate]
    engine = policy()
    forward, tried = engine.reader.forward, []

    def small(tokens: Any, counts: Any, cache: Any) -> Any:
        tried.append(len(tokens))
        if len(tokens) > 3 and len(tried) > 2:  # not at once: what was begun must begin anew
            raise torch.OutOfMemoryError("CUDA")
        return forward(tokens, counts, cache)

    monkeypatch.setattr(engine.reader, "forward", small)
    assert [a.candidate.tokens for a in sample(engine, *requests) if a.candidate] == expected
    assert max(tried) == 12


def test_a_memory_that_holds_no_single_one_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = policy()

    def fail(*args: Any) -> None:
        raise torch.OutOfMemoryError("CUDA")

    monkeypatch.setattr(engine.reader, "forward", fail)
    with pytest.raises(EngineError, match="ran out of memory"):
        sample(engine, ask(PROMPTS[0]), ask(PROMPTS[1]))


def test_a_small_memory_reads_again_and_says_so() -> None:
    engine = policy(kv_bytes=1)
    first = next(c for r, c in grown(policy()) if c.finish == "step" and not r.steps)
    steps = (ContextStep(first.text, first.tokens),)
    one, two = (sample(engine, ask(PROMPTS[0], steps, seed=i))[0].cost for i in range(2))
    assert one.reread == 0
    sample(engine, ask(PROMPTS[1]))  # pushes the other prompt out
    (after,) = sample(engine, ask(PROMPTS[0], steps, seed=9))
    assert two.prefilled == 0 and after.cost.reread == after.cost.prefilled == one.prefilled
