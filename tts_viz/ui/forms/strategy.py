"""The left side of the page: what to solve and how to search. Builds components and reads their values back.

The strategies' sliders are made from the strategies' own fields: one slider for each name, shared by all strategies
that have it, so that N and M survive a change of strategy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from tts_viz.core import aggregation as aggregate
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.strategies import STRATEGIES, Knob, make

DEFAULT = "beam"

STEP_HELP = "How a solution's step scores become one score, both for deciding and for ranking."
VOTE_HELP = "How the finished solutions settle on one answer."

KNOBS: dict[str, Knob] = {k.name: k for entry in STRATEGIES.values() for k in entry.knobs}


@dataclass(frozen=True, slots=True)
class Chooser:
    """A strategy and its sliders."""

    strategy: gr.Dropdown
    blurb: gr.Markdown
    knobs: tuple[gr.Slider, ...]

    @property
    def inputs(self) -> list[Component]:
        return [self.strategy, *self.knobs]


@dataclass(frozen=True, slots=True)
class StrategyForm:
    """Components in the order in which `settings` takes their values."""

    chooser: Chooser
    budget: gr.Slider
    temperature: gr.Slider
    aggregation: gr.Radio
    vote: gr.Radio

    @property
    def inputs(self) -> list[Component]:
        return [*self.chooser.inputs, self.budget, self.temperature, self.aggregation, self.vote]


def build_chooser(default: str, prefix: str) -> Chooser:
    """Lay out a strategy and its sliders in the current column. `prefix` keeps the ids of several choosers apart."""
    with gr.Group():
        strategy = gr.Dropdown(
            [(entry.title, name) for name, entry in STRATEGIES.items()], value=default, label="Strategy",
            elem_id=f"{prefix}strategy", filterable=False,
        )  # fmt: skip
        blurb = gr.Markdown(STRATEGIES[default].blurb, elem_classes="blurb")
        knobs = tuple(gr.Slider(step=1, elem_id=f"{prefix}knob-{name}", **looks(default, name)) for name in KNOBS)
    strategy.change(
        on_strategy, strategy, [blurb, *knobs], queue=False, show_progress="hidden", api_visibility="private"
    )
    return Chooser(strategy, blurb, knobs)


def build_strategy_form() -> StrategyForm:
    """Lay out strategy, budget and choice of answer in the current column."""
    chooser = build_chooser(DEFAULT, "")
    with gr.Group():
        budget = gr.Slider(
            1, 256, 64, step=1, label="Budget (generations)", elem_id="budget",
            info="How many full answers' worth of sampling may be spent. Raise it while the search runs.",
        )  # fmt: skip
        temperature = gr.Slider(
            0, 2, 1, step=0.1, label="Temperature", elem_id="temperature",
            info="0 always takes the likeliest token; higher is bolder.",
        )  # fmt: skip
    with gr.Accordion("How the answer is chosen", open=False):
        aggregation = gr.Radio(
            list(aggregate.STEP_AGGREGATIONS),
            value="last",
            label="Step aggregation",
            info=STEP_HELP,
            elem_id="aggregation",
        )
        vote = gr.Radio(list(aggregate.VOTES), value="weighted", label="Vote", info=VOTE_HELP, elem_id="vote")
    return StrategyForm(chooser, budget, temperature, aggregation, vote)


def looks(strategy: str, name: str) -> dict[str, Any]:
    """How the slider of this name looks under this strategy; hidden where the strategy has no such knob."""
    own = {k.name: k for k in STRATEGIES[strategy].knobs}
    knob = own.get(name, KNOBS[name])
    looks = {"minimum": knob.low, "maximum": knob.high, "label": knob.label, "info": knob.help, "visible": name in own}
    return looks | {"value": knob.default}


def on_strategy(strategy: str) -> list[Any]:
    """The blurb, and every slider as this strategy wants it; values stay."""
    sliders = [{k: v for k, v in looks(strategy, name).items() if k != "value"} for name in KNOBS]
    return [STRATEGIES[strategy].blurb, *(gr.update(**s) for s in sliders)]


def settings(values: Sequence[Any]) -> Settings:
    """The settings that the controls show. Raises ValueError in words for the visitor."""
    strategy, *rest = values
    if strategy not in STRATEGIES:
        raise ValueError("Choose a strategy from the list.")
    knobs, (budget, temperature, aggregation, vote) = rest[: len(KNOBS)], rest[len(KNOBS) :]
    own = {k.name for k in STRATEGIES[strategy].knobs}
    parameters = {name: whole(value) for name, value in zip(KNOBS, knobs) if name in own}
    make(strategy, parameters)
    if not 0 <= float(temperature) <= 2:
        raise ValueError("Temperature must be from 0 to 2.")
    if aggregation not in aggregate.STEP_AGGREGATIONS or vote not in aggregate.VOTES:
        raise ValueError("Choose how the answer is chosen from the lists.")
    return Settings(strategy, parameters, Budget(generations=whole(budget)), float(temperature), aggregation, vote)


def whole(value: Any) -> int:
    """A slider's value as the whole number it stands for. Raises ValueError."""
    if value is None or value != int(value):
        raise ValueError(f"{value} must be a whole number.")
    return int(value)


def advice(chosen: Settings) -> str:
    """What a person should know of these settings before waiting for them; "" when there is nothing."""
    needs, has = make(chosen.strategy, chosen.parameters).generations, chosen.budget.generations
    if has is not None and needs > has:
        return f"This search needs {needs} generations and the budget is {has}: it will rest there until you raise it."
    return ""
