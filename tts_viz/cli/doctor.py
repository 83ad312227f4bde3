"""`python -m tts_viz doctor`: prints the detected properties of a verifier and the results of the built-in checks."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

MARKS = {"ok": "✓", "doubt": "?", "bad": "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verifier", default="verifier", metavar="V", help="name, folder, hub id or server (default %(default)s)"
    )
    parser.add_argument("--device", default="auto", help="where to load it (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Returns the exit code: 1 if a check or a server fails, 2 if there is no such verifier."""
    from tts_viz.engines.load.doctor import examine
    from tts_viz.errors import EngineError

    try:
        diagnosis = examine(args.verifier, args.device)
    except ValueError as error:
        print(f"tts_viz: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except EngineError as error:
        print(f"tts_viz: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(asdict(diagnosis) | {"verdict": diagnosis.verdict}, ensure_ascii=False))
    else:
        print(diagnosis.verifier)
        for what, value in diagnosis.found:
            print(f"  {what + ':':17}{value}")
        for check in diagnosis.checks:
            print(f"{MARKS[check.verdict]} {check.name}: {check.said}")
    return int(diagnosis.verdict == "bad")
