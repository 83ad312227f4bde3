"""Safe HTML for the page's panels. markupsafe escapes every value that is not already `Markup`.

Text of visitors and models is turned into HTML only through this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup
from plotly.colors import sample_colorscale

html = Markup
"""`html("<b>{}</b>").format(untrusted)`"""


def join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


@lru_cache(maxsize=128)
def _colour(percent: int) -> str:
    return str(sample_colorscale("Cividis", percent / 100)[0])


def score_chip(score: float | None, tip: str = "") -> Markup:
    """The score as a small number, on the colour that the tree gives it."""
    if score is None:
        return html('<span class="chip none" title="{}">–</span>').format(tip or "The verifier has not read this.")
    ink = "#111" if score > 0.55 else "#fff"
    return html('<span class="chip" style="background:{};color:{}" title="{}">{:.2f}</span>').format(
        _colour(round(min(max(score, 0.0), 1.0) * 100)), ink, tip, score
    )


def amount(n: float, space: bool = False) -> str:
    """A readable count: 950, 12.3k, 4.56M, 7.8G, 1.2T; with `space`, a unit can follow: "7.8 G" + "FLOP"."""
    for scale, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if n >= scale:
            return f"{n / scale:.3g}{' ' if space else ''}{unit}"
    return (f"{n:.3g}" if n % 1 else f"{n:.0f}") + (" " if space else "")
