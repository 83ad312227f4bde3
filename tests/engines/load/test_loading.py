"""Models by name: what cannot be read rightly is refused when it is loaded, in words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GraniteConfig,
    GraniteForCausalLM,
    LlamaConfig,
    LlamaForTokenClassification,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from tests.engines.local.models import SHAPE, llama, naive_rewards, prm
from tests.engines.local.tokenizer import tokenizer
from tts_viz.engines.base import SampleRequest, ScoreRequest
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.engines.local.policy import TransformersPolicy
from tts_viz.engines.local.verifier import TransformersVerifier

PROMPT = "Evaluate (3+4)*2\n"


def saved(model: Any, folder: Path) -> str:
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)


def test_a_policy_in_a_folder_samples_as_the_model_it_was_saved_from(tmp_path: Path) -> None:
    request = SampleRequest(PROMPT, (), 1.0, 7, 20)
    (loaded,) = asyncio.run(load_policy(saved(llama(), tmp_path)).sample([request]))
    (made,) = asyncio.run(TransformersPolicy(llama(), tokenizer(), "made").sample([request]))
    assert loaded.candidate == made.candidate


def test_a_verifier_says_which_of_its_labels_is_the_good_one(tmp_path: Path) -> None:
    ask = ScoreRequest(PROMPT, ("3+4=7 left 7*2", "7*2=14"), 2)
    model = prm()
    good = naive_rewards(model, PROMPT, ask.steps)
    (answer,) = asyncio.run(load_verifier(saved(model, tmp_path / "plain")).score([ask]))
    assert list(answer.rewards) == pytest.approx(good, abs=1e-5)
    model.config.id2label = {0: "correct", 1: "incorrect"}
    (answer,) = asyncio.run(load_verifier(saved(model, tmp_path / "turned")).score([ask]))
    assert list(answer.rewards) == pytest.approx([1 - r for r in good], abs=1e-5)


def test_a_head_that_would_be_random_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"add \?format=NAME"):
        load_verifier(saved(llama(), tmp_path / "policy"))
    with pytest.raises(ValueError, match="lacks the weights lm_head"):
        load_policy(saved(prm(), tmp_path / "verifier"))


def test_a_verifier_with_other_labels_is_refused(tmp_path: Path) -> None:
    model = LlamaForTokenClassification._from_config(LlamaConfig(**SHAPE, num_labels=3))
    with pytest.raises(ValueError, match="3 labels"):
        load_verifier(saved(model, tmp_path))


def mamba() -> Any:
    return MambaForCausalLM(
        MambaConfig(vocab_size=SHAPE["vocab_size"], hidden_size=16, num_hidden_layers=2, state_size=4)
    )


def granite() -> Any:
    return GraniteForCausalLM(GraniteConfig(**SHAPE, logits_scaling=8.0, initializer_range=1.0))


def gemma() -> Any:
    return Gemma2ForCausalLM(Gemma2Config(**SHAPE, head_dim=8, final_logit_softcapping=1.0, initializer_range=1.0))


@pytest.mark.parametrize(("build", "words"), [(mamba, "no attention"), (granite, "in parts"), (gemma, "in parts")])
def test_an_architecture_that_we_would_misread_is_refused(build: Any, words: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    with pytest.raises(ValueError, match=words):
        load_policy(saved(build(), tmp_path))


def test_a_sliding_window_ends_the_context(tmp_path: Path) -> None:
    model = MistralForCausalLM(MistralConfig(**SHAPE, sliding_window=50))
    policy = load_policy(saved(model, tmp_path))
    (answer,) = asyncio.run(policy.sample([SampleRequest(PROMPT, (), 0.0, 1, 500)]))
    assert isinstance(policy, TransformersPolicy) and policy.reader.context == 50
    assert answer.cost.prefilled + answer.cost.generated == 50


@pytest.mark.parametrize(
    ("load", "name", "words"),
    [
        (load_policy, "gpt-9", "policy-small"),
        (load_policy, "verifier", "does not write"),
        (load_verifier, "policy-small", "does not score"),
        (load_verifier, "noisy:much", "noisy:0.2"),
        (load_verifier, "noisy:0.7", "noisy:0.2"),
        (load_verifier, "nowhere", "oracle"),
    ],
)
def test_a_model_that_is_not_there_is_refused_with_the_choices(load: Any, name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load(name)


def test_the_loaded_verifier_is_one_of_ours(tmp_path: Path) -> None:
    assert isinstance(load_verifier(saved(prm(), tmp_path)), TransformersVerifier)
