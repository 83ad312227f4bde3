"""The choices before a search begins: their components, and the one place where the components' values are read.

Knows nothing about runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.components import Component

from tts_viz.core.events import Settings
from tts_viz.tasks.base import Problem
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms import strategy as strategy_form
from tts_viz.ui.forms.problem import ProblemForm
from tts_viz.ui.forms.strategy import StrategyForm


@dataclass(frozen=True, slots=True)
class ChosenSearch:
    """A search that a visitor requests. `policy` and `verifier` are names; `pace` is one of the page's speeds."""

    problem: Problem
    settings: Settings
    policy: str
    verifier: str
    pace: str


@dataclass(frozen=True, slots=True)
class SearchForm:
    """`inputs`: the components whose values `read` takes, in this order."""

    tasks: Sequence[str]
    problem: ProblemForm
    seed: gr.Number
    policy: gr.Dropdown
    verifier: gr.Dropdown
    pace: gr.Radio
    strategy: StrategyForm

    @property
    def inputs(self) -> list[Component]:
        chosen = [self.problem.task, self.problem.text, self.seed, self.policy, self.verifier, self.pace]
        return [*chosen, *self.strategy.inputs]

    def read(self, values: Sequence[Any]) -> ChosenSearch:
        """Raises ValueError, with a message for the visitor, for values that are invalid or that our components never send."""
        task, text, seed, policy, verifier, pace, *rest = values
        if not all(isinstance(value, str) for value in (task, text, policy, verifier, pace)):
            raise ValueError("Type a problem, and choose the puzzle, the models and the speed from the lists.")
        problem = problem_form.read(self.tasks, task, text)
        problem_form.check_taught(policy, problem)
        settings = replace(strategy_form.settings(rest), seed=strategy_form.whole(seed))
        return ChosenSearch(problem, settings, policy, verifier, pace)
