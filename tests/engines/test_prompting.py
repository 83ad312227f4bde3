"""Chat templates, delimiters, stop strings and boxed answers: where a step ends, and what a chat model is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engines.prm.checkpoints import byte_level, saved, writer
from tts_viz.engines.base import ContextStep, SampleRequest
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.local.policy import TransformersPolicy
from tts_viz.engines.prompt_presets import BOX, CHAT, PLAIN, preset_of, prompt_style
from tts_viz.engines.prompting import AGAIN, PromptStyle
from tts_viz.tasks import get_task

BLANK = PromptStyle(delimiter="\n\n", stop=("Question:",), boxed=True)
THINKER = PromptStyle(delimiter="\n\n", boxed=True, thinks=True)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("First we add.", None),
        ("First we add.\n", None),
        ("First we add.\n\n", ("First we add.", "step")),
        ("\n\nFirst we add.\n\nThen", ("First we add.", "step")),  # nothing before the first word is a step
        ("\n\n\n", None),
        ("It is \\boxed{7}.\n\n", ("It is \\boxed{7}.", "eos")),
        ("It is \\boxed{\\frac{1}{2}\n\n", ("It is \\boxed{\\frac{1}{2}", "step")),  # the box is not closed
        ("It is \\boxed{\\frac{1}{2}}\n\n", ("It is \\boxed{\\frac{1}{2}}", "eos")),
        ("Done. Question: what", ("Done.", "eos")),
        ("One.\n\nQuestion:", ("One.", "step")),  # what comes first counts
        ("Question:", ("", "eos")),
    ],
)
def test_where_a_step_ends(text: str, ends: tuple[str, str] | None) -> None:
    assert BLANK.cut(text) == ends


def test_a_box_among_thoughts_does_not_end_the_solution() -> None:
    step = "Perhaps \\boxed{7}."
    assert THINKER.thinking(()) and THINKER.thinking(("Hm.",)) and not THINKER.thinking(("So.</think>",))
    assert THINKER.cut(step + "\n\n", thinking=True) == (step, "step")
    assert THINKER.cut(step + "\n\n", thinking=False) == (step, "eos")
    both = "Perhaps 6.</think> \\boxed{7}"
    assert THINKER.cut(both + "\n\n", thinking=True) == (both, "eos")


def test_thoughts_that_begin_in_the_text_are_thoughts_too() -> None:
    """Of a model that nobody knew for a thinking one."""
    thought = "<think>\nThought 1: maybe \\boxed{1}?"
    assert BLANK.cut(thought + "\n\n") == (thought, "step")
    assert BLANK.thinking((thought,)) and not BLANK.thinking((thought, "No.</think>"))
    assert BLANK.cut("Then \\boxed{2}.\n\n", thinking=True) == ("Then \\boxed{2}.", "step")
    assert BLANK.cut("No.</think> It is \\boxed{3}.\n\n", thinking=True) == ("No.</think> It is \\boxed{3}.", "eos")


@pytest.mark.parametrize("name", ["Qwen/Qwen3-4B-Thinking-2507", "Qwen/QwQ-32B", "nvidia/OpenReasoning-Nemotron-7B"])
def test_thinking_models_are_known_by_their_names(name: str) -> None:
    assert preset_of(name, byte_level()).thinks


def test_a_template_that_opens_a_thought_makes_a_thinker() -> None:
    opens = byte_level("{{ messages[0]['content'] }}<|im_start|>assistant\n<think>\n")
    assert prompt_style("some/model", opens, {}).thinks
    assert not prompt_style("some/model", byte_level(), {}).thinks


def test_a_template_that_takes_no_system_prompt_is_refused_when_the_model_is_loaded() -> None:
    gemma = byte_level(
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        "{{ m['content'] }}{% endfor %}"
    )
    assert prompt_style("gemma-like", gemma, {}).chat
    with pytest.raises(ValueError, match="takes no system prompt"):
        prompt_style("gemma-like", gemma, {"system": "Be brief."})
    with pytest.raises(ValueError, match=r"does not take a question .*say chat=no"):
        prompt_style("odd", byte_level("{{ raise_exception('No.') }}"), {})


def request(**more: object) -> SampleRequest:
    return SampleRequest("Make 7 from 3 4\n", (), 1.0, 1, 24, **more)  # pyright: ignore[reportArgumentType]


def test_a_chat_shows_earlier_attempts_as_turns() -> None:
    asked = request(asked="Please make 7.", earlier=(("3*4=12", "12-5=7"), ("4-3=1",)))
    assert PromptStyle(True, "Be brief.", "\n\n").opening(byte_level(), asked) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nPlease make 7.<|im_end|>\n"
        "<|im_start|>assistant\n3*4=12\n\n12-5=7<|im_end|>\n"
        f"<|im_start|>user\n{AGAIN}<|im_end|>\n"
        "<|im_start|>assistant\n4-3=1<|im_end|>\n"
        f"<|im_start|>user\n{AGAIN}<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert PLAIN.opening(byte_level(), asked).endswith("Wrong:\n4-3=1\nTry again:\n")


def test_a_template_is_told_not_to_think_aloud() -> None:
    tokenizer = byte_level("{{ 'think' if enable_thinking else 'plain' }}")
    assert CHAT.opening(tokenizer, request()) == "plain"
    assert PromptStyle(chat=True, thinks=True).opening(tokenizer, request()) == "think"


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        ("Qwen/Qwen2.5-Math-7B-Instruct", "qwen2.5-math"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "r1-distill"),
        ("/models/Qwen3-4B-Instruct-2507", "qwen3"),
        ("Qwen/Qwen2.5-0.5B-Instruct", "qwen2.5-instruct"),
        ("meta-llama/Llama-3.2-1B-Instruct", "llama-3.2-instruct"),
    ],
)
def test_families_are_known_by_their_names(name: str, preset: str) -> None:
    assert preset_of(name, byte_level()) is preset_of("anything", byte_level(), preset)
    assert preset_of(name, byte_level(None)) is PLAIN


def test_math_models_get_their_system_prompt() -> None:
    assert preset_of("Qwen2.5-Math-1.5B", byte_level()).system == BOX
    assert preset_of("somebody/else", byte_level()) is CHAT


def test_options_are_said_with_the_name(tmp_path: Path) -> None:
    saved(writer(byte_level(), "qwen2"), byte_level(), tmp_path)
    policy = load_policy(f"{tmp_path}?delimiter=%3B&system=Hi%26bye&stop=END|Q:&boxed=no&step_tokens=7")
    assert isinstance(policy, TransformersPolicy)
    assert policy.style == PromptStyle(True, "Hi&bye", ";", ("END", "Q:"), False, step_tokens=7)
    assert policy.step_tokens == 7


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("delimiter=", "must not be empty"),
        ("boxed=maybe", "yes or no"),
        ("step_tokens=0", "from 1 to"),
        ("preset=gpt", "qwen2.5-math"),
        ("temperature=1", "no option 'temperature'"),
        ("dtype=int3", "float32, bfloat16"),
        ("bits=3", "4 or 8"),
        ("bits=4&device=cpu", "need a CUDA GPU"),
        ("device=tpu9000", "must be cpu, mps, cuda"),
        ("device=cuda:77", "there is no cuda:77"),
    ],
)
def test_options_that_are_none_are_refused(options: str, words: str, tmp_path: Path) -> None:
    saved(writer(byte_level(), "qwen2"), byte_level(), tmp_path)
    with pytest.raises(ValueError, match=words):
        load_policy(f"{tmp_path}?{options}")


def test_a_chat_needs_a_template(tmp_path: Path) -> None:
    saved(writer(byte_level(None), "qwen2"), byte_level(None), tmp_path)
    with pytest.raises(ValueError, match="no chat template"):
        load_policy(f"{tmp_path}?chat=yes")


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(writer(byte_level(), "qwen2"), byte_level(), tmp_path)
    monkeypatch.setattr("tts_viz.engines.local.placement.free_bytes", lambda device: 10_000)
    with pytest.raises(ValueError, match=r"need .* MB in float32, and cpu has 0 MB free"):
        load_policy(str(tmp_path))


def test_a_chat_policy_goes_on_from_its_own_steps(tmp_path: Path) -> None:
    """The tokens of the whole conversation, read at once, are those that the policy read step by step."""
    tokenizer = byte_level()
    saved(writer(tokenizer, "qwen2"), tokenizer, tmp_path)
    policy = load_policy(f"{tmp_path}?delimiter=e")
    assert isinstance(policy, TransformersPolicy)
    steps: tuple[ContextStep, ...] = ()
    problem = get_task("countdown").parse("make 7 from 3 4")
    for seed in range(40):
        ask = SampleRequest(problem.prompt, steps, 1.0, seed, 200, asked=problem.asked)
        (answer,) = asyncio.run(policy.sample([ask]))
        if answer.candidate and answer.candidate.finish == "step":
            steps = (*steps, ContextStep(answer.candidate.text, answer.candidate.tokens))
        if len(steps) == 2:
            break
    assert len(steps) == 2
    opening = policy.style.opening(tokenizer, ask)
    assert problem.asked in opening and opening.endswith("<|im_start|>assistant\n")
    fresh = load_policy(f"{tmp_path}?delimiter=e")
    again = SampleRequest(problem.prompt, steps, 1.0, 99, 40, asked=problem.asked)
    (warm,), (cold,) = asyncio.run(policy.sample([again])), asyncio.run(fresh.sample([again]))
    assert warm.candidate and cold.candidate
    assert replace(warm.candidate, logprobs=()) == replace(cold.candidate, logprobs=())
    assert warm.candidate.logprobs == pytest.approx(cold.candidate.logprobs, abs=1.1e-4)  # rounded to four digits
    read = len(tokenizer(opening, add_special_tokens=False)["input_ids"]) + sum(len(s.tokens) for s in steps)
    assert cold.cost.prefilled == read
