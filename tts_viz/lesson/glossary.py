"""The terms that the lesson teaches, each explained in a sentence or two. Texts refer to them as [[term]] or [[text|term]]."""

from __future__ import annotations

import re
from collections.abc import Iterator

GLOSSARY: dict[str, str] = {
    "sample": "One complete attempt of the model at the problem. It rolls dice for every word, so each sample is another one.",
    "majority vote": "Ask many times; the answer that comes most often wins. Needs nobody who can judge a solution.",
    "verifier": "A second model that did not write the solution. It reads it and says how likely it is to end right, from 0 "
    "to 1. It does not know the answer.",
    "step": "One line of a solution: one calculation. The verifier gives every step a score of its own.",
    "beam search": "After every step, keep only the few best beginnings, and write several next steps from each of them.",
    "lookahead": "Before judging a step, play on from it for a little, and judge by where that leads.",
    "over-optimisation": "Searching so hard for what the verifier likes that one finds what only the verifier likes.",
    "revision": "A new attempt, written after reading an earlier one.",
    "generation": "The unit of the price: as much writing as one whole solution takes.",
}
"""One new term per lesson step, in this order; the last is for the exercise."""

MENTION = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")


def parts(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in pieces: (words, the term they refer to, or None). Raises KeyError for a term that is not in the glossary."""
    at = 0
    for mention in MENTION.finditer(text):
        shown, term = mention[1], mention[2] or mention[1]
        if term not in GLOSSARY:
            raise KeyError(term)
        if mention.start() > at:
            yield text[at : mention.start()], None
        yield shown, term
        at = mention.end()
    if at < len(text):
        yield text[at:], None
