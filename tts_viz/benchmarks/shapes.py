"""Models with random weights for speed measurements, and a tokenizer with one token for each character."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer, models
from tokenizers.decoders import Fuse
from tokenizers.pre_tokenizers import Split
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForTokenClassification, PreTrainedTokenizerFast

SHAPES: dict[str, dict[str, int]] = {
    "5 M": {"hidden_size": 256, "intermediate_size": 688, "num_hidden_layers": 6, "num_attention_heads": 8,
            "num_key_value_heads": 2, "vocab_size": 4_000},
    "100 M": {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 12,
              "num_key_value_heads": 4, "vocab_size": 32_000},
}  # fmt: skip
"""Several heads share their keys and values, as in current models."""

FIRST = 0x10000
"""First character of the vocabulary: each following one is a token, and none is a delimiter."""


def config(shape: str, **more: Any) -> LlamaConfig:
    return LlamaConfig(
        **SHAPES[shape],  # pyright: ignore[reportArgumentType]
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=None,
        pad_token_id=0,
        **more,
    )


def policy(shape: str) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM._from_config(config(shape), attn_implementation="sdpa").eval()


def prm(shape: str) -> LlamaForTokenClassification:
    torch.manual_seed(0)
    return LlamaForTokenClassification._from_config(config(shape, num_labels=2), attn_implementation="sdpa").eval()


@cache
def tokenizer(shape: str) -> PreTrainedTokenizerFast:
    vocabulary = {chr(FIRST + i): i for i in range(SHAPES[shape]["vocab_size"])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=chr(FIRST)))
    made.pre_tokenizer = Split("", "isolated")
    made.decoder = Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token=chr(FIRST), pad_token=chr(FIRST))


def text(tokens: int) -> str:
    return "".join(chr(FIRST + 1 + i % 1000) for i in range(tokens))
