"""The one line that says how the search stands and what can be done now."""

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


def status_line(state: RunState, error: str | None, solutions: Sequence[Solution], *more: str | None) -> Markup:
    """What is going on; once it rests, with the chosen answer. `more`: what else must be said, if anything."""
    said = f"{error} Resume tries again." if error else SAYS[state]
    said = " ".join([said, *filter(None, more)])
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


READY = _line("ready", "Press Run and watch the tree grow.")
STARTING = _line("running", "Starting …")


def loading_line(model: str, seconds: float) -> Markup:
    return _line("running", f"Loading {model} … {seconds:.0f} s. Large models take minutes, once; your search follows.")
