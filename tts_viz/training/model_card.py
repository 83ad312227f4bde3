"""Model cards: what a model is, what it was trained on, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

POLICY = """
A small language model (Llama architecture) that solves the puzzles of `tts_viz` one step a line: Countdown ("Make 57
from 2 3 14 25"), arithmetic ("Evaluate (3+4)*(2+5)") and word problems ("Ann has 14 apples. Ben has 15 more than
Ann. How many apples does Ben have?"). It was trained from scratch to imitate random valid solutions of synthetic problems of
the train split. (The large one was grown from the small one's weights.) It errs on purpose-built hard levels: it is there
to be searched with. It can do nothing else.
"""

VERIFIER = """
A process reward model (Llama architecture, token classification with two labels, in TRL's format) for the puzzles of
`tts_viz`. It reads a problem and its steps; the probability of label 1 ("true") at the newline after each step says
how likely the step is true and still leads to the goal. It began as the small policy with more layers on top, and was
trained on that policy's own attempts at problems of the train split and on synthetic slips, whose labels are exact: the
puzzles' checkers give them, for every token up to the end of the first step that is not good.
"""

REVISER = """
A small language model (Llama architecture) that reads a problem of `tts_viz` and up to four earlier attempts at it, right or
wrong, and writes the next one. It began as the small policy with more layers on top, and was trained on that policy's own
attempts at problems of the train split: what is sound in the last attempt is to be kept, and gone on with rightly.
"""


def model_card(name: str, made: Mapping[str, Any]) -> str:
    """Markdown with the front matter that model hubs read."""
    verifier = name == "verifier"
    training = made["training"]
    return (
        f"---\nlicense: apache-2.0\nlibrary_name: transformers\n"
        f"pipeline_tag: {'token-classification' if verifier else 'text-generation'}\n---\n\n# tts_viz {name}\n"
        f"{VERIFIER if verifier else REVISER if name == 'reviser' else POLICY}\n"
        f"- parameters: {made['parameters']:,}\n- made by: `{made['command']}`\n- date: {made['date']}\n"
        f"- training tokens: {training['tokens']:,} in {training['steps']:,} batches, {training['seconds']:,} s\n"
        f"- measured: see `assets/benchmarks/models.json` and the README of the repository\n"
    )
