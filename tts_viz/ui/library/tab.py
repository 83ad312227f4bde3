"""The tab of saved runs: find, name, star, open, link to, delete and restore them; add runs recorded elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import gradio as gr

from tts_viz.strategies import STRATEGIES
from tts_viz.tasks import get_task
from tts_viz.ui.compare.tab import CompareTab
from tts_viz.ui.components.events import LIVE, SHORT, key_of, on, payload, warning
from tts_viz.ui.components.run_list import RunList, RunWish
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html
from tts_viz.ui.html.run_list import run_list
from tts_viz.ui.library import upload_trace
from tts_viz.ui.runs.start import reopen
from tts_viz.ui.runs.visitors import Place, Visitors
from tts_viz.ui.search.tab import SearchTab

ANY = ""
SINCE = {"Any time": None, "Today": 1, "This week": 7, "This month": 31}


def build_runs_tab(
    visitors: Visitors, models: OfferedModels, search: SearchTab, compare: CompareTab, tabs: gr.Tabs, tab: gr.Tab
) -> None:
    """Lay out the tab in the current container and connect its events. `tab`: this tab; `tabs`: all tabs."""
    with gr.Row(elem_id="run-filters", equal_height=True):
        text = gr.Textbox(label="Find", placeholder="words of its name, problem or answer", elem_id="find-run", scale=3)
        task = gr.Dropdown(
            [("All", ANY), *((get_task(t).title, t) for t in models.tasks)], value=ANY, label="Puzzle", filterable=False
        )
        strategy = gr.Dropdown(
            [("All", ANY), *((e.title, n) for n, e in STRATEGIES.items())],
            value=ANY,
            label="Strategy",
            filterable=False,
        )
        verdict = gr.Dropdown(
            [("All", ANY), ("Right", "right"), ("Wrong", "wrong"), ("Unknown", "unknown")], value=ANY, label="Answer",
            filterable=False,
        )  # fmt: skip
        since = gr.Dropdown(list(SINCE), value="Any time", label="When", filterable=False)
        starred = gr.Checkbox(False, label="Starred only", min_width=110)
        upload = gr.UploadButton("Add a trace file", type="binary", elem_id="add-trace", size="sm", min_width=140)
    if visitors.library.notice:
        gr.HTML(warning(visitors.library.notice), apply_default_css=False)
    reply = RunList(elem_id="runs-said")
    listed = RunList(elem_id="runs-list")
    filters = [text, task, strategy, verdict, since, starred]

    def shown(request: gr.Request, *values: Any) -> Any:
        return _listed(visitors, visitors.sees(key_of(request)), values)

    for changed in (tab.select, *(on(f, "input") for f in filters)):
        changed(shown, filters, listed, trigger_mode="always_last", **SHORT)

    def on_act(request: gr.Request, event: gr.EventData, *values: Any) -> tuple[Any, Any]:
        owner = visitors.sees(key_of(request))
        try:
            message = _act(visitors, owner, payload(event, RunWish))
        except (KeyError, ValueError, OSError) as error:
            message = warning("There is no such run here." if isinstance(error, KeyError) else str(error))
        return message, _listed(visitors, owner, values)

    on(listed, "act")(on_act, filters, [reply, listed], trigger_mode="multiple", **SHORT)
    on(reply, "act")(on_act, filters, [reply, listed], trigger_mode="multiple", **SHORT)

    def on_upload(request: gr.Request, data: bytes, *values: Any) -> tuple[Any, Any]:
        key = key_of(request)
        try:
            runs = upload_trace.add(visitors, models.tasks, key, data)
            message = html('<p class="said">Added{}. <button data-run="{}" data-do="open">Open it</button></p>').format(
                f" {len(runs)} runs; this is the first" if len(runs) > 1 else "", runs[0]
            )
        except (ValueError, OSError) as error:
            message = warning(str(error))
        return message, _listed(visitors, visitors.sees(key), values)

    upload.upload(on_upload, [upload, *filters], [reply, listed], **SHORT)

    async def on_open(request: gr.Request, event: gr.EventData) -> AsyncIterator[list[Any]]:
        key, run = key_of(request), payload(event, RunWish).run
        yield [gr.Tabs(selected="search"), *[gr.skip()] * len(search.moving)]
        async for update in search.watch(key, lambda: reopen(visitors, models, key, run)):
            yield [gr.skip(), *update]

    for which in (listed, reply):
        on(which, "open")(on_open, None, [tabs, *search.moving], **LIVE)

    async def on_compare(request: gr.Request, event: gr.EventData) -> AsyncIterator[list[Any]]:
        key, wish = key_of(request), payload(event, RunWish)
        side: Place = "left" if wish.do == "left" else "right"
        yield [gr.Tabs(selected="compare"), *[gr.skip()] * len(compare.moving)]
        async for update in compare.watch(key, lambda: reopen(visitors, models, key, wish.run, side)):
            yield [gr.skip(), *update]

    on(listed, "compare")(on_compare, None, [tabs, *compare.moving], **LIVE)


def _act(visitors: Visitors, owner: str | None, wish: RunWish) -> Any:
    """Carry out the action; returns a message or "". Raises KeyError, ValueError, OSError."""
    library, run = visitors.library, wish.run
    match wish.do:
        case "star":
            library.star(run, owner, not library.get(run, owner).starred)
        case "rename":
            library.rename(run, owner, wish.name)
        case "delete":
            library.delete(run, owner)
            return html('<p class="said">Deleted. <button data-run="{}" data-do="restore">Undo</button></p>').format(
                run
            )
        case "restore":
            library.restore(run, owner)
    return ""


def _listed(visitors: Visitors, owner: str | None, values: tuple[Any, ...]) -> Any:
    text, task, strategy, verdict, since, starred = values
    days = SINCE.get(since) if isinstance(since, str) else None
    try:
        entries = visitors.library.runs(
            owner,
            text=str(text or ""),
            task=task or None,
            strategy=strategy or None,
            verdict=verdict or None,
            starred=True if starred else None,
            since=datetime.now(UTC) - timedelta(days=days) if days is not None else None,
        )
    except (OSError, ValueError) as error:
        return warning(f"The library of runs cannot be read: {error}")
    return run_list(entries)
