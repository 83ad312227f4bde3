"""Tiny random models of standard architectures, and the naive way to read them: the whole text, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForTokenClassification, Qwen2Config, Qwen2ForCausalLM

from tests.engines.local.tokenizer import BOS_ID, EOS_ID, PAD_ID, encode, tokenizer

SHAPE: dict[str, Any] = {
    "vocab_size": len(tokenizer()),
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 160,
    "bos_token_id": BOS_ID,
    "eos_token_id": EOS_ID,
    "pad_token_id": PAD_ID,
}


def llama(seed: int = 0, attention: str = "sdpa", **more: Any) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    model = LlamaForCausalLM._from_config(LlamaConfig(**SHAPE, **more), attn_implementation=attention)
    return _livelier(model)


def qwen(seed: int = 0) -> Qwen2ForCausalLM:
    torch.manual_seed(seed)
    return _livelier(Qwen2ForCausalLM._from_config(Qwen2Config(**SHAPE), attn_implementation="eager"))


def prm(seed: int = 0) -> LlamaForTokenClassification:
    torch.manual_seed(seed)
    return _livelier(LlamaForTokenClassification._from_config(LlamaConfig(**SHAPE, num_labels=2)))


def _livelier(model: Any) -> Any:
    """Fresh weights are so small that attention hardly matters; these make every earlier token count."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(12)
    return model.eval()


@torch.inference_mode()
def naive_logprobs(model: Any, prompt: str, before: Sequence[int], step: Sequence[int]) -> list[float]:
    """Natural log-probabilities of a step's tokens, from one pass over the whole text."""
    tokens = [BOS_ID, *encode(prompt), *before, *step]
    logits = model(input_ids=torch.tensor([tokens])).logits[0].double().log_softmax(-1)
    start = len(tokens) - len(step)
    return [logits[start + i - 1, token].item() for i, token in enumerate(step)]


@torch.inference_mode()
def naive_rewards(model: Any, prompt: str, steps: Sequence[str]) -> list[float]:
    """The verifier's probability of "true" at each step's end, from one pass over the whole text."""
    tokens, ends = [BOS_ID, *encode(prompt)], []
    for step in steps:
        tokens += encode(step + "\n")
        ends.append(len(tokens) - 1)
    said = model(input_ids=torch.tensor([tokens])).logits[0].double().softmax(-1)[:, 1]
    return [said[i].item() for i in ends]
