"""The three architectures, all standard Llama, and how long each is trained."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import LlamaConfig

from tts_viz.zoo.tokenizer import BOS_ID, EOS_ID, PAD_ID, tokenizer


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
    "policy-small": Size(80, 4, 4, 224, 18_000_000, 2048, 1e-2),
    "revisions": Size(80, 4, 4, 224, 4_000_000, 2048, 3e-3),
    "policy-large": Size(240, 6, 12, 672, 3_700_000, 2048, 2e-3),
    "verifier": Size(80, 4, 4, 224, 22_500_000, 2048, 6e-3),
}

QUICK = Size(32, 2, 2, 64, 150_000, 2048, 1e-2)


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
