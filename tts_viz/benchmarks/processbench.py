"""`bench processbench FILE`: how well a verifier finds the first wrong step of labelled solutions, by subset."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.progress import track

from tts_viz.benchmarks import report
from tts_viz.engines.base import Verifier
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.verifier_eval import processbench
from tts_viz.verifier_eval.processbench import Group, LabelledSolution, Report
from tts_viz.verifier_eval.score_cache import ScoreCache, Scores

BATCH = 16
"""Solutions in one call of the verifier."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSON or JSONL in ProcessBench's format")
    parser.add_argument("--verifier", default="verifier", metavar="V", help="name, folder or hub id (%(default)s)")
    parser.add_argument("--device", default="auto", help="where to load it (%(default)s)")
    parser.add_argument(
        "--by", choices=("subset", "generator"), default="subset",
        help="subsets by the field subset, or else by how ids begin; or by generator (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--threshold",
        type=_threshold,
        help="a step scored under it is wrong (default: chosen on a third of the problems)",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only N solutions, as if drawn at random")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")


def _threshold(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 1")
    return value


def run(args: argparse.Namespace) -> int:
    """Returns the exit code: 2 if a file or the verifier cannot be used."""
    try:
        entries = [entry for file in args.files for entry in _read(Path(file))]
        if args.limit is not None and args.limit < 1:
            raise ValueError(f"--limit {args.limit} must be 1 or more")
        entries = processbench.share(entries, args.limit or len(entries))
        verifier = load_verifier(args.verifier, args.device)
    except (ValueError, OSError) as error:
        return _complain(error, 2)
    try:
        measured = processbench.measure(entries, _scores(args.verifier, verifier, entries), args.by, args.threshold)
    except ValueError as error:
        return _complain(error, 2)
    print(json.dumps(_plain(measured)) if args.json else _formatted(measured, args.verifier))
    return 0


def _complain(error: Exception, code: int) -> int:
    print(f"tts_viz: {' '.join(str(error).split())}", file=sys.stderr)
    return code


def _read(path: Path) -> list[LabelledSolution]:
    try:
        return processbench.read(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _scores(name: str, verifier: Verifier, entries: Sequence[LabelledSolution]) -> list[Scores | None]:
    cache, found = ScoreCache(), []
    for i in track(range(0, len(entries), BATCH), "scoring", transient=True, disable=not sys.stderr.isatty()):
        found += processbench.ask(cache, name, verifier, entries[i : i + BATCH])
    return found


def _formatted(measured: Report, verifier: str) -> str:
    rows = [_row(group) for group in (*measured.groups, measured.total)]
    how = f"chosen on {measured.chosen_on} other solutions" if measured.chosen_on else "as given"
    average = "" if math.isnan(measured.average) else f"Average F1 of the subsets {measured.average:.3f}. "
    unread = f" {measured.unread} could not be read by it and are left out." if measured.unread else ""
    return (
        f"{report.table(rows)}\n\n{verifier}: a step is taken for wrong under {measured.threshold:.3f} ({how}). {average}"
        f"{measured.lucky} of {measured.total.wrong + measured.total.right} reach the right answer by a wrong step.{unread}"
    )


def _row(group: Group) -> dict[str, Any]:
    figures = {"error found (a)": group.found, "none found (b)": group.spared, "F1 = 2ab/(a+b)": group.f1}
    shown = {name: "–" if math.isnan(value) else value for name, value in figures.items()}
    return {"subset": group.name, "with an error": group.wrong, "without": group.right, **shown}


def _plain(measured: Report) -> Any:
    """The report as plain values for JSON; NaN becomes None."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        return None if isinstance(value, float) and math.isnan(value) else value

    return plain(asdict(measured) | {"average": measured.average})
