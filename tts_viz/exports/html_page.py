"""A recorded run as one self-contained HTML file: the tree, a scrubber over its moments, and the results.

It makes no requests, and its content security policy forbids them. Texts of models and visitors are embedded only as JSON,
and the code in browser/ inserts them only as text, so no text can become HTML. Plotly is by far the largest part.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from tts_viz import __version__
from tts_viz.analysis import explain
from tts_viz.analysis.judge import Judge, Solution
from tts_viz.analysis.phrases import budget_text
from tts_viz.core.events import Event, start_of
from tts_viz.core.tree import Tree
from tts_viz.exports.frames import moments
from tts_viz.render import browser
from tts_viz.render.javascript import function
from tts_viz.tasks import get_task, problem_of
from tts_viz.traces.schema import THIS, encode

HERE = Path(__file__).parent / "browser"

TREE = '<div class="tree"></div>'
"""The placeholder for the tree in replay.html."""

NAME = re.compile(r"[\W_]+")


def page(events: Sequence[Event], title: str) -> str:
    """The text of an HTML file, to be written as UTF-8. `title` is plain text, and names the files saved from the page.

    It contains the trace, which a button saves. Raises ValueError for an unknown task and for a trace without its Started
    event, `TraceError` for a number that is not finite.
    """
    trace = "".join(f"{encode(line)}\n" for line in (THIS, *events))
    scripts = [
        _script("theme.js", "followSystem"),
        browser.PLOTLY.read_text(encoding="utf-8"),
        _script("replay.js", "replay"),
    ]
    theme, plotly, code = (f"<script>{script}</script>" for script in scripts)
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f'<meta name="generator" content="tts_viz {__version__}">\n<title>A recorded search</title>\n',
            f"<style>{_text('replay.css')}\n.tree {{\n{browser.tree_css()}}}</style>\n{theme}\n</head>\n<body>\n",
            _text("replay.html").replace(TREE, f'<div class="tree">{browser.tree_html()}</div>'),
            _data("recording", "application/json", json.dumps(recording(events, title), ensure_ascii=False)),
            _data("trace", "application/x-ndjson", trace),
            f"{plotly}\n{code}\n</body>\n</html>\n",
        ]
    )


def recording(events: Sequence[Event], title: str) -> dict[str, Any]:
    """All data that the page shows. Raises ValueError as `page` does."""
    run = NAME.sub("-", title).strip("-")[:40] or "run"
    shown = moments(events, run)
    tree, judge = shown.tree, shown.judge
    solutions = judge.solutions(tree)
    return {
        "run": run,
        "title": title,
        "question": question(events),
        "stream": shown.stream,
        "moments": shown.moments,
        "events": len(events),
        "answers": _answers(solutions),
        "right": _right(solutions),
        "solutions": len(solutions),
        "why": {node.id: explain.why(tree, node) for node in tree.nodes.values()},
        "about": _about(tree),
        "made": _made(tree, judge),
        "changes": shown.changes,
    }


def _about(tree: Tree) -> str:
    """One line under the title."""
    assert tree.started
    started = tree.started
    models = ", scored by ".join(filter(None, [started.policy, started.verifier]))
    return " · ".join(
        filter(None, [explain.strategy_words(started.settings), models, f"made with tts_viz {__version__}"])
    )


def _made(tree: Tree, judge: Judge) -> list[tuple[str, str]]:
    """How the run was made, as (name, value) for people. Settings are those at its start."""
    assert tree.started
    started, spent = tree.started, tree.spent
    settings = started.settings
    return [
        *_problem(judge),
        ("Policy", started.policy or "not named"),
        ("Verifier", started.verifier or "not named"),
        ("Strategy", explain.strategy_words(settings)),
        ("Budget", budget_text(settings.budget) or "no limit"),
        ("Temperature", f"{settings.temperature:g}"),
        ("Step aggregation", settings.aggregation),
        ("Vote", settings.vote),
        ("Seed", str(settings.seed)),
        ("Ended", tree.ended.why if tree.ended else "not by the end of this recording"),
        ("Spent", f"{tree.generations} generations, {spent.tokens:,} tokens, {spent.flops:.3g} FLOP, {spent.seconds:.1f} s"),
        ("Made with", f"tts_viz {__version__}"),
    ]  # fmt: skip


def _problem(judge: Judge) -> list[tuple[str, str]]:
    if judge.problem is None:
        return []
    level = "" if judge.problem.level is None else f", level {judge.problem.level}"
    return [("Puzzle", get_task(judge.problem.task).title + level), ("Problem", judge.problem.id)]


def question(events: Sequence[Event]) -> str:
    """The problem as worded for people. Raises ValueError for a trace without its Started event."""
    started = start_of(events)
    if started is None:
        raise ValueError("a trace begins with its Started event")
    problem = problem_of(started)
    return (problem.question if problem else started.prompt).strip()


def _answers(solutions: Iterable[Solution]) -> list[dict[str, Any]]:
    """One row per answer, the chosen one first: its best solution, count, weight in the vote, and correctness."""
    groups: dict[str | None, list[Solution]] = {}
    for solution in solutions:
        groups.setdefault(solution.answer, []).append(solution)
    return [_row(answer, same[0], len(same)) for answer, same in groups.items()]


def _row(answer: str | None, best: Solution, times: int) -> dict[str, Any]:
    score = None if best.score is None else round(best.score, 2)
    weight = round(best.weight, 2)
    return {
        "answer": answer,
        "node": best.node,
        "times": times,
        "score": score,
        "weight": weight,
        "correct": best.correct,
    }


def _right(solutions: Sequence[Solution]) -> int | None:
    """How many are right; None if none can be graded."""
    return sum(s.correct is True for s in solutions) if any(s.correct is not None for s in solutions) else None


# --- the file -----------------------------------------------------------------------------------------------------


def _script(name: str, call: str) -> str:
    return f"{function(HERE / name, call)}();"


def _policy(scripts: Iterable[str]) -> str:
    """The content security policy: only these scripts may run, and nothing may be fetched."""
    ours = " ".join(f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return f"default-src 'none'; script-src {ours}; style-src 'unsafe-inline'; img-src data: blob:"


def _data(id: str, kind: str, text: str) -> str:
    """JSON in a script element. It has < only inside strings, where it is escaped so that no tag can start or end."""
    harmless = text.replace("<", r"\u003c")
    return f'<script type="{kind}" id="{id}">{harmless}</script>\n'


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
