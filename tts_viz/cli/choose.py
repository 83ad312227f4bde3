"""`python -m tts_viz choose SWEEP --out FILE`: makes the table that compute-optimal search looks up from a sweep."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tts_viz.strategies.choice_table import VARIABLE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", type=Path, metavar="SWEEP", help="a table that the command sweep has written")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="write the choices there, as JSON")
    parser.add_argument("--force", action="store_true", help="replace FILE where it is there already")
    parser.set_defaults(refuse=parser.error)


def run(args: argparse.Namespace) -> int:
    """Returns the exit code; wrong arguments exit through `args.refuse`. Raises OSError if the disk fails."""
    refuse: Callable[[str], NoReturn] = args.refuse
    if args.out.exists() and not args.force:
        refuse(f"{args.out} is there already; --force replaces it")
    from tts_viz.lab.metrics.choice_table import table
    from tts_viz.lab.sweeps.store import Sweep

    try:
        found = table(Sweep(args.sweep), f"python -m tts_viz choose {args.sweep.name} --out {args.out.name}")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    except ValueError as error:
        refuse(str(error))
    args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for task, rows in found["tasks"].items():
        for n, bins in rows["budgets"].items():
            choices = ", ".join(_in_words(best) for best in bins)
            print(f"{task}, N = {n}, from the easiest bin: {choices}")
    print(f"{args.out}: compute-optimal search reads it where {VARIABLE} or --choices names it")
    return 0


def _in_words(best: dict[str, object]) -> str:
    knobs = best["knobs"]
    given = " ".join(f"{name} {value}" for name, value in knobs.items()) if isinstance(knobs, dict) else ""
    what = f"{best['strategy']} {given}".strip()
    return f"{what} {best['accuracy']:.2f} ({best['best_of_n']:.2f})"
