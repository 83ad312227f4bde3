"""Solutions to examine: sampled now, through the scheduler like every search, or from the visitor's saved runs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator

from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.core.tree import Tree
from tts_viz.search.scheduler import LiveRun
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.strategies.defaults import BASELINE, SAMPLES
from tts_viz.tasks.base import Problem
from tts_viz.ui.components.events import POLL
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.runs.start import begin_with
from tts_viz.ui.verifier.jobs import Job, VerifierTabState
from tts_viz.verifier_eval.misjudged import Path, distinct, paths_of

MOST_PROBLEMS, MOST_SAMPLES = 8, 16
"""Limits of one examination, so that other visitors do not wait long."""

MOST_RUNS = 20
MOST_PATHS = 400

NAME = "Sampled in the Verifier tab"


async def one_solution(bench: VerifierTabState, problem: Problem) -> list[str]:
    """The steps of one sample of the first policy. The run is not saved. Raises ValueError, EngineError."""
    name = bench.models.policies[0]
    problem_form.check_taught(name, problem)
    policy = await asyncio.to_thread(bench.models.policy, name)
    verifier = await asyncio.to_thread(
        bench.models.verifier, bench.models.verifiers[0]
    )  # a run needs a verifier, though none is called here
    settings = Settings(SAMPLES, {"n": 1}, Budget(generations=1), seed=random.randrange(2**31))
    session = Session(started(problem, settings, policy, verifier, policy_name=name))
    run = LiveRun(session, policy, verifier)
    bench.visitors.scheduler.add(run)
    try:
        while run.state == "running":
            await asyncio.sleep(POLL)
    finally:
        bench.visitors.scheduler.drop(run)
    if run.error:
        raise ValueError(run.error)
    ends = session.tree.finished() or [max(session.tree.nodes.values(), key=lambda n: n.depth)]
    return [node.text for node in ends[0].path()]


async def sampled(
    bench: VerifierTabState, key: str, job: Job, problems: list[Problem], samples: int, verifier: str, into: list[Path]
) -> AsyncGenerator[int]:
    """Search the problems one after another, each as a saved run of this visitor. Appends the paths to `into` and adds the
    verifier's scores to the cache. Yields from time to time how many problems are done.

    Raises ValueError, `CrowdedError`, EngineError.
    """
    policy = bench.models.policies[0]
    settings = Settings(BASELINE, {"n": samples}, Budget(generations=samples), seed=random.randrange(2**31))
    view = None
    try:
        for done, problem in enumerate(problems):
            if job.cancelled:
                return
            problem_form.check_taught(policy, problem)
            view = await asyncio.to_thread(
                begin_with, bench.visitors, bench.models, key, problem, settings, policy, verifier, place="bench"
            )
            assert view.run is not None
            if view.saved:  # a run that cannot be saved is examined nevertheless
                bench.visitors.library.rename(view.saved, None, NAME)
            while view.run.state == "running":
                yield done
                await asyncio.sleep(POLL)
                if job.cancelled or bench.visitors.view(key, "bench") is not view:
                    return
            if view.run.error:
                raise ValueError(view.run.error)
            tree = Tree.fold(list(view.trace))
            for path in paths_of(view.saved or "", tree):
                bench.score_cache.know(verifier, path.solution, [tree.nodes[id].reward for id in path.nodes])
                into.append(path)
    finally:
        if bench.visitors.view(key, "bench") is view:  # another examination of this visitor may have begun
            bench.visitors.put_away(key, "bench")


def kept(bench: VerifierTabState, key: str) -> list[Path]:
    """The paths in the visitor's newest runs, at most `MOST_PATHS`. Raises OSError."""
    library, owner = bench.visitors.library, bench.visitors.sees(key)
    paths: list[Path] = []
    for entry in library.runs(owner, limit=MOST_RUNS):
        if len(paths) >= MOST_PATHS:
            break
        if entry.task in bench.models.tasks:
            paths = distinct(
                [*paths, *paths_of(entry.id, Tree.fold(library.events_until_damage(entry.id, owner).events))]
            )
    return paths[:MOST_PATHS]
