"""What other programs use: search for an answer in one line, and look at what was found. See the package's docstring.

Stands on top of all folders but the page and the command line, and knows neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from markupsafe import Markup

from tts_viz.analysis import explain
from tts_viz.analysis.judge import Judge, Solution
from tts_viz.analysis.result import VERDICT, cost
from tts_viz.core.budget import Budget
from tts_viz.core.events import Event, Settings
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Policy, ScoreRequest, Verifier
from tts_viz.engines.defaults import default_policies, default_verifiers
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.load.cache import ModelCache
from tts_viz.errors import InputError, ProblemError, SearchFailedError
from tts_viz.exports import csv_table, graph, html_page
from tts_viz.search.scheduler import LiveRun, tick
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.strategies import choice_table, from_settings
from tts_viz.tasks import parse, recognise
from tts_viz.tasks.base import Problem
from tts_viz.traces import jsonl

if TYPE_CHECKING:
    import networkx
    import pandas
    from plotly.graph_objects import Figure

T = TypeVar("T")

OnEvent = Callable[[Event], object]

SHOWN = 5
"""Solutions that a notebook lists."""


class StopSearch(Exception):  # noqa: N818 (as StopIteration, it is no error)
    """Raise it in `on_event` to end the search there; `search` then returns what was found."""


# --- what was found -----------------------------------------------------------------------------------------------


class RunTree(Tree):
    """The tree of a run, for people outside: as `core.tree.Tree`, and it can become a graph."""

    __slots__ = ()

    def to_networkx(self) -> networkx.DiGraph:
        """Steps as nodes with `text`, `score`, `status`, …, by their ids; see `exports.graph`."""
        return graph.graph(self)


class Run:
    """What a search found. `trace`, the list of all that happened, is the truth; everything else is computed from it.

    In a notebook it shows itself: as a figure where plotly can draw, else as a list of its best solutions.
    """

    def __init__(self, trace: Sequence[Event]) -> None:
        """Raises ValueError for a trace without its start, and for a task that does not exist."""
        self.trace = list(trace)
        html_page.question(self.trace)
        self._judge = Judge.of(self.tree)

    @cached_property
    def tree(self) -> RunTree:
        tree = RunTree.fold(self.trace)
        assert isinstance(tree, RunTree)
        return tree

    @cached_property
    def solutions(self) -> list[Solution]:
        """The finished solutions, the chosen one first; each has `node`, `text`, `answer`, `score`, `weight`, `correct`."""
        return self._judge.solutions(self.tree)

    @property
    def question(self) -> str:
        """The problem in words for people."""
        return html_page.question(self.trace)

    @property
    def answer(self) -> str | None:
        """The chosen one; None where no solution was finished, or none could be read from it."""
        return self.solutions[0].answer if self.solutions else None

    @property
    def correct(self) -> bool | None:
        """Is the answer right? None where there is none, and where nothing is known to grade against."""
        return self.solutions[0].correct if self.solutions else None

    @property
    def cost(self) -> dict[str, Any]:
        """`generations`, `policy_tokens`, `prefill_tokens`, `verifier_tokens`, `flops` and the models' `seconds`."""
        return cost(self.tree)

    @property
    def state(self) -> Literal["finished", "stopped", "unfinished"]:
        """Unfinished: the budget was spent, or the recording ends, before the search had."""
        return self.tree.ended.why if self.tree.ended else "unfinished"

    def steps(self) -> pandas.DataFrame:
        """A row a node, in order of birth; the columns are those of the CSV export (`exports.csv_table.COLUMNS`)."""
        import pandas

        table = pandas.DataFrame(csv_table.rows(self.tree), columns=list(csv_table.COLUMNS))
        return table.astype({"parent_number": "Int64"})

    def figure(self) -> Figure:
        """The tree, drawn by plotly."""
        from tts_viz.render.figure import figure
        from tts_viz.render.scene import scene

        chosen = self.solutions[0].node if self.solutions else None
        return figure(scene(self.tree, self._judge.truths(self.tree), chosen), f"{self.question} → {self._said()}")

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the run to a file, in place of one that is there: .jsonl (the trace, which `open` reads), .html (a page
        that works offline) or .csv (a table of its steps). Returns the path. Raises ValueError for another ending, and
        OSError."""
        to = Path(path)
        match to.suffix.lower():
            case ".jsonl":
                with jsonl.TraceWriter(to) as writer:
                    writer.write(self.trace)
            case ".html":
                to.write_text(html_page.page(self.trace, self.question), encoding="utf-8", newline="")
            case ".csv":
                to.write_text(csv_table.table(self.trace), encoding="utf-8", newline="")
            case _:
                raise InputError(
                    f"{to.name!r} must end in .jsonl, .html or .csv; try {to.with_suffix('.jsonl').name!r}"
                )
        return to

    def __repr__(self) -> str:
        return f"<Run of {self.tree.settings.strategy} on {self.question!r}: {self._said()}>"

    def _said(self) -> str:
        """ "answer 24 (right), 16 generations" """
        found = f"answer {self.answer} ({VERDICT[self.correct]})" if self.solutions else "no solution"
        more = "" if self.state == "finished" else f", {self.state}"
        return f"{found}, {self.tree.generations} generations{more}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What a notebook shows: the best of these that it can. Nothing is fetched from anywhere."""
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            "application/vnd.plotly.v1+json": self.figure().to_plotly_json(),
        }

    def _repr_html_(self) -> str:
        rows = Markup().join(
            Markup("<tr><td>{}</td><td>{}</td><td>{}</td><td><pre>{}</pre></td></tr>").format(
                "–" if s.score is None else f"{s.score:.2f}",
                "–" if s.answer is None else s.answer,
                VERDICT[s.correct],
                s.text,
            )
            for s in self.solutions[:SHOWN]
        )
        head = Markup("<p><b>{}</b><br>{}: {}</p>").format(
            self.question, explain.strategy_words(self.tree.settings), self._said()
        )
        table = "<table><tr><th>score</th><th>answer</th><th>verdict</th><th>solution</th></tr>{}</table>"
        return str(head + (Markup(table).format(rows) if rows else Markup("")))


def open(path: str | PathLike[str]) -> Run:
    """The run in a trace file, which `Run.save` or the command line's `run --out` wrote. A last line that was cut off is
    left out. Raises OSError, and ValueError for what is no trace."""
    return Run(jsonl.read(path).events)


# --- searching ----------------------------------------------------------------------------------------------------


def search(
    problem: str | Problem,
    strategy: str = "beam",
    *,
    policy: str | Policy | None = None,
    verifier: str | Verifier | None = None,
    task: str | None = None,
    budget: int | Budget | None = 64,
    temperature: float = 1.0,
    step_aggregation: str = "last",
    vote: str = "weighted",
    seed: int = 0,
    on_event: OnEvent | None = None,
    parameters: Mapping[str, Any] | None = None,
    **knobs: Any,
) -> Run:
    """Search for the solution of one problem, and return what was found when the search ends or its budget does.

    `problem`: a text, such as "make 24 from 3 3 8 2", or a task's `Problem`; `task` says whose it is where the text does
    not. `strategy` is one of those that `tts_viz run --help` lists, and the other keyword arguments are its knobs
    (`n=16, m=4`); `parameters` is the place for a knob whose name is taken here. `budget` is in generations (full answers),
    None for no limit. The same seed gives the same tree.

    `policy` and `verifier`: a name (an embedded model, a folder, a hub id, a server), or what `load_policy` and
    `load_verifier` return, or an object of yours with `sample(requests)` or `score(requests)` (see `engines.base`). A model
    given by name is loaded for this search, unless it is embedded; load it yourself to use it for many.

    `on_event` is given every event as it happens, those of a round together (see `core.events`); it may raise `StopSearch`.
    Ctrl-C ends the search too, and what was found is returned. Where an event loop is running, as in a notebook, the
    search has a thread of its own; in async code use `asearch`.

    Raises ValueError for arguments that cannot be used, and `SearchFailedError`, which has the run so far, for a model
    that fails.
    """
    settings = _settings(strategy, parameters, knobs, budget, temperature, step_aggregation, vote, seed)
    live = _ready(problem, task, settings, policy, verifier)
    try:
        _here(lambda: _drive(live, on_event), live.stop)
    except KeyboardInterrupt:
        live.session.stop()
    return _found(live)


async def asearch(
    problem: str | Problem,
    strategy: str = "beam",
    *,
    policy: str | Policy | None = None,
    verifier: str | Verifier | None = None,
    task: str | None = None,
    budget: int | Budget | None = 64,
    temperature: float = 1.0,
    step_aggregation: str = "last",
    vote: str = "weighted",
    seed: int = 0,
    on_event: OnEvent | None = None,
    parameters: Mapping[str, Any] | None = None,
    **knobs: Any,
) -> Run:
    """`search` for async code: several of them at once do not wait for one another."""
    settings = _settings(strategy, parameters, knobs, budget, temperature, step_aggregation, vote, seed)
    live = await asyncio.to_thread(_ready, problem, task, settings, policy, verifier)
    await _drive(live, on_event)
    return _found(live)


def score(
    problem: str | Problem, steps: Sequence[str], verifier: str | Verifier | None = None, *, task: str | None = None
) -> list[float]:
    """The verifier's score, from 0 to 1, of each step of a (partial) solution. Raises ValueError as `search` does, and
    `EngineError` for a model that fails."""
    if isinstance(steps, str) or not steps or not all(isinstance(step, str) for step in steps):
        raise InputError(f"steps={steps!r} must be a list of one or more texts, a step each; try text.splitlines()")
    found = _problem(problem, task)
    judge = _verifier(verifier)
    request = ScoreRequest(found.prompt, tuple(steps), len(steps), found)

    async def ask() -> list[float]:
        return list((await judge.score([request]))[0].rewards)

    return _here(ask)


def _settings(
    strategy: str,
    parameters: Mapping[str, Any] | None,
    knobs: Mapping[str, Any],
    budget: int | Budget | None,
    temperature: float,
    step_aggregation: str,
    vote: str,
    seed: int,
) -> Settings:
    """Raises ValueError for a value of the wrong kind; what the strategy thinks of its parameters, the session will say."""
    if twice := sorted({*(parameters or {})} & {*knobs}):
        raise InputError(f"{', '.join(twice)} is given twice; leave it out of parameters")
    if isinstance(budget, bool) or not isinstance(budget, int | Budget | None):
        raise InputError(f"budget={budget!r} must be a whole number of generations, or None for no limit; try 64")
    if isinstance(temperature, bool) or not isinstance(temperature, int | float):
        raise InputError(f"temperature={temperature!r} must be a number from 0 up; try 1")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InputError(f"seed={seed!r} must be a whole number; try 0")
    limit = budget if isinstance(budget, Budget) else Budget(generations=budget)
    given = {**(parameters or {}), **knobs}
    return Settings(strategy, given, limit, float(temperature), step_aggregation, vote, seed)


def _ready(
    problem: str | Problem,
    task: str | None,
    settings: Settings,
    policy: str | Policy | None,
    verifier: str | Verifier | None,
) -> LiveRun:
    """A search that has not begun. What is wrong is said before the seconds that models take."""
    found = _problem(problem, task)
    policy_name, verifier_name = (model if isinstance(model, str) else "" for model in (policy, verifier))
    table = choice_table.needed(settings.strategy, found.task, policy_name, verifier_name)
    from_settings(settings, table)
    model, judge = _policy(policy), _verifier(verifier)
    first = started(found, settings, model, judge, policy_name=policy_name, verifier_name=verifier_name, table=table)
    return LiveRun(Session(first), model, judge)


async def _drive(live: LiveRun, on_event: OnEvent | None) -> None:
    """Until the search has nothing more to ask. Whatever else `on_event` raises is passed on."""
    told = 0

    def tell() -> None:
        nonlocal told
        fresh = live.session.trace[told:]
        told += len(fresh)
        if on_event:
            for event in fresh:
                on_event(event)

    try:
        tell()
        while await tick([live]):
            tell()
        tell()
    except StopSearch:
        live.session.stop()
    finally:
        live.close()


def _found(live: LiveRun) -> Run:
    run = Run(live.session.trace)
    if live.state == "failed":
        raise SearchFailedError(live.error or "The search failed.", run)
    return run


def _here(work: Callable[[], Any], stop: Callable[[], object] = lambda: None) -> Any:
    """The outcome of async work, from code that is not. In a thread of its own where this one has an event loop already;
    then Ctrl-C asks the work to stop, and waits for it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    with ThreadPoolExecutor(1, "tts_viz") as thread:
        outcome = thread.submit(lambda: asyncio.run(work()))
        try:
            return outcome.result()
        except KeyboardInterrupt:
            stop()
            return outcome.result()


# --- what names mean ----------------------------------------------------------------------------------------------


def _problem(problem: str | Problem, task: str | None) -> Problem:
    if isinstance(problem, Problem):
        return problem
    if not isinstance(problem, str):
        raise ProblemError(f"problem={problem!r} must be a text or a Problem; try 'make 24 from 3 3 8 2'")
    return parse(task, problem) if task else recognise(problem)


def _policy(given: str | Policy | None) -> Policy:
    from tts_viz.engines.load.policy import load_policy

    return _model("policy", given or default_policies()[0], "sample", load_policy, _EMBEDDED.policy)


def _verifier(given: str | Verifier | None) -> Verifier:
    from tts_viz.engines.load.verifier import load_verifier

    return _model("verifier", given or default_verifiers()[0], "score", load_verifier, _EMBEDDED.verifier)


_EMBEDDED = ModelCache()
"""Those of the embedded models that have been used: they are small, and searches in a loop should not load them anew."""


def _model(kind: str, given: str | T, does: str, load: Callable[[str], T], embedded: Callable[[str], T]) -> T:
    if isinstance(given, str):
        return embedded(given) if given in EMBEDDED else load(given)
    if not hasattr(given, does):
        raise InputError(
            f"{kind}={given!r} must be a name or have {does}(requests); try {kind}='{next(iter(EMBEDDED))}'"
        )
    return given
