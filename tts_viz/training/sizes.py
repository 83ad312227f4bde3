"""The architectures of the embedded models, all standard Llama, and how long each is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

from transformers import LlamaConfig

from tts_viz.training.tokenizer import BOS_ID, EOS_ID, PAD_ID, tokenizer


@dataclass(frozen=True, slots=True)
class Size:
    """A model's shape and its training: tokens seen in all, tokens a batch, and the peak learning rate."""

    hidden: int
    layers: int
    heads: int
    inner: int
    tokens: int
    batch_tokens: int
    learning_rate: float


SIZES = {
    "policy-small": Size(96, 5, 4, 192, 40_000_000, 4096, 1e-2),
    "policy-large": Size(288, 8, 12, 576, 60_000_000, 4096, 3e-3),
    "verifier": Size(96, 12, 4, 192, 40_000_000, 4096, 5e-3),
    "reviser": Size(96, 8, 4, 192, 30_000_000, 4096, 3e-3),
}

QUICK = Size(32, 2, 2, 64, 75_000, 2048, 1e-2)

QUICK_SIZES = {part: QUICK if part == "policy-small" else replace(QUICK, layers=3) for part in SIZES}


def config(size: Size, **more: object) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer()),
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        intermediate_size=size.inner,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=BOS_ID,
        eos_token_id=EOS_ID,
        pad_token_id=PAD_ID,
        attention_dropout=0.0,
        **more,  # pyright: ignore[reportArgumentType]
    )
