"""The status line (the state of the search and what the visitor can do now) and the replies to a visitor's wishes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts_viz.analysis.judge import Solution
from tts_viz.search.scheduler import RunState
from tts_viz.ui.html.markup import html

SAYS: dict[RunState, str] = {
    "running": "Searching …",
    "paused": "Paused. Resume goes on; Step does one round.",
    "held": "The budget is spent. Raise it to go on.",
    "full": "The tree has as many nodes as this page can hold.",
    "failed": "",
    "stopped": "Stopped; everything found so far stays.",
    "finished": "Finished.",
}


def status_line(
    state: RunState, error: str | None, solutions: Sequence[Solution], *more: str | None, resumable: bool = False
) -> Markup:
    """The state of the search and, once it is at rest, the chosen answer. `more`: further sentences to add."""
    again = "Resume tries again." if resumable else None
    text = " ".join(filter(None, [SAYS[state], error, again, *more]))
    if state in ("running", "paused", "failed"):
        return _line(state, text)
    if not solutions:
        return _line(state, text, "No solution is finished yet." if state == "held" else "No solution was finished.")
    best = solutions[0]
    answer = best.answer if best.answer is not None else "no answer"
    verdict = {True: "✓ right", False: "✗ wrong", None: ""}[best.correct]
    mark = html(' <span class="mark {}">{}</span>').format(str(best.correct).lower(), verdict)
    return _line(state, text, html("Answer: <code>{}</code>{}").format(answer, mark))


def _line(state: str, *sentences: str) -> Markup:
    text = Markup(" ").join(sentences)
    return html('<div class="status {}" role="status"><span class="dot"></span><span>{}</span></div>').format(
        state, text
    )


def reply_line(refusals: Sequence[str], waiting: int) -> Markup:
    """Shown beside the controls that sent wishes: why some were refused, and how many are not answered yet."""
    lines = [html('<p class="notice" role="alert">{}</p>').format(reason) for reason in dict.fromkeys(refusals)]
    if waiting:
        what = "This takes effect" if waiting == 1 else f"These {waiting} take effect"
        lines.append(html('<p class="waiting" role="status">{} when the round under way is over.</p>').format(what))
    return Markup("").join(lines)


READY = _line("ready", "Press Run and watch the tree grow.")
STARTING = _line("running", "Starting …")


def loading_line(model: str, seconds: float) -> Markup:
    return _line("running", f"Loading {model} … {seconds:.0f} s. Large models take minutes, once; your search follows.")
