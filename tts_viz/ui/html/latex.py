"""Turns text with LaTeX into Markdown that typesets the formulas and nothing else.

Visitors and models write the texts, so they are not trusted: outside formulas every character that is special in Markdown or
HTML is escaped, so that no link, image or tag can result; a formula that could hide one is shown as plain text.
"""

from __future__ import annotations

import re
from typing import Any

INLINE, DISPLAY = ("\ue000", "\ue001"), ("\ue002", "\ue003")
"""Delimiters around formulas: private-use characters, since a dollar sign may also mean money."""

DELIMITERS: list[dict[str, Any]] = [
    {"left": left, "right": right, "display": (left, right) == DISPLAY} for left, right in (DISPLAY, INLINE)
]
"""In the form that `gr.Markdown` takes."""

FORMULA = re.compile(r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\$([^$]+?)\$|\\\((.+?)\\\)", re.DOTALL)
SUSPECT = re.compile(r"\]\s*\(|://|\\(?:href|url|include|html)|`", re.IGNORECASE)
SPECIAL = re.compile(r"([^\w\s])")


def typeset(text: str) -> str:
    """Markdown for `gr.Markdown(latex_delimiters=DELIMITERS)`."""
    text = re.sub("[\ue000-\ue003]", "", text)
    parts, at = [], 0
    for found in FORMULA.finditer(text):
        formula = next(group for group in found.groups() if group is not None).strip()
        if not formula or SUSPECT.search(formula):
            continue
        left, right = DISPLAY if found[0].startswith(("$$", "\\[")) else INLINE
        parts += [_plain(text[at : found.start()]), left, _inside(formula), right]
        at = found.end()
    return "".join([*parts, _plain(text[at:])])


def _plain(text: str) -> str:
    return re.sub(r"\n", "  \n", SPECIAL.sub(lambda found: f"&#{ord(found[1])};", text))


def _inside(formula: str) -> str:
    """The formula on one line, with `<` and `>` as LaTeX commands, because HTML would read them as tags."""
    return " ".join(formula.replace("<", r"\lt ").replace(">", r"\gt ").split())
