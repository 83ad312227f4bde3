"""Model cards: what a model is, what it was trained on, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

POLICY = """
A small language model (Llama architecture) that solves the puzzles of `tts_viz` one step a line: Countdown ("Make 57
from 2 3 14 25") and arithmetic ("Evaluate (3+4)*(2+5)"). It was trained from scratch to imitate random valid solutions of
synthetic problems of the train split; one in four of its examples shows up to four wrong attempts first, and at the end it
learned to mend its own wrong attempts, so that it can revise. (The large one was grown from the small one's weights before
that.) It errs on purpose-built hard levels: it is there to be searched with. It can do nothing else.
"""

VERIFIER = """
A process reward model (Llama architecture, token classification with two labels, in TRL's format) for the puzzles of
`tts_viz`. It reads a problem and its steps; the probability of label 1 ("true") at the newline after each step says
how likely the small policy is right from there. It began as the small policy with two layers more, of which first
only those learned, and was trained on that policy's own attempts at problems of the train split (each prefix labelled
with the share of attempts through it that end right, 0 once a step is false), on synthetic slips, with a label on
every token inside a step, and on predicting the next token of valid steps.
"""


def model_card(name: str, made: Mapping[str, Any]) -> str:
    """Markdown with the front matter that model hubs read."""
    verifier = name == "verifier"
    training = made["training"]
    return (
        f"---\nlicense: apache-2.0\nlibrary_name: transformers\n"
        f"pipeline_tag: {'token-classification' if verifier else 'text-generation'}\n---\n\n# tts_viz {name}\n"
        f"{VERIFIER if verifier else POLICY}\n"
        f"- parameters: {made['parameters']:,}\n- made by: `{made['command']}`\n- date: {made['date']}\n"
        f"- training tokens: {training['tokens']:,} in {training['steps']:,} batches, {training['seconds']:,} s\n"
        f"- measured: see `assets/benchmarks/models.json` and the README of the repository\n"
    )
