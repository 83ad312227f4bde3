"""`tts-viz app`: serves the page. `python app.py` does the same."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from tts_viz import extras
from tts_viz.resources import ASSETS
from tts_viz.traces.database import default_path
from tts_viz.traces.library import Library

SWEEP = ASSETS / "lab" / "shipped.parquet"

FORGET = timedelta(days=30)
"""How long deleted runs can be restored."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=None, help="address to listen on (default: this machine only; 0.0.0.0: all)")
    parser.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    parser.add_argument("--policy", action="append", help=(
        "offer this policy: an embedded one, a folder, a hub id or a server (repeatable; default: those named in the "
        "environment's TTS_VIZ_POLICIES, separated by commas, else the embedded ones)"
    ))  # fmt: skip
    parser.add_argument("--verifier", action="append", help=(
        "offer this verifier (repeatable; default: TTS_VIZ_VERIFIERS, else the embedded ones)"
    ))  # fmt: skip
    parser.add_argument(
        "--runs", default=None, metavar="FILE", help="where runs are kept (default: in your data folder)"
    )
    parser.add_argument(
        "--everyones-runs", action="store_true",
        help="show all kept runs to everybody (default: only on a page that only this machine can reach)",
    )  # fmt: skip
    parser.add_argument(
        "--math500", default=None, metavar="SOURCE",
        help="where MATH-500 is, a JSONL file or a hub id; it is offered where there is a policy that is not embedded",
    )  # fmt: skip
    parser.add_argument(
        "--sweep", type=Path, default=SWEEP, metavar="FILE",
        help="the sweep that the laboratory shows, made by `tts-viz sweep` (default: the shipped one)",
    )  # fmt: skip
    parser.add_argument(
        "--choices", type=Path, default=None, metavar="FILE",
        help="the table that compute-optimal search looks up, made by `tts-viz choose` (default: the shipped one)",
    )  # fmt: skip
    parser.set_defaults(refuse=parser.error)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted. Wrong arguments exit through `args.refuse`."""
    refuse: Callable[[str], NoReturn] = args.refuse
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

    from tts_viz.engines.defaults import default_policies, default_verifiers
    from tts_viz.search.scheduler import Scheduler
    from tts_viz.strategies import choice_table
    from tts_viz.tasks import TASKS
    from tts_viz.ui.forms.offered import OfferedModels
    from tts_viz.ui.page import build_page, launch_options

    try:
        choice_table.read(args.choices)  # fail now rather than in front of a visitor
    except ValueError as error:
        refuse(str(error))
    if args.math500:
        TASKS.replace("math500", TASKS["math500"].from_source(args.math500))
    policies = tuple(args.policy or default_policies())
    sweep = _sweep(args.sweep, refuse)
    try:
        also = _models_of(sweep)
    except (OSError, ValueError) as error:
        refuse(str(error))
    models = OfferedModels(policies, tuple(args.verifier or default_verifiers()), also=also, choices=args.choices)
    models.warm_up()
    library = open_library(args.runs)
    # If only this machine can reach the page, its only visitor is the operator.
    alone = args.host in (None, "127.0.0.1", "localhost") and "SPACE_ID" not in os.environ
    page = build_page(models, Scheduler(), library, args.everyones_runs or alone, sweep)
    page.queue(max_size=128).launch(server_name=args.host, server_port=args.port, **launch_options())
    return 0


def open_library(path: str | None) -> Library:
    """The library of runs in a file, or in memory if the file cannot be used. Prints warnings on stderr."""
    try:
        library = Library.open(path or default_path())
        library.purge(FORGET)
    except OSError as error:
        print(f"Runs are not kept: {error}", file=sys.stderr)
        return Library.in_memory()
    if library.notice:
        print(library.notice, file=sys.stderr)
    return library


def _sweep(file: Path, refuse: Callable[[str], NoReturn]) -> Path | None:
    """The file that the laboratory shows; None if the default one is absent. Refuses a missing file that was asked for."""
    if file.is_file():
        return file
    if file != SWEEP:
        refuse(f"{file}: there is no such file")
    return None


def _models_of(sweep: Path | None) -> tuple[str, ...]:
    """The models of the sweep that is shown; none if it cannot be read here."""
    if sweep is None or not extras.installed("lab"):
        return ()
    from tts_viz.lab.sweeps.store import models_of

    return models_of(sweep)
