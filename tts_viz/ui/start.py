"""From what the controls show to a run that is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from tts_viz.events import Started
from tts_viz.scheduler import Run
from tts_viz.session import Session
from tts_viz.ui import controls, problem_card
from tts_viz.ui.models import Models
from tts_viz.ui.view import View
from tts_viz.ui.visitors import MAX_NODES, Visitors

PACES = {"Slow": 0.9, "Calm": 0.3, "Full speed": 0.0}
"""Seconds between two rounds."""


def begin(visitors: Visitors, models: Models, key: str, values: Sequence[Any], paused: bool) -> View:
    """Start what the visitor asked for; paused means one round only.

    `values`: task, problem text, seed, policy, verifier, pace, then the controls'. Raises ValueError or `CrowdedError`,
    in words for the visitor.
    """
    task, text, seed, policy, verifier, pace, *rest = values
    problem = problem_card.read(task, text)
    started = Started(
        problem.prompt,
        replace(controls.settings(rest), seed=controls.whole(seed)),
        problem=asdict(problem),
        policy=str(policy),
        verifier=str(verifier),
    )
    engines = models.policy(str(policy)), models.verifier(str(verifier))
    run = Run(Session(started), *engines, pace=seconds(pace), max_nodes=MAX_NODES)
    if paused:
        run.step()
    return visitors.start(key, run, problem)


def seconds(pace: Any) -> float:
    """Raises ValueError for a speed that is not on the page."""
    if pace not in PACES:
        raise ValueError("Choose a speed from the list.")
    return PACES[pace]
