"""The one tokenizer of the embedded models: digits are single tokens, so that sums can be learnt digit by digit.

What stands between the names and numbers of a word problem is one token, however many words it has: fewer tokens to read.
Encoding is exact both ways, and a text read step by step gives the same tokens as the text read at once: no token
crosses a line's end.
"""

from __future__ import annotations

import re
from functools import cache

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tts_viz.tasks.revision_prompt import ANOTHER, ATTEMPT
from tts_viz.tasks.word_facts import AGE, NAMES, QUESTIONS, SAYINGS, THINGS

PAD, BOS, EOS, UNKNOWN = "<pad>", "<bos>", "<eos>", "<unknown>"
PAD_ID, BOS_ID, EOS_ID = 0, 1, 2
WORDS = ("Make", " from", " left", "Evaluate ", " -> ", "Wrong:", "Try again:", "\n")
SIGNS = "+-*/=()"
DIGITS = "0123456789"


def between() -> list[str]:
    """What word problems say between their names, things and numbers, the longest first."""
    sayings = [saying for ways in SAYINGS.values() for saying in ways]
    pieces = {piece for saying in (*sayings, AGE, *QUESTIONS) for piece in re.split(r"\{\w+\}", saying)}
    return sorted(pieces - {"", " "} | {". ", ": ", "."}, key=lambda piece: (-len(piece), piece))


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """A digit after a space is a token of its own ("Make 57 from 2" is `Make| 5|7| from| 2`).

    The pieces of word problems come after those that older models know, so that older texts have the same tokens for both.
    """
    old = (PAD, BOS, EOS, UNKNOWN, *WORDS, *SIGNS, *DIGITS, *(f" {d}" for d in DIGITS), " ")
    new = (ATTEMPT, ANOTHER, *between(), *NAMES, *THINGS)
    core = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate((*old, *new))}, unk_token=UNKNOWN))
    pattern = "|".join([*map(re.escape, WORDS), *map(re.escape, new), r" \d", "."])
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
