"""The one tokenizer of the embedded models: digits are single tokens, so that sums can be learnt digit by digit.

Encoding is exact both ways, and a text read step by step gives the same tokens as the text read at once: no token
crosses a line's end.
"""

from __future__ import annotations

from functools import cache

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

PAD, BOS, EOS, UNKNOWN = "<pad>", "<bos>", "<eos>", "<unknown>"
PAD_ID, BOS_ID, EOS_ID = 0, 1, 2
WORDS = ("Make", " from", " left", "Evaluate ", " -> ", "Wrong:", "Try again:", "\n")
SIGNS = "+-*/=()"
DIGITS = "0123456789"


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """A digit after a space is a token of its own ("Make 57 from 2" is `Make| 5|7| from| 2`): fewer tokens to read."""
    pieces = (PAD, BOS, EOS, UNKNOWN, *WORDS, *SIGNS, *DIGITS, *(f" {d}" for d in DIGITS), " ")
    core = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token=UNKNOWN))
    pattern = r"Make| from| left|Evaluate | -> |Wrong:|Try again:|\n| \d|."
    core.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")  # pyright: ignore[reportAttributeAccessIssue]
    core.decoder = decoders.Fuse()  # pyright: ignore[reportAttributeAccessIssue]
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )


def encode(text: str) -> list[int]:
    """Token ids of a text, without BOS or EOS."""
    return tokenizer()(text, add_special_tokens=False)["input_ids"]


def decode(tokens: list[int]) -> str:
    """The text of token ids; exact for what `encode` made."""
    text = tokenizer().decode(tokens)
    assert isinstance(text, str)  # a list only for a list of lists
    return text
