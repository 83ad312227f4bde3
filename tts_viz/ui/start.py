"""From what the controls show to a run that is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tts_viz.events import Started
from tts_viz.scheduler import Run
from tts_viz.session import Session
from tts_viz.ui import controls, problem_card
from tts_viz.ui.models import Models
from tts_viz.ui.visitors import MAX_NODES, Visitors, Watched

PACES = {"Slow": 0.9, "Calm": 0.3, "Full speed": 0.0}
"""Seconds between two rounds."""


def begin(visitors: Visitors, models: Models, key: str, values: Sequence[Any], paused: bool) -> Watched:
    """Start what the visitor asked for; paused means one round only.

    `values`: task, problem text, seed, policy, verifier, pace, then the controls'. Raises ValueError or `CrowdedError`,
    in words for the visitor.
    """
    task, text, seed, policy, verifier, pace, *rest = values
    problem = problem_card.read(task, text)
    if pace not in PACES:
        raise ValueError("Choose a speed from the list.")
    started = Started(
        problem.prompt,
        controls.settings(rest),
        seed=controls.whole(seed),
        problem=asdict(problem),
        policy=str(policy),
        verifier=str(verifier),
    )
    run = Run(Session(started), models.policy(policy), models.verifier(verifier), pace=PACES[pace], max_nodes=MAX_NODES)
    if paused:
        run.step()
    return visitors.start(key, run, problem)
