"""The command line: `tts-viz app | run | open | export | sweep | lab | choose | train | doctor | bench`.

Exit codes: 0 done; 1 a model or the disk failed during the search (results so far are printed, the trace is kept); 2 wrong
arguments (one line on stderr); 130 interrupted by Ctrl-C (results and trace as for 1). Slow imports, such as the models, are
made only when a command needs them, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from tts_viz.analysis.judge import Judge
from tts_viz.cli import strategy_flags, terminal
from tts_viz.core import aggregation
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.core.tree import Tree
from tts_viz.engines.defaults import default_policies, default_verifiers
from tts_viz.errors import EngineError, MissingExtraError, UsageError
from tts_viz.extras import needing
from tts_viz.search.scheduler import LiveRun, tick
from tts_viz.search.session import Session
from tts_viz.search.start import started
from tts_viz.strategies import STRATEGIES, choice_table, from_settings
from tts_viz.strategies.defaults import FIRST
from tts_viz.tasks import TASKS, get_task, parse, recognise
from tts_viz.tasks.base import SPLITS, Problem


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code. Raises SystemExit, as argparse does, for wrong arguments and after printing help."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        with needing("This command"):
            args = build_parser(argv).parse_args(argv)
            code = args.do(args)
        sys.stdout.flush()
        return code
    except (UsageError, MissingExtraError) as error:
        return _complain(str(error), 2)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except BrokenPipeError:  # the reader of the pipe (`| head`) has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(_sentence(error), 1)


def _complain(message: str, code: int) -> int:
    print(f"tts_viz: {' '.join(message.split())}", file=sys.stderr)
    return code


@contextmanager
def refusing() -> Iterator[None]:
    """Turn errors raised in this context into `UsageError`: the arguments are to blame for them."""
    try:
        yield
    except (ValueError, IndexError, OSError, EngineError) as error:
        raise UsageError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    """An error as a sentence: "run.jsonl: No such file or directory"."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


# --- arguments ----------------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """Reports errors in one line, without the usage. The command's strategy words the error for unknown flags."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:  # type: ignore[override]
        found, unknown = super().parse_known_args(args, namespace)
        flags = getattr(found, "flags", None)
        if unknown and flags is not None:
            self.error(flags.refusal(unknown))
        return found, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(_complain(message, 2))


def build_parser(argv: Sequence[str]) -> Parser:
    """The parser for these arguments. Only the named command gets its arguments, because adding them can import a lot."""
    command = next((a for a in argv if not a.startswith("-")), None)
    parser = Parser(prog="tts_viz", description="Watch a language model search for an answer.", allow_abbrev=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (help, fill) in COMMANDS.items():
        sub = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".", allow_abbrev=False)
        if name == command:
            fill(sub, argv)
    return parser


def _fill_run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    chosen = strategy_flags.chosen(argv)
    what = parser.add_argument_group("what to solve")
    what.add_argument(
        "--task", metavar="NAME", help=f"{', '.join(TASKS)}; if left out, the one that plainly fits --problem"
    )
    examples = " or ".join(
        f"'{task.examples[0]}'" for task in TASKS.values() if task.self_recognising and task.examples
    )
    what.add_argument("--problem", metavar="TEXT", help=f"a problem of your own, such as {examples}".replace("%", "%%"))
    what.add_argument("--level", type=int, help="difficulty of a ready-made problem (default: the easiest)")
    what.add_argument("--index", type=int, help="which problem of that level (default 0)")
    what.add_argument("--split", choices=SPLITS, help="where it is taken from (default test)")
    sources = "; ".join(f"{task.sources} for {name}" for name, task in TASKS.items() if task.sources)
    what.add_argument("--dataset", metavar="SOURCE", help=f"where the ready-made problems are: {sources}")

    how = parser.add_argument_group("how to search")
    how.add_argument("--strategy", choices=list(STRATEGIES), default=FIRST, help=(
        "default %(default)s; each has knobs of its own, which run --strategy NAME --help shows"
    ))  # fmt: skip
    how.add_argument(
        "--budget", type=int, default=64, metavar="GENERATIONS", help="in full answers (default %(default)s)"
    )
    how.add_argument("--temperature", type=_temperature, default=1.0, help="0 is greedy (default %(default)s)")
    how.add_argument("--seed", type=int, default=0, help="the same seed gives the same tree (default %(default)s)")
    for flag, registry, default in (
        ("--step-aggregation", aggregation.STEP_AGGREGATIONS, "last"),
        ("--vote", aggregation.VOTES, "weighted"),
    ):
        help_text = " ".join(f"{name}: {one.help}" for name, one in registry.items()).replace("%", "%%")
        how.add_argument(flag, choices=list(registry), default=default, help=f"{help_text} (default %(default)s)")
    how.add_argument("--policy", default=default_policies()[0], help=(
        "policy-small, policy-large, a folder, a hub id or a server (default %(default)s; TTS_VIZ_POLICIES changes it)"
    ))  # fmt: skip
    how.add_argument("--verifier", default=default_verifiers()[0], help=(
        "verifier, oracle, noisy:0.2 or a PRM (default %(default)s; TTS_VIZ_VERIFIERS changes it)"
    ))  # fmt: skip

    how.add_argument(
        "--choices",
        type=Path,
        metavar="FILE",
        help=(
            f"the table that {' and '.join(name for name, entry in STRATEGIES.items() if entry.looks_up)} look up "
            f"(default ${choice_table.VARIABLE} or the shipped one)"
        ),
    )

    out = parser.add_argument_group("what comes out")
    out.add_argument("--out", metavar="FILE", help="write the trace there as it happens, as JSON lines")
    _add_json(out)
    parser.set_defaults(do=run, flags=strategy_flags.add(parser, chosen))


def _fill_open(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a recording: what run --out wrote, or another format that an importer reads"
    )
    _add_json(parser)
    parser.set_defaults(do=open_trace)


def _add_json(to: argparse._ActionsContainer) -> None:
    to.add_argument("--json", action="store_true", help="print one JSON object instead of the tree")


def _temperature(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0 <= value <= 2):
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 2")
    return value


_temperature.__name__ = "temperature"  # argparse uses the name in its message: "invalid temperature value"


Fill = Callable[[argparse.ArgumentParser, Sequence[str]], None]
"""Adds a command's arguments to its parser; some of them depend on the typed arguments."""


def _elsewhere(module: str) -> Fill:
    """A command defined in another module, with `add_arguments(parser)` and `run(args) -> int`."""

    def fill(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
        found = import_module(module)
        found.add_arguments(parser)
        parser.set_defaults(do=found.run)

    return fill


COMMANDS: dict[str, tuple[str, Fill]] = {
    "app": ("open the page on which searches are watched and steered", _elsewhere("tts_viz.cli.app")),
    "run": ("search for the solution of one problem and print the tree", _fill_run),
    "open": ("print a recorded search, without any model", _fill_open),
    "export": ("make a web page or a table of a recorded search", _elsewhere("tts_viz.cli.export")),
    "train": ("make the embedded models anew", _elsewhere("tts_viz.training.train")),
    "doctor": (
        "examine how a verifier is read, and whether it makes sense",
        _elsewhere("tts_viz.cli.doctor"),
    ),
    "sweep": ("run many searches and keep what they found in one table", _elsewhere("tts_viz.cli.sweep")),
    "lab": ("draw and read the figures of a sweep", _elsewhere("tts_viz.cli.lab")),
    "choose": (
        "make of such a table the one that compute-optimal search looks up",
        _elsewhere("tts_viz.cli.choose"),
    ),
    "bench": ("measure the models, and how fast all is", _elsewhere("tts_viz.cli.bench")),
}


# --- run ----------------------------------------------------------------------------------------------------------


def run(args: argparse.Namespace) -> int:
    """Search with progress on stderr; print the result on stdout."""
    from tts_viz.traces.jsonl import TraceWriter

    with refusing():
        problem = _problem(args)
        judge = Judge(problem)
        settings = _settings(args)
        table = choice_table.needed(settings.strategy, problem.task, args.policy, args.verifier, args.choices)
        from_settings(settings, table)  # refuses wrong settings before the models load, which takes seconds
        from tts_viz.engines.load.policy import load_policy
        from tts_viz.engines.load.verifier import load_verifier

        policy, verifier = load_policy(args.policy), load_verifier(args.verifier)
        named = {"policy_name": args.policy, "verifier_name": args.verifier}
        session = Session(started(problem, settings, policy, verifier, **named))
        search = LiveRun(session, policy, verifier)
        writer = TraceWriter(args.out) if args.out else None

    with ExitStack() as stack:
        follow = stack.enter_context(terminal.progress())
        stack.enter_context(_stopping(search.stop))
        if writer:
            stack.enter_context(writer)

        def look() -> None:
            if writer:
                writer.write(session.trace[writer.written :])
            follow(session.tree)

        asyncio.run(_drive(search, look))
    terminal.show(session.tree, judge, args.json)
    match search.state:
        case "failed":
            return _complain(search.error or "", 1)
        case "stopped":
            return _complain("stopped; this is what was found", 130)
        case "held":
            _complain(f"the budget of {args.budget} generations was spent before the search had ended", 0)
        case "full":
            _complain(f"the search was ended at {search.max_nodes:,} nodes", 0)
    return 0


async def _drive(search: LiveRun, look: Callable[[], None]) -> None:
    """Call `look` before the first round, after each one and once at the end, since the last tick may only record a stop."""
    look()
    while await tick([search]):
        look()
    look()


def _problem(args: argparse.Namespace) -> Problem:
    """The problem that the arguments name. Raises ValueError or IndexError."""
    if args.problem is not None:
        if (args.level, args.index, args.split) != (None, None, None):
            raise ValueError("--problem is a problem of your own; --level, --index and --split choose a ready-made one")
        if args.dataset is not None:
            raise ValueError("--problem is a problem of your own; --dataset is where ready-made ones are")
        return parse(args.task, args.problem) if args.task else recognise(args.problem)
    if not args.task:
        raise ValueError("nothing to solve: give --problem, or --task with --level and --index")
    task = get_task(args.task)
    if args.dataset is not None:
        task = task.from_source(args.dataset)
    level = next(iter(task.levels), 1) if args.level is None else args.level
    return task.problem(args.split or "test", level, args.index or 0)


def _settings(args: argparse.Namespace) -> Settings:
    """The settings. Raises ValueError for a bad budget; the strategy checks its parameters later."""
    strategy, parameters = args.flags.read(args)
    budget = Budget(generations=args.budget)
    return Settings(strategy, parameters, budget, args.temperature, args.step_aggregation, args.vote, args.seed)


@contextmanager
def _stopping(stop: Callable[[], object]) -> Iterator[None]:
    """The first Ctrl-C stops the search after the current round; the second one quits at once."""

    def interrupted(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- open ---------------------------------------------------------------------------------------------------------


def open_trace(args: argparse.Namespace) -> int:
    """Print a recorded search."""
    from tts_viz.traces import importers

    with refusing():
        found = [(recorded.torn, Tree.fold(recorded.events)) for recorded in importers.read(args.file)]
        judged = [(torn, tree, Judge.of(tree)) for torn, tree in found]
    for torn, tree, judge in judged:
        if torn:
            _complain("the last line of the trace was cut off and is left out", 0)
        terminal.show(tree, judge, args.json)
    return 0
