"""`python -m tts_viz sweep SPEC --out FILE` and `python -m tts_viz sweep --merge A B … --out FILE`.

Exit codes are those of the command line. To continue an interrupted sweep, give the same command again.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tts_viz.errors import EngineError
from tts_viz.lab.sweeps import spec as specs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", nargs="?", type=Path, metavar="SPEC", help="what to run: a TOML file")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="write the table there, as Parquet")
    parser.add_argument(
        "--shard", type=_shard, default=(1, 1), metavar="i/k", help="run only the i-th of k equal shares"
    )
    parser.add_argument(
        "--workers", type=_positive, metavar="W", help="processes (default: one a core; one with a GPU)"
    )
    parser.add_argument("--merge", nargs="+", type=Path, metavar="FILE", help="make one table of the shards' tables")
    parser.add_argument("--force", action="store_true", help="replace FILE where it is there already")
    parser.set_defaults(refuse=parser.error)


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text} must be like 2/4: the second of four")
    return int(found[1]), int(found[2])


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} must be 1 or more")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Returns the exit code; wrong arguments exit through `args.refuse`. Raises OSError if the disk fails."""
    refuse: Callable[[str], NoReturn] = args.refuse
    if bool(args.spec) == bool(args.merge):
        refuse("give a SPEC to run, or --merge with the tables of all shards")
    if args.out.is_dir() or not args.out.parent.is_dir():
        refuse(
            f"{args.out} cannot be written: " + ("it is a folder" if args.out.is_dir() else "there is no such folder")
        )
    if args.out.exists() and not args.force:
        refuse(f"{args.out} is there already; --force replaces it")
    from tts_viz.lab.sweeps.run import merge

    try:
        if not args.merge:
            return _sweep(args)
        rows = merge(args.merge, args.out)
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    except ValueError as error:
        refuse(str(error))
    print(f"{args.out}: {rows:,} solutions")
    return 0


def _sweep(args: argparse.Namespace) -> int:
    """Run the sweep; returns the exit code. Raises ValueError for a bad spec or unusable earlier results."""
    spec = specs.read(args.spec)
    from tts_viz.lab.sweeps.run import Sweeping

    shard = f" --shard {args.shard[0]}/{args.shard[1]}" if args.shard[1] > 1 else ""
    sweeping = Sweeping(spec, args.out, f"python -m tts_viz sweep {args.spec.name}{shard}", args.shard)
    total = sum(map(sweeping.generations, sweeping.mine))
    missing = sum(map(sweeping.generations, sweeping.missing))
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("generations"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    try:
        with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as bars:
            bar = bars.add_task(spec.title or args.spec.stem, total=total, completed=total - missing)
            sweeping.run(args.workers or _cores(), lambda generations: bars.advance(bar, generations))
    except EngineError as error:
        print(f"tts_viz: {error} What was done is kept: the same command goes on.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tts_viz: interrupted; the same command goes on", file=sys.stderr)
        return 130
    print(f"{args.out}: {sweeping.finish():,} solutions")
    return 0


def _cores() -> int:
    from torch import cuda

    return 1 if cuda.is_available() else len(os.sched_getaffinity(0))
