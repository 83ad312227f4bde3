"""The list of saved runs as HTML: one row per run, with a curve of its scores and buttons for its actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from tts_viz.strategies import STRATEGIES
from tts_viz.tasks import get_task
from tts_viz.traces.entry import RunEntry
from tts_viz.ui.html.markup import html, join

NOTHING = Markup(
    '<div class="runs none"><p><b>No runs here yet.</b></p><p class="note">Every search is kept here as it happens, so that '
    "you can look at it again, go on with it, compare it or share its link.</p></div>"
)

VERDICT = {True: ("true", "✓ right"), False: ("false", "✗ wrong"), None: ("", "")}


def run_list(entries: Sequence[RunEntry], now: datetime | None = None) -> Markup:
    """`now`: the current time, which tests set."""
    if not entries:
        return NOTHING
    rows = join(_row(entry, now or datetime.now(UTC)) for entry in entries)
    return html(
        '<div class="runs"><table><thead><tr><th></th><th>Run</th><th title="The best score at each step: where the search '
        'was sure, and where it was not.">Scores</th><th>Strategy</th><th>Answer</th><th title="Steps in the tree">Nodes</th>'
        "<th>When</th><th></th></tr></thead><tbody>{}</tbody></table></div>"
    ).format(rows)


def _row(entry: RunEntry, now: datetime) -> Markup:
    mark, verdict = VERDICT[entry.summary.verdict]
    strategy = entry.summary.strategy
    title = STRATEGIES[strategy].title if strategy in STRATEGIES else strategy
    forked = (
        html(' <span class="tag" title="It began as a copy of another run.">fork</span>') if entry.forked_from else ""
    )
    return html(
        '<tr><td><button data-run="{0}" data-do="star" class="star" aria-pressed="{1}" title="{2}">{3}</button></td>'
        '<td><input class="name" data-run="{0}" value="{4}" placeholder="{5}" maxlength="120" aria-label="Name of the run">'
        '<div class="note">{6}{7}</div></td><td>{8}</td><td>{9}</td><td><code>{10}</code> <span class="mark {11}">{12}</span>'
        '</td><td>{13}</td><td title="{14}">{15}</td><td class="do"><button data-run="{0}" data-do="open">Open</button>'
        '<button data-run="{0}" data-do="left" title="Show it on the left side of the comparison">◧</button>'
        '<button data-run="{0}" data-do="right" title="Show it on the right side of the comparison">◨</button>'
        '<button data-run="{0}" data-do="link" title="Copy a link that opens this run">Link</button>'
        '<button data-run="{0}" data-do="delete" title="Can be undone">Delete</button></td></tr>'
    ).format(
        entry.id,
        str(entry.starred).lower(),
        "Take the star off" if entry.starred else "Star it",
        "★" if entry.starred else "☆",
        entry.name,
        entry.question[:80],
        _task(entry),
        forked,
        sparkline(entry.summary.spark),
        title,
        entry.summary.answer or "–",
        mark,
        verdict,
        entry.summary.nodes - 1,
        f"{entry.created:%Y-%m-%d %H:%M} UTC",
        ago(now - entry.created),
    )


def _task(entry: RunEntry) -> str:
    try:
        title = get_task(entry.task).title
    except ValueError:
        return entry.task
    return title + (f" · level {entry.level}" if entry.level else "")


def sparkline(scores: Sequence[float]) -> Markup:
    """A small curve from left to right, 0 at the bottom and 1 at the top."""
    if not scores:
        return Markup("")
    width, height = 84, 22
    step = width / max(1, len(scores) - 1)
    points = " ".join(f"{2 + i * step * 0.95:.1f},{height - 2 - s * (height - 4):.1f}" for i, s in enumerate(scores))
    return html(
        '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="Best score at each step">'
        '<polyline points="{2}"/></svg>'
    ).format(width, height, points if len(scores) > 1 else f"{points} {width - 2},{points.split(',')[1]}")


def ago(since: timedelta) -> str:
    """ "just now", "5 min", "3 h", "2 days" """
    seconds = since.total_seconds()
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {'day' if (n, unit) == (1, 'days') else unit} ago"
    return "just now"
