"""The left side of the page: the strategy and its settings. Builds components and reads their values back.

Controls are made from the strategies' knobs: a slider for a number, a list for a choice, a checkbox for a switch. Strategies
that have a knob of the same name and kind share its control, so that N and M survive a change of strategy. A control that
becomes visible shows its strategy's default, not a value that another strategy left in it.
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
from tts_viz.search.wishes import SetSettings
from tts_viz.strategies import STRATEGIES, Knob, StrategyEntry, make
from tts_viz.strategies.defaults import FIRST
from tts_viz.strategies.knobs import Value

STEP_HELP = "How a solution's step scores become one score, both for deciding and for ranking."
VOTE_HELP = "How the finished solutions settle on one answer."

CONTROLS = {"whole": "slider", "real": "slider", "choice": "list", "switch": "box"}
"""From a knob's kind to its kind of control."""

Key = tuple[str, str]
"""A knob's name and its control."""


def key(knob: Knob) -> Key:
    return knob.name, CONTROLS[knob.kind]


KNOBS: dict[Key, Knob] = {key(k): k for entry in STRATEGIES.values() for k in entry.knobs}
"""One knob for each control; it gives the control its initial properties."""


@dataclass(frozen=True, slots=True)
class Chooser:
    """A strategy and its knobs. `shown`: the strategy whose knobs are visible, which can lag behind the chosen strategy."""

    strategy: gr.Dropdown
    shown: gr.State
    blurb: gr.Markdown
    knobs: tuple[Component, ...]

    @property
    def inputs(self) -> list[Component]:
        return [self.strategy, self.shown, *self.knobs]


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

    @property
    def turnable(self) -> list[Component]:
        """The components that a person can change."""
        return [component for component in self.inputs if not isinstance(component, gr.State)]

    def turned(self, control: Component, chosen: Settings) -> SetSettings:
        """The change that one control requests, when all controls together show the settings `chosen`."""
        if control is self.chooser.strategy:
            return SetSettings(chosen.parameters, {"strategy": chosen.strategy})
        for (name, _), knob in zip(KNOBS, self.chooser.knobs):
            if control is knob:
                return SetSettings({name: chosen.parameters[name]} if name in chosen.parameters else {})
        name = next(name for name in ("budget", "temperature", "aggregation", "vote") if control is getattr(self, name))
        return SetSettings(others={name: getattr(chosen, name)})


def build_chooser(default: str, prefix: str) -> Chooser:
    """Lay out a strategy and its knobs in the current column. `prefix` keeps the element ids of choosers unique."""
    entry = STRATEGIES[default]
    with gr.Group():
        strategy = gr.Dropdown(
            [(entry.title, name) for name, entry in STRATEGIES.items()], value=default, label="Strategy",
            elem_id=f"{prefix}strategy", filterable=False,
        )  # fmt: skip
        blurb = gr.Markdown(blurb_of(entry), elem_classes="blurb")
        knobs = tuple(_control(knob, entry, prefix) for knob in KNOBS.values())
    shown = gr.State(default)
    strategy.change(
        on_strategy, [strategy, shown, *knobs], [blurb, shown, *knobs],
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    return Chooser(strategy, shown, blurb, knobs)


def build_strategy_form() -> StrategyForm:
    """Lay out the strategy, the budget and how the answer is chosen in the current column."""
    chooser = build_chooser(FIRST, "")
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


def blurb_of(entry: StrategyEntry) -> str:
    """What the strategy does; other names and its source follow in small print."""
    return f"{entry.blurb}\n\n<small>{entry.known_as}</small>" if entry.known_as else entry.blurb


def _control(knob: Knob, entry: StrategyEntry, prefix: str) -> Component:
    own = {key(k): k for k in entry.knobs}
    looks: dict[str, Any] = {"value": own.get(key(knob), knob).default, **_looks(knob, entry)}
    match CONTROLS[knob.kind]:
        case "slider":
            return gr.Slider(elem_id=f"{prefix}knob-{knob.name}", **looks)
        case "list":
            return gr.Dropdown(elem_id=f"{prefix}knob-{knob.name}-list", filterable=False, **looks)
        case _:
            return gr.Checkbox(elem_id=f"{prefix}knob-{knob.name}-box", **looks)


def _looks(knob: Knob, entry: StrategyEntry) -> dict[str, Any]:
    """Properties of this control for this strategy, except its value; hidden if the strategy has no such knob."""
    own = {key(k): k for k in entry.knobs}
    knob = own.get(key(knob), knob)
    label = f"{knob.label} ({knob.unit})" if knob.unit else knob.label
    looks: dict[str, Any] = {"label": label, "info": knob.help, "visible": key(knob) in own}
    match CONTROLS[knob.kind]:
        case "slider":
            return looks | {"minimum": knob.low, "maximum": knob.high, "step": knob.step}
        case "list":
            return looks | {"choices": [(words, value) for value, words in knob.options.items()]}
        case _:
            return looks


def on_strategy(strategy: str, shown: str, *values: Any) -> list[Any]:
    """Updates of the blurb, of the shown strategy and of every control."""
    if not isinstance(strategy, str) or strategy not in STRATEGIES:
        return [gr.skip()] * (2 + len(KNOBS))
    entry, kept = STRATEGIES[strategy], carried(strategy, shown, values)
    updates = []
    for knob in KNOBS.values():
        looks = _looks(knob, entry)
        updates.append(gr.update(value=kept[knob.name], **looks) if looks["visible"] else gr.update(**looks))
    return [blurb_of(entry), strategy, *updates]


def carried(strategy: str, shown: str, values: Sequence[Any]) -> dict[str, Any]:
    """A value for each knob of the strategy. The control's value is kept if the control was visible and, after a change of
    strategy, the new knob accepts it; otherwise the default is used."""
    before = {key(k) for k in STRATEGIES[shown].knobs} if isinstance(shown, str) and shown in STRATEGIES else set()
    current = {at: _number(value) for at, value in zip(KNOBS, values)}

    def value_of(knob: Knob) -> Any:
        keep = key(knob) in before and (shown == strategy or knob.accepts(current[key(knob)]))
        return current[key(knob)] if keep else knob.default

    return {knob.name: value_of(knob) for knob in STRATEGIES[strategy].knobs}


def _number(value: Any) -> Value | None:
    """A slider's value, as an int if it is a whole number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def settings(values: Sequence[Any]) -> Settings:
    """The settings that the controls show. Raises ValueError with a message for the visitor."""
    strategy, shown, *rest = values
    if not isinstance(strategy, str) or strategy not in STRATEGIES:
        raise ValueError("Choose a strategy from the list.")
    knobs, (budget, temperature, aggregation, vote) = rest[: len(KNOBS)], rest[len(KNOBS) :]
    made = make(strategy, carried(strategy, shown, knobs))
    parameters = {knob.name: getattr(made, knob.name) for knob in STRATEGIES[strategy].knobs}
    if not isinstance(temperature, int | float) or not 0 <= temperature <= 2:
        raise ValueError("Temperature must be from 0 to 2.")
    if aggregation not in list(aggregate.STEP_AGGREGATIONS) or vote not in list(aggregate.VOTES):
        raise ValueError("Choose how the answer is chosen from the lists.")
    return Settings(strategy, parameters, Budget(generations=whole(budget)), float(temperature), aggregation, vote)


def whole(value: Any) -> int:
    """A slider's value as an int. Raises ValueError if it is not a whole number."""
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
        raise ValueError(f"{value} must be a whole number.")
    return int(value)


def advice(chosen: Settings) -> str:
    """A warning if the search may need more than its budget; "" otherwise."""
    needs, has = make(chosen.strategy, chosen.parameters).generations, chosen.budget.generations
    if has is not None and needs > has:
        may = "may need" if STRATEGIES[chosen.strategy].at_most else "needs"
        return f"This search {may} {needs} generations and the budget is {has}: it will rest there until you raise it."
    return ""
