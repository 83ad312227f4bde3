"""Small checkpoints of random weights, of the very architectures and layouts that public PRMs have, with tokenizers of
their kinds: byte-level ones with chat marks, and one that puts a space before every text as sentencepiece does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import (
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForSequenceClassification,
)

CORPUS = [
    "How many apples are left? Step 1: 3 + 4 = 7 apples. Step 2: 7 - 2 = 5 apples left.\n\nThe answer is \\boxed{5}.",
    "Please reason step by step, and put your final answer within \\boxed{}.",
    "We add + and - signs.\nThen we are done.",
] * 3

SIGNS = ["+ - + -"] * 20
"""so that each sign is a token"""

TAGS = ["ки ки"] * 20

MARKS = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<extra_0>"]

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

INST = (
    "{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% else %}{{ m['content'] + '</s>' }}{% endif %}{% endfor %}"
)

SHAPE: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 600,
}  # fmt: skip


def byte_level(template: str | None = CHATML, bos: bool = False) -> PreTrainedTokenizerFast:
    """As Qwen's and Llama 3's: bytes, merges such as a full stop with the newlines after it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = [*CORPUS, *SIGNS]
    made.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=350, special_tokens=MARKS, initial_alphabet=alphabet)
    )
    return _fast(made, template, bos)


def spaced(tag: bool) -> PreTrainedTokenizerFast:
    """As Mistral's: a space before every text. `tag`: is " ки" one token?"""
    made = Tokenizer(models.BPE(unk_token=None, byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    made.decoder = decoders.Replace("▁", " ")
    letters = sorted({c for text in [*CORPUS, "ки"] for c in text.replace(" ", "▁")})
    texts = [text.replace(" ", "▁") for text in [*CORPUS, *SIGNS, *TAGS * tag]]
    made.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=150, special_tokens=MARKS, initial_alphabet=letters))
    return _fast(made, INST, True)


def _fast(made: Tokenizer, template: str | None, bos: bool) -> PreTrainedTokenizerFast:
    fast = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>" if bos else None, eos_token="</s>")
    fast.chat_template = template
    return fast


def lively(model: nn.Module, seed: int = 0) -> Any:
    """Fresh weights are so small that attention hardly matters; with these every earlier token counts."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(0, 0.25)
    return model.eval()


def saved(model: Any, tokenizer: Any, folder: Path) -> Any:
    """The tokenizer as it is read from there: transformers makes it one of the model's family, with its own rules."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def writer(tokenizer: Any, family: str) -> Any:
    """A language model: "mistral" or "llama"."""
    config = {**SHAPE, "vocab_size": len(tokenizer)}
    return lively(
        MistralForCausalLM(MistralConfig(**config)) if family == "mistral" else LlamaForCausalLM(LlamaConfig(**config))
    )


def outcome(tokenizer: Any) -> Any:
    config = Qwen2Config(**SHAPE, vocab_size=len(tokenizer), num_labels=1, pad_token_id=0)
    return lively(Qwen2ForSequenceClassification(config))


def with_own_head(
    tokenizer: Any, folder: Path, head: dict[str, torch.Tensor], architecture: str, parts: int = 1
) -> tuple[Any, Any]:
    """A Qwen2 body and a head of the publisher's own, saved as they are published, with code that must not be run.

    Returns the body (without head) and the tokenizer as it is read from there, for an independent reading. `parts`:
    files that the weights are spread over.
    """
    body = lively(Qwen2ForCausalLM(Qwen2Config(**SHAPE, vocab_size=len(tokenizer), tie_word_embeddings=False)))
    body.config.architectures = [architecture]
    body.config.auto_map = {"AutoModel": f"modeling_evil.{architecture}"}
    tokenizer.save_pretrained(folder)
    body.config.save_pretrained(folder)
    (folder / "modeling_evil.py").write_text("raise SystemExit('code of a checkpoint was run')")
    weights = {**{k: v.contiguous() for k, v in body.state_dict().items()}, **head}
    names = sorted(weights)
    where = {
        name: f"model-{i % parts}.safetensors" if parts > 1 else "model.safetensors" for i, name in enumerate(names)
    }
    for file in set(where.values()):
        save_file({n: weights[n] for n in names if where[n] == file}, folder / file, {"format": "pt"})
    if parts > 1:
        index = {"metadata": {"total_size": 0}, "weight_map": where}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return body.model, AutoTokenizer.from_pretrained(folder)
