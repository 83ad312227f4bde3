"""The page: builds the tabs and registers what happens when a visitor arrives or leaves. Each tab is in its own file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

import gradio as gr
from gradio.themes import Default

from tts_viz import extras
from tts_viz.render.javascript import function
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library
from tts_viz.ui.compare.tab import build_compare_tab
from tts_viz.ui.components.events import LIVE, SHORT, key_of
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.lesson.tab import build_lesson_tab, follow_lesson_link
from tts_viz.ui.library.tab import build_runs_tab
from tts_viz.ui.panels import PANELS
from tts_viz.ui.runs.start import reopen
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.search.tab import SearchTab, build_search_tab
from tts_viz.ui.verifier.tab import build_verifier_tab

HERE = Path(__file__).parent
STYLES = ("page", "lesson/lesson", "lab/lab", "verifier/verifier")


def build_page(
    models: OfferedModels, scheduler: Scheduler, library: Library, everything: bool = False, sweep: Path | None = None
) -> gr.Blocks:
    """Build the whole page; launch it with `launch_options()`.

    `everything`: visitors see all runs of the library; `sweep`: the file that the laboratory shows.
    """
    visitors = Visitors(scheduler, library, everything)
    with gr.Blocks(title="tts_viz: watch a model search", fill_width=True, analytics_enabled=False) as page:
        with gr.Column(elem_id="page"):
            with gr.Row(elem_id="top", equal_height=True):
                gr.Markdown("# tts_viz\nWatch and steer a language model searching for an answer.", elem_id="title")
                theme = gr.Button("◐", elem_id="theme", size="sm", scale=0, min_width=44)
            with gr.Tabs(selected="search", elem_id="tabs") as tabs:
                with gr.Tab("Search", id="search"):
                    search = build_search_tab(visitors, models)
                with gr.Tab("Compare", id="compare"):
                    compare = build_compare_tab(visitors, models)
                with gr.Tab("Runs", id="runs") as runs:
                    build_runs_tab(visitors, models, search, compare, tabs, runs)
                with gr.Tab("Verifier", id="verifier"):
                    bench = build_verifier_tab(visitors, models, search, tabs)
                with gr.Tab("Lab", id="lab") as lab:
                    laboratory = _build_lab(scheduler, sweep, visitors, models, search, tabs, lab)
                with gr.Tab("Learn", id="learn"):
                    build_lesson_tab(visitors, models, search, tabs)
        theme.click(None, js=function(HERE / "theme.js", "flipTheme"))
        browser = gr.Textbox(visible=False)
        page.load(_introduce(visitors), browser, None, js=function(HERE / "browser_key.js", "browserKey"), **SHORT)
        page.load(_follow_link(visitors, models, search), None, search.moving, **LIVE)
        page.load(follow_lesson_link, None, tabs, **SHORT)
        page.unload(_leave(visitors, *laboratory, bench))
    return page


def launch_options() -> dict[str, Any]:
    """Options that send no data off the host, serve none of its files and refuse requests from other origins."""
    panel_styles = [panel.css for panel in PANELS.values() if panel.css]
    return {
        "css": "\n".join([*((HERE / f"{name}.css").read_text(encoding="utf-8") for name in STYLES), *panel_styles]),
        "head": f"<script>{function(HERE / 'keys.js', 'listen')}();</script>",
        "theme": Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        "ssr_mode": False,
        "allowed_paths": [],
        "max_file_size": "10mb",
        "strict_cors": True,
        "footer_links": [],
    }


def _introduce(visitors: Visitors) -> Callable[..., None]:
    def on_load(browser: Any, request: gr.Request) -> None:
        if isinstance(browser, str) and 16 <= len(browser) <= 64:
            visitors.introduce(key_of(request), browser)

    return on_load


def _follow_link(
    visitors: Visitors, models: OfferedModels, search: SearchTab
) -> Callable[..., AsyncIterator[list[Any]]]:
    async def on_load(request: gr.Request) -> AsyncIterator[list[Any]]:
        key, run = key_of(request), request.query_params.get("run")
        if not run:
            yield [gr.skip()] * len(search.moving)  # gradio blanks the outputs of a generator that yields nothing
            return
        async for update in search.watch(key, lambda: reopen(visitors, models, key, run, link=True)):
            yield update

    return on_load


def _build_lab(
    scheduler: Scheduler,
    sweep: Path | None,
    visitors: Visitors,
    models: OfferedModels,
    search: SearchTab,
    tabs: gr.Tabs,
    lab: gr.Tab,
) -> tuple[Leavable, ...]:
    """Build the tab and return its objects that hold state per visitor. Without its packages, show how to install them."""
    if not extras.installed("lab"):
        gr.Markdown(f"The figures need packages that are not installed here: `{extras.advice('lab')}`")
        return ()
    from tts_viz.ui.lab.figure_cache import FigureCache
    from tts_viz.ui.lab.small_sweep import SmallSweeps
    from tts_viz.ui.lab.tab import build_lab_tab

    gallery, sweeps = FigureCache(sweep), SmallSweeps(scheduler)
    build_lab_tab(visitors, models, gallery, sweeps, search, tabs, lab)
    return gallery, sweeps


class Leavable(Protocol):
    """Holds state per visitor, under the key of their browser tab, until they leave."""

    def leave(self, key: str) -> None: ...


def _leave(*kept: Leavable) -> Callable[[gr.Request], None]:
    def on_unload(request: gr.Request) -> None:
        for one in kept:
            one.leave(key_of(request))

    return on_unload
