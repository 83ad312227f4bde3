"""The laboratory tab: the figures of a sweep with their switches and readings, the runs behind each point, small sweeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from tts_viz.lab.figures import FIGURES, Switch
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.render.javascript import function
from tts_viz.tasks import TASKS, get_task
from tts_viz.ui.components.events import LIVE, SHORT, key_of, on, payload, warning
from tts_viz.ui.components.plot_view import PlotView, PointClick
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.html.markup import html
from tts_viz.ui.lab.figure_cache import FigureCache, switches
from tts_viz.ui.lab.runs_of_point import CLICK, PointRuns, SweepRun, listed, numbers, problem_of, searched_again
from tts_viz.ui.lab.small_sweep import SmallSweeps
from tts_viz.ui.lab.small_sweep_form import build_small_sweep_panel
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.ui.search.tab import SearchTab

INTRO = (
    "What the strategies are worth, measured: each figure is drawn from a **sweep**, many searches on problems that the models "
    "have never seen. What is written below a figure is computed from its data."
)

SHIPPED, OWN = "The sweep that comes with it", "Your small sweep"

NONE_HERE = (
    "There is no sweep here yet. Run a small one below, or start the page with one of your own: "
    "python -m tts_viz sweep SPEC --out FILE, and then python app.py --sweep FILE."
)

SCROLL_TO_FIGURE = function(Path(__file__).with_name("scroll.js"), "scrollToFigure")

COMPUTING = html('<p class="note">Being computed …</p>')


@dataclass(frozen=True, slots=True)
class LabTab:
    gallery: FigureCache
    sweeps: SmallSweeps
    source: gr.Radio
    figure: gr.Dropdown
    switches: list[gr.Dropdown]
    question: gr.Markdown
    plot: PlotView
    reading: gr.HTML
    behind: PointRuns

    @property
    def drawn(self) -> list[Any]:
        return [*self.switches, self.question, self.plot, self.reading, self.behind]

    async def draw(self, key: str, source: str, name: str, values: tuple[Any, ...]) -> AsyncIterator[list[Any]]:
        """Draw the figure. `values`: the switches' values; those that the figure does not have are replaced by defaults."""
        if name not in FIGURES:
            yield [gr.skip()] * len(self.drawn)
            return
        figure = FIGURES[name]
        yield [*[gr.skip()] * (len(self.drawn) - 2), COMPUTING, CLICK]
        try:
            sweep = await asyncio.to_thread(self.gallery.sweep, key, source == OWN)
            shown = switches(figure, sweep)
            # A switch keeps its value if the new figure's switch at this position has that value.
            chosen = {n: v if v in values_ else values_[0] for (n, values_), v in zip(shown.items(), values)}
            chosen |= {n: values_[0] for n, values_ in shown.items() if n not in chosen}
            looks = [_look(figure.switches[n], values_, chosen[n]) for n, values_ in shown.items()]
            looks += [gr.update(visible=False)] * (len(self.switches) - len(looks))
            if sweep is None:
                yield [*looks, f"### {figure.question}", "", html('<p class="note">{}</p>').format(_none(source)), ""]
                return
            plot, reading = await asyncio.to_thread(self.gallery.drawn, sweep, name, chosen)
        except (ValueError, OSError) as error:
            yield [*[gr.skip()] * (len(self.drawn) - 3), "", warning(str(error)), ""]
            return
        text = html('<p class="reading">{}</p><p class="note">{}</p>').format(reading, _about(sweep))
        yield [*looks, f"### {figure.question}", plot, text, CLICK]


def build_lab_tab(
    visitors: Visitors,
    models: OfferedModels,
    gallery: FigureCache,
    sweeps: SmallSweeps,
    search: SearchTab,
    tabs: gr.Tabs,
    tab: gr.Tab,
) -> None:
    """Lay out the tab in the current container and connect its events. `tab`: this tab; `tabs`: all tabs."""
    opening, *_ = FIGURES
    gr.Markdown(INTRO)
    with gr.Row(elem_id="lab-choice", equal_height=True):
        figure = gr.Dropdown(
            [(f"{i}. {f.title}", name) for i, (name, f) in enumerate(FIGURES.items(), 1)], value=opening, label="Figure",
            elem_id="lab-figure", filterable=False, scale=2, min_width=280,
        )  # fmt: skip
        source = gr.Radio(
            [SHIPPED, OWN], value=SHIPPED if gallery.path else OWN, label="Of which sweep", elem_id="lab-source",
            scale=2, min_width=280,
        )  # fmt: skip
    with gr.Row(elem_id="lab-switches", equal_height=True):
        most = max(len(f.switches) for f in FIGURES.values())
        looks = [*FIGURES[opening].switches.values(), *[Switch("", "", ("",))] * most][:most]
        dropdowns = [
            gr.Dropdown(
                list(switch.values), value=switch.values[0], label=switch.label, visible=bool(switch.label),
                filterable=False, min_width=150, elem_id=f"lab-switch-{i}",
            )
            for i, switch in enumerate(looks)
        ]  # fmt: skip
    question = gr.Markdown(f"### {FIGURES[opening].question}", elem_id="lab-question")
    plot = PlotView(elem_id="lab-plot")
    reading = gr.HTML("", elem_id="lab-reading", apply_default_css=False)
    behind = PointRuns(elem_id="lab-behind")
    lab = LabTab(gallery, sweeps, source, figure, dropdowns, question, plot, reading, behind)

    async def on_show(request: gr.Request, source: Any, name: Any, *values: Any) -> AsyncIterator[list[Any]]:
        async for update in lab.draw(key_of(request), source, name, values):
            yield update

    what = [source, figure, *dropdowns]
    latest: dict[str, Any] = {**LIVE, "trigger_mode": "always_last"}
    for changed in (source.input, figure.input, *(d.input for d in dropdowns)):
        changed(on_show, what, lab.drawn, **latest)

    async def on_open(
        request: gr.Request, before: Any, source: Any, name: Any, *values: Any
    ) -> AsyncIterator[list[Any]]:
        if before:  # a visitor who comes back finds the tab as they left it
            yield [gr.skip()] * len(lab.drawn)
            return
        async for update in lab.draw(key_of(request), source, name, values):
            yield update

    tab.select(on_open, [reading, *what], lab.drawn, **latest)
    with gr.Accordion("Run a small sweep of your own", open=not gallery.path, elem_id="lab-own"):
        panel = build_small_sweep_panel(models, gallery, sweeps)
    # Show a finished sweep, and scroll to it.
    shown = panel.over.change(lambda: (OWN, opening), None, [source, figure], **SHORT)
    shown.then(on_show, what, lab.drawn, **LIVE).then(None, js=SCROLL_TO_FIGURE)
    _wire_points(lab, visitors, models, search, tabs)


def _wire_points(lab: LabTab, visitors: Visitors, models: OfferedModels, search: SearchTab, tabs: gr.Tabs) -> None:
    def sweep_of(key: str, source: Any) -> Sweep:
        sweep = lab.gallery.sweep(key, source == OWN)
        if sweep is None:
            raise ValueError("This sweep is no longer here.")
        return sweep

    def on_point(source: Any, request: gr.Request, event: gr.EventData) -> Any:
        runs = payload(event, PointClick).runs
        try:
            sweep = sweep_of(key_of(request), source)
            return listed(sweep, numbers(runs, sweep))
        except (ValueError, OSError) as error:
            return warning(str(error))

    on(lab.plot, "point")(on_point, lab.source, lab.behind, trigger_mode="always_last", **SHORT)

    async def on_open(source: Any, request: gr.Request, event: gr.EventData) -> AsyncIterator[list[Any]]:
        key, number = key_of(request), payload(event, SweepRun).run
        yield [gr.Tabs(selected="search"), *[gr.skip()] * len(search.moving)]

        def begun() -> Any:
            sweep = sweep_of(key, source)
            if not numbers([number], sweep):
                raise ValueError("The sweep has no such run.")
            return searched_again(visitors, models, key, sweep, number)

        async for update in search.watch(key, begun):
            yield [gr.skip(), *update]

    on(lab.behind, "open")(on_open, lab.source, [tabs, *search.moving], **LIVE)

    def on_problem(source: Any, request: gr.Request, event: gr.EventData) -> tuple[Any, Any, Any]:
        wanted = payload(event, SweepRun).run
        try:
            sweep = sweep_of(key_of(request), source)
            (number,) = numbers([wanted], sweep)
            problem = problem_of(sweep, number)
        except (ValueError, OSError):
            return gr.skip(), gr.skip(), gr.skip()
        return gr.Tabs(selected="search"), problem.task, problem.question

    on(lab.behind, "problem")(on_problem, lab.source, [tabs, search.card.task, search.card.text], **SHORT)


def _look(switch: Switch, values: tuple[str, ...], chosen: str) -> Any:
    named = [(get_task(v).title if v in TASKS else v, v) for v in values]
    return gr.update(choices=named, value=chosen, label=switch.label, info=switch.help, visible=True)


def _none(source: str) -> str:
    return "You have run no small sweep yet: choose one below, and press Run." if source == OWN else NONE_HERE


def _about(sweep: Sweep) -> str:
    spec = sweep.spec
    runs = f"{sweep.solutions['run'].nunique():,} searches"
    titles = " and ".join(get_task(task).title for task in spec.tasks)
    return (
        f"From {runs}, {len(sweep.solutions):,} solutions, of {sweep.solutions['problem'].nunique()} held-out problems "
        f"({titles}); {spec.policy} scored by {spec.verifier}; {sweep.about.get('date', '')}."
    )
