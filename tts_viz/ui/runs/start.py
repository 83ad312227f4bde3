"""From what the controls show to a run that is under way; from a run in the library to one on the page; and forks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from tts_viz.core.events import Event, Settings, Started
from tts_viz.errors import DriftError, EngineError
from tts_viz.search.replay import fast_forward
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES
from tts_viz.tasks.base import Problem
from tts_viz.traces.entry import RunId
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms import strategy as strategy_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.runs.view import View
from tts_viz.ui.runs.visitors import Place, Visitors

PACES = {"Slow": 0.9, "Calm": 0.3, "Full speed": 0.0}
"""Seconds between two rounds."""


def begin(visitors: Visitors, models: OfferedModels, key: str, values: Sequence[Any], one_round: bool) -> View:
    """Start what the visitor asked for.

    `values`: task, problem text, seed, policy, verifier, pace, then the controls'. Raises ValueError or `CrowdedError`,
    in words for the visitor.
    """
    task, text, seed, policy, verifier, pace, *rest = values
    problem = problem_form.read(models.tasks, task, text)
    problem_form.check_taught(str(policy), problem)
    settings = replace(strategy_form.settings(rest), seed=strategy_form.whole(seed))
    view = begin_with(visitors, models, key, problem, settings, str(policy), str(verifier), seconds(pace))
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
    engines = writer, _ = models.policy(policy), models.verifier(verifier)
    started = Started(
        problem.prompt,
        settings,
        max_tokens=writer.step_tokens,
        problem=asdict(problem),
        policy=policy,
        verifier=verifier,
    )
    return visitors.start(key, Session(started), engines, problem, pace, place)


def reopen(
    visitors: Visitors, models: OfferedModels, key: str, run: RunId, place: Place = "main", link: bool = False
) -> View:
    """A run of the library, resting where it was, ready to go on; a recording where its models are not here.

    With a `link` anybody may look, and what they do makes a run of their own. Raises KeyError for a run that is not there
    or is another visitor's, and `CrowdedError`.
    """
    saved = visitors.library.events_until_damage(run, None if link else visitors.sees(key))
    mine = not link and visitors.library.get(run, visitors.sees(key)).length == len(saved.events)
    try:
        session, engines = fast_forward(saved.events), _engines(models, saved.events)
    except (DriftError, ValueError, EngineError):
        return visitors.show(key, saved.events, problem_of(saved.events), run, place)
    again = run if mine else None
    forked = (run, len(saved.events))
    return visitors.start(
        key, session, engines, problem_of(saved.events), 0.0, place, again, forked, paused=not session.done
    )


def fork(visitors: Visitors, models: OfferedModels, key: str, view: View, strategy: str, seed: int) -> View:
    """A new run that begins with all that is shown of this one, and goes on by another strategy or seed.

    Raises ValueError in words for the visitor.
    """
    part = list(view.trace[: view.shown])
    if not part:
        raise ValueError("There is nothing to fork yet: run a search first.")
    try:
        session = fast_forward(part)
    except DriftError as error:
        raise ValueError(f"This recording is of another version, so it cannot go on here ({error}).") from None
    if session.done:
        raise ValueError(
            "The search has ended here: go back to an earlier moment with the bar under the tree, then fork."
        )
    settings = session.tree.settings
    known = {k.name for k in STRATEGIES[strategy].knobs} if strategy in STRATEGIES else set()
    parameters = {name: value for name, value in settings.parameters.items() if name in known}
    if strategy != settings.strategy:
        session.change(strategy=strategy, parameters=parameters)
    session.change(seed=seed)
    engines = _engines(models, part)
    return visitors.start(key, session, engines, view.problem, 0.3, forked=(view.saved, len(part)))


def problem_of(events: Sequence[Event]) -> Problem | None:
    first = events[0]
    return Problem(**first.problem) if isinstance(first, Started) and first.problem else None


def seconds(pace: Any) -> float:
    """Raises ValueError for a speed that is not on the page."""
    if pace not in PACES:
        raise ValueError("Choose a speed from the list.")
    return PACES[pace]


def _engines(models: OfferedModels, events: Sequence[Event]) -> tuple[Any, Any]:
    first = events[0]
    assert isinstance(first, Started)
    policy = models.policy(first.policy)
    if first.max_tokens > policy.step_tokens:
        raise ValueError("Its steps may be longer than this policy's are here.")
    return policy, models.verifier(first.verifier)
