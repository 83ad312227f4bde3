"""`python -m tts_viz export FILE.jsonl --html OUT | --csv OUT`: a recorded search as a web page or as a table.

Exit codes are those of the command line: 2, with one line on stderr, for wrong arguments or a bad recording.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tts_viz.exports.csv_table import table
from tts_viz.exports.html_page import page, question
from tts_viz.traces import importers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a trace that run --out wrote")
    out = parser.add_mutually_exclusive_group(required=True)
    out.add_argument("--html", type=Path, metavar="OUT", help="write a page there that works without anything else")
    out.add_argument("--csv", type=Path, metavar="OUT", help="write a table of the steps there")
    parser.add_argument("--title", help="of the page (default: the problem)")
    parser.add_argument("--force", action="store_true", help="replace OUT where it is there already")
    parser.set_defaults(refuse=parser.error)


def run(args: argparse.Namespace) -> int:
    """Returns the exit code; wrong arguments exit through `args.refuse`. Raises OSError if the disk fails."""
    refuse: Callable[[str], NoReturn] = args.refuse
    out: Path = args.html or args.csv
    if wrong := _wrong(args.file, out, args.force) or (args.csv and args.title and "--title goes with --html"):
        refuse(wrong)
    try:
        recorded, *others = importers.read(args.file)
        events = recorded.events
        text = table(events) if args.csv else page(events, args.title or question(events))
    except OSError as error:
        refuse(f"{args.file}: {error.strerror}")
    except ValueError as error:
        refuse(f"{args.file}: {error}")
    # Mode x, in case another process has created the file meanwhile.
    with open(out, "w" if args.force else "x", encoding="utf-8", newline="") as file:
        file.write(text)
    if recorded.torn:
        print("tts_viz: the last line of the trace was cut off and is left out", file=sys.stderr)
    if others:
        print(f"tts_viz: the file has {len(others)} recordings more; this is the first", file=sys.stderr)
    print(f"{out}: {len(text.encode()):,} bytes")
    return 0


def _wrong(file: Path, out: Path, force: bool) -> str:
    """Why the file cannot be written there; "" if it can."""
    if not out.parent.is_dir():
        return f"{out.parent}: there is no such folder"
    if out.is_dir():
        return f"{out}: is a folder"
    if out.exists() and file.exists() and out.samefile(file):
        return f"{out}: is the recording itself"
    if out.exists() and not force:
        return f"{out}: is there already; --force replaces it"
    return ""
