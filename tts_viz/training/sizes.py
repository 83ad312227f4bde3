"""The three architectures, all standard Llama, and how long each is trained."""

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
    "policy-small": Size(80, 4, 4, 224, 18_000_000, 2048, 1e-2),
    "policy-small-2": Size(80, 4, 4, 224, 4_000_000, 2048, 3e-3),
    "policy-large": Size(240, 6, 12, 672, 3_700_000, 2048, 2e-3),
    "policy-large-2": Size(240, 6, 12, 672, 4_200_000, 2048, 1.5e-3),
    "verifier": Size(80, 6, 4, 224, 12_000_000, 2048, 5e-3),
    "verifier-2": Size(80, 6, 4, 224, 14_000_000, 2048, 3e-3),
    "verifier-3": Size(80, 6, 4, 224, 16_000_000, 2048, 3e-3),
}
"""NAME-2 and NAME-3 are further legs of a model's training, in which the learning rate warms up and falls once more."""

QUICK = Size(32, 2, 2, 64, 75_000, 2048, 1e-2)

QUICK_SIZES = {part: replace(QUICK, layers=3) if part.startswith("verifier") else QUICK for part in SIZES}


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
