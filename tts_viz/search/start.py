"""The first event of every search, made from a problem, settings and the engines. Knows nothing about who starts the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from tts_viz.core.events import Settings, Started
from tts_viz.engines.base import Policy, Verifier
from tts_viz.tasks.base import Problem


def started(
    problem: Problem,
    settings: Settings,
    policy: Policy,
    verifier: Verifier,
    *,
    policy_name: str = "",
    verifier_name: str = "",
    table: Mapping[str, Any] = MappingProxyType({}),
) -> Started:
    """A search's first event. The policy sets the limit on the length of a step.

    `policy_name` and `verifier_name` are the names, options included, by which the models can be loaded again; the default
    is the engines' own names. `table`: the rows for strategies that use the table of choices (see
    `strategies.choice_table`).
    """
    return Started(
        problem.prompt,
        settings,
        max_tokens=policy.step_tokens,
        problem=asdict(problem),
        policy=policy_name or policy.name,
        verifier=verifier_name or verifier.name,
        table=dict(table),
    )
