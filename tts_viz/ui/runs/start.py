"""Starts runs: from the values of the controls, from a run in the library, or as a fork of another run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts_viz.core.events import Event, Settings, start_of
from tts_viz.errors import DriftError, EngineError
from tts_viz.search.replay import fast_forward
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.strategies import STRATEGIES, choice_table
from tts_viz.strategies.base import carried_over
from tts_viz.tasks.base import Problem, problem_of
from tts_viz.traces.entry import RunId
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.forms.search import ChosenSearch
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Place, Visitors

PACES = {"Slow": 0.9, "Calm": 0.3, "Full speed": 0.0}
"""Seconds between two rounds."""


def begin(visitors: Visitors, models: OfferedModels, key: str, chosen: ChosenSearch, one_round: bool) -> View:
    """Start the chosen search. Raises ValueError, `CrowdedError` or `EngineError`, with a message for the visitor."""
    view = begin_with(
        visitors, models, key, chosen.problem, chosen.settings, chosen.policy, chosen.verifier, seconds(chosen.pace)
    )
    if one_round and view.run:
        view.run.step()
    return view


def begin_with(
    visitors: Visitors,
    models: OfferedModels,
    key: str,
    problem: Problem,
    settings: Settings,
    policy: str,
    verifier: str,
    pace: float = 0.0,
    place: Place = "main",
) -> View:
    """Start a search. Raises ValueError, `CrowdedError` or `EngineError`."""
    engines = models.policy(policy), models.verifier(verifier)
    table = choice_table.lookup(problem.task, policy, verifier, models.choices)
    first = started(problem, settings, *engines, policy_name=policy, verifier_name=verifier, table=table)
    return visitors.start(key, Session(first), engines, problem, pace, place)


def reopen(
    visitors: Visitors, models: OfferedModels, key: str, run: RunId, place: Place = "main", link: bool = False
) -> View:
    """Open a run of the library, paused where it was; if its models are not available here, as a recording.

    With `link`, anybody may look at it, and continuing it makes a run of their own. Raises KeyError for a run that does
    not exist or belongs to another visitor, and `CrowdedError`.
    """
    saved = visitors.library.events_until_damage(run, None if link else visitors.sees(key))
    problem = problem_of(start_of(saved.events))
    mine = not link and visitors.library.get(run, visitors.sees(key)).length == len(saved.events)
    try:
        session, engines = fast_forward(saved.events), _engines(models, saved.events)
    except (DriftError, ValueError, EngineError):
        return visitors.show(key, saved.events, problem, run, place)
    again = run if mine else None
    forked = (run, len(saved.events))
    return visitors.start(key, session, engines, problem, 0.0, place, again, forked, paused=not session.done)


def fork(
    visitors: Visitors, models: OfferedModels, key: str, view: View, strategy: str, seed: int, pace: float
) -> View:
    """A new run that begins with the shown part of this one and continues with another strategy or seed.

    Raises ValueError with a message for the visitor.
    """
    part = list(view.trace[: view.shown])
    if not part:
        raise ValueError("There is nothing to fork yet: run a search first.")
    try:
        session = fast_forward(part)
    except DriftError as error:
        raise ValueError(f"This recording is of another version, so it cannot go on here ({error}).") from None
    if session.state in ("ended", "failed"):
        raise ValueError(
            f"The search has {session.state} here: go back to an earlier moment with the bar under the tree, then fork."
        )
    settings = session.tree.settings
    parameters = carried_over(settings.parameters, STRATEGIES.named(strategy))
    if strategy != settings.strategy:
        session.change(strategy=strategy, parameters=parameters)
    session.change(seed=seed)
    engines = _engines(models, part)
    return visitors.start(key, session, engines, view.problem, pace, forked=(view.saved, len(part)))


def seconds(pace: Any) -> float:
    """Seconds between two rounds. Raises ValueError for a speed that the page does not offer."""
    if not isinstance(pace, str) or pace not in PACES:
        raise ValueError("Choose a speed from the list.")
    return PACES[pace]


def _engines(models: OfferedModels, events: Sequence[Event]) -> tuple[Any, Any]:
    first = start_of(events)
    assert first is not None
    policy = models.policy(first.policy)
    if first.max_tokens > policy.step_tokens:
        raise ValueError("Its steps may be longer than this policy's are here.")
    return policy, models.verifier(first.verifier)
