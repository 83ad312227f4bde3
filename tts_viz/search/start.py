"""How every search begins: its first event, made of a problem, settings and the engines that will answer. Knows nothing about
who asked for it."""

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
    """A search's first event. Its steps may be as long as this policy's are.

    `policy_name` and `verifier_name` are those by which both can be loaded again, options included; the engines' own names
    where they were not loaded by name. `table`: what strategies that look up choices may look up (see
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
