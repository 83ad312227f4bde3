"""Each PRM format: rewards read along a tree are those of an independent reading of each whole text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.engines.prm import checkpoints as made
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.load.verifier import load_prm, load_verifier
from tts_viz.engines.local.verifier import TransformersVerifier
from tts_viz.engines.model_spec import parse_model_spec

QUESTION = "How many apples are left?"
STEPS = ("Step 1: 3 + 4 = 7 apples.", "Step 2: 7 - 2 = 5\napples left.", "The answer is \\boxed{5}.", "We are done")
PATHS = [STEPS[:1], STEPS[1:2], STEPS[:2], STEPS[:3], (STEPS[0], STEPS[3]), STEPS, STEPS[::-1]]

Naive = Callable[[Sequence[str]], list[float]]


@torch.inference_mode()
def hidden(body: Any, ids: Sequence[int]) -> torch.Tensor:
    return body(input_ids=torch.tensor([list(ids)])).last_hidden_state[0]


def ids_of(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]


# --- one format each: a checkpoint in a folder, and how to read it without us -------------------------------------


def math_shepherd(folder: Path, tokenizer: Any, spaced: bool) -> Naive:
    model = made.writer(tokenizer, "mistral" if spaced else "llama")
    tokenizer = made.saved(model, tokenizer, folder)
    plus, minus = ids_of(tokenizer, "+ -")

    def read(steps: Sequence[str]) -> list[float]:
        text = f"{QUESTION} " + "\n".join(f"{step} ки" for step in steps)
        told = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        bos = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([bos + told["input_ids"]])).logits[0][:, [plus, minus]].softmax(-1)
        # A tag ends where a token ends whose text ends with "и", the only one there is.
        last = [i for i, (a, b) in enumerate(told["offset_mapping"]) if text[a:b].endswith("и")]
        return [logits[len(bos) + i, 0].item() for i in last]

    return read


def rlhflow(folder: Path, tokenizer: Any) -> Naive:
    model = made.writer(tokenizer, "llama")
    tokenizer = made.saved(model, tokenizer, folder)
    signs = [ids_of(tokenizer, sign)[0] for sign in "+-"]

    def read(steps: Sequence[str]) -> list[float]:
        found, turns = [], []
        for k, step in enumerate(steps):
            turns.append({"role": "user", "content": step if k else f"{QUESTION} {step}"})
            text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
            with torch.inference_mode():
                logits = model(input_ids=torch.tensor([ids_of(tokenizer, text)])).logits[0, -1]
            found.append(logits[signs].softmax(-1)[0].item())
            turns.append({"role": "assistant", "content": "+"})
        return found

    return read


def qwen(folder: Path, parts: int) -> Naive:
    tokenizer = made.byte_level()
    head = made.lively(nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2)), 3)
    weights = {f"score.{name}": tensor.detach() for name, tensor in head.state_dict().items()}
    body, tokenizer = made.with_own_head(tokenizer, folder, weights, "Qwen2ForProcessRewardModel", parts)

    def read(steps: Sequence[str]) -> list[float]:
        turns = [
            {"role": "system", "content": "Please reason step by step, and put your final answer within \\boxed{}."},
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
        ]
        ids = ids_of(tokenizer, tokenizer.apply_chat_template(turns, tokenize=False))
        with torch.inference_mode():
            scores = head(hidden(body, ids)).softmax(-1)[:, 1]
        return [scores[i].item() for i, token in enumerate(ids) if token == ids_of(tokenizer, "<extra_0>")[0]]

    return read


def skywork(folder: Path, bos: bool) -> Naive:
    tokenizer = made.byte_level(bos=bos)
    head = made.lively(nn.Linear(32, 1), 3)
    weights = {f"v_head.summary.{name}": tensor.detach() for name, tensor in head.state_dict().items()}
    body, tokenizer = made.with_own_head(tokenizer, folder, weights, "Qwen2ForRewardModel")
    (newline,) = ids_of(tokenizer, "\n")

    def read(steps: Sequence[str]) -> list[float]:
        ids, ends = [0] if bos else [], []
        ids += ids_of(tokenizer, QUESTION + "\n")
        for step in steps:
            for line in step.split("\n"):
                ids += [*ids_of(tokenizer, line), newline]
            ends.append(len(ids) - 1)
        with torch.inference_mode():
            return head(hidden(body, ids)).sigmoid()[ends, 0].tolist()

    return read


def orm(folder: Path, separator: str = "\n\n") -> Naive:
    tokenizer = made.byte_level()
    model = made.outcome(tokenizer)
    tokenizer = made.saved(model, tokenizer, folder)

    def read(steps: Sequence[str]) -> list[float]:
        found = []
        for k in range(1, len(steps) + 1):
            ids = ids_of(tokenizer, f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n")
            for i, step in enumerate(steps[:k]):
                ids += ids_of(tokenizer, separator * (i > 0) + step)
            ids += ids_of(tokenizer, "<|im_end|>\n")
            with torch.inference_mode():
                found.append(model(input_ids=torch.tensor([ids])).logits[0, 0].sigmoid().item())
        return found

    return read


CASES: dict[str, tuple[str, Callable[[Path], Naive]]] = {
    "math-shepherd, tag of one token": (
        "math-shepherd", lambda folder: math_shepherd(folder, made.spaced(True), True)
    ),
    "math-shepherd, tag of several tokens": ("math-shepherd", lambda folder: math_shepherd(folder, made.spaced(False), True)),
    "rlhflow": ("rlhflow", lambda folder: rlhflow(folder, made.byte_level())),
    "rlhflow, no header before the answer": ("rlhflow", lambda folder: rlhflow(folder, made.byte_level(made.INST))),
    "qwen": ("qwen", lambda folder: qwen(folder, 1)),
    "qwen, weights in three files": ("qwen", lambda folder: qwen(folder, 3)),
    "skywork": ("skywork", lambda folder: skywork(folder, False)),
    "skywork, with a first token": ("skywork", lambda folder: skywork(folder, True)),
    "orm": ("orm", orm),
}  # fmt: skip

TOLD = {"math-shepherd", "rlhflow"}
"""Formats that no config tells."""


def score(verifier: TransformersVerifier, *paths: Sequence[str], wanted: int = 99) -> list[Rewards]:
    asked = [ScoreRequest(QUESTION, tuple(path), min(wanted, len(path))) for path in paths]
    return asyncio.run(verifier.score(asked))


@pytest.mark.parametrize("case", CASES)
def test_rewards_along_a_tree_are_those_of_reading_each_whole_text(case: str, tmp_path: Path) -> None:
    format, make = CASES[case]
    naive = make(tmp_path)
    verifier, found = load_prm(parse_model_spec(str(tmp_path) + f"?format={format}" * (format in TOLD)))
    assert found.format == format
    for batch in (PATHS[:3], PATHS[3:], PATHS):
        for path, answer in zip(batch, score(verifier, *batch)):
            assert list(answer.rewards) == pytest.approx(naive(path), abs=1e-4)
    assert len({round(r, 3) for path in PATHS for r in naive(path)}) > 6, (
        "rewards that are all alike would show nothing"
    )


@pytest.mark.parametrize("case", CASES)
def test_only_new_steps_are_read(case: str, tmp_path: Path) -> None:
    format, make = CASES[case]
    make(tmp_path)
    verifier, _ = load_prm(parse_model_spec(str(tmp_path) + f"?format={format}" * (format in TOLD)))
    (first,) = score(verifier, STEPS[:2])
    (second,) = score(verifier, STEPS[:3], wanted=1)
    assert second.cost.verifier_tokens < 0.6 * first.cost.verifier_tokens


def test_a_name_may_say_the_format_and_the_separator(tmp_path: Path) -> None:
    naive = orm(tmp_path, separator=" ")
    verifier, found = load_prm(parse_model_spec(f"{tmp_path}?format=orm&separator=%20"))
    assert found.why == "you said so"
    assert list(score(verifier, STEPS)[0].rewards) == pytest.approx(naive(STEPS), abs=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("?format=best", "no PRM format .best."),
        ("?frmat=orm", "no option 'frmat'"),
        ("?format=orm&separator=x&tag=y", "no option 'tag'"),
        ("?format=trl", "lacks the weights|labels"),
        ("?format=qwen", "lack score.0.weight"),
        ("?format=skywork", "no v_head"),
        ("?format=rlhflow", "lacks the weights"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(options: str, words: str, tmp_path: Path) -> None:
    orm(tmp_path)
    with pytest.raises(ValueError, match=words):
        load_verifier(f"{tmp_path}{options}")


def test_a_tokenizer_without_what_the_format_needs_is_refused(tmp_path: Path) -> None:
    made.saved(made.writer(bare := made.byte_level(None), "llama"), bare, tmp_path)
    with pytest.raises(ValueError, match="no chat template"):
        load_verifier(f"{tmp_path}?format=rlhflow")


@pytest.mark.parametrize(
    ("name", "format"),
    [("math-shepherd-mistral-7b-prm", "math-shepherd"), ("Llama3.1-8B-PRM-Deepseek-Data", "rlhflow")],
)
def test_a_language_model_is_known_by_its_published_name(name: str, format: str, tmp_path: Path) -> None:
    (folder := tmp_path / name).mkdir()
    tokenizer = made.byte_level() if format == "rlhflow" else made.spaced(True)
    made.saved(made.writer(tokenizer, "llama"), tokenizer, folder)
    assert load_prm(parse_model_spec(str(folder)))[1].format == format


def test_noise_turns_a_share_of_the_rewards_round_and_the_same_ones_every_time(tmp_path: Path) -> None:
    orm(tmp_path)
    plain, noisy = load_verifier(str(tmp_path)), load_verifier(f"noisy:0.25:{tmp_path}")
    paths = [(f"Step {i}", f"then {i}") for i in range(200)]
    before, after, again = (
        [r for a in score(v, *paths) for r in a.rewards] for v in (plain, noisy, noisy)  # type: ignore[arg-type]
    )  # fmt: skip
    turned = [b == pytest.approx(1 - a, abs=1e-6) and abs(a - b) > 1e-6 for a, b in zip(before, after)]
    assert all(t or a == pytest.approx(b) for t, a, b in zip(turned, before, after))
    assert 60 < sum(turned) < 140
    assert after == again
    lasts = [a.rewards[0] for a in score(noisy, *paths, wanted=1)]  # type: ignore[arg-type]
    assert lasts == pytest.approx(after[1::2], abs=1e-4)
    with pytest.raises(ValueError, match=r"from 0 to 0\.5"):
        load_verifier(f"noisy:0.9:{tmp_path}")
