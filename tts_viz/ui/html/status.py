"""The one line that says how the search stands and what can be done now; and what became of a visitor's wishes."""

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
    """What is going on; once it rests, with the chosen answer. `more`: what else must be said, if anything."""
    again = "Resume tries again." if resumable else None
    said = " ".join(filter(None, [SAYS[state], error, again, *more]))
    if state in ("running", "paused", "failed"):
        return _line(state, said)
    if not solutions:
        return _line(state, said, "No solution is finished yet." if state == "held" else "No solution was finished.")
    best = solutions[0]
    answer = best.answer if best.answer is not None else "no answer"
    verdict = {True: "✓ right", False: "✗ wrong", None: ""}[best.correct]
    mark = html(' <span class="mark {}">{}</span>').format(str(best.correct).lower(), verdict)
    return _line(state, said, html("Answer: <code>{}</code>{}").format(answer, mark))


def _line(state: str, *said: str) -> Markup:
    text = Markup(" ").join(said)
    return html('<div class="status {}" role="status"><span class="dot"></span><span>{}</span></div>').format(
        state, text
    )


def reply_line(refusals: Sequence[str], waiting: int) -> Markup:
    """Beside the controls that wishes came from: why those that were refused were, and how many have no answer yet."""
    said = [html('<p class="notice" role="alert">{}</p>').format(reason) for reason in dict.fromkeys(refusals)]
    if waiting:
        what = "This takes effect" if waiting == 1 else f"These {waiting} take effect"
        said.append(html('<p class="waiting" role="status">{} when the round under way is over.</p>').format(what))
    return Markup("").join(said)


READY = _line("ready", "Press Run and watch the tree grow.")
STARTING = _line("running", "Starting …")


def loading_line(model: str, seconds: float) -> Markup:
    return _line("running", f"Loading {model} … {seconds:.0f} s. Large models take minutes, once; your search follows.")
