"""The app: `python app.py` opens the page. Also the entry point of a Hugging Face Space."""

from __future__ import annotations

import argparse
import os
from datetime import timedelta
from pathlib import Path

from tts_viz.traces.database import default_path
from tts_viz.traces.library import Library

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


SWEEP = Path(__file__).parent / "assets" / "lab" / "shipped.parquet"

FORGET = timedelta(days=30)
"""Deleted runs can be restored for so long."""


def open_library(path: str | None) -> Library:
    """The library of runs in a file; where nothing can be kept, one that ends with the app. What is amiss is said."""
    try:
        library = Library.open(path or default_path())
        library.purge(FORGET)
    except OSError as error:
        print(f"Runs are not kept: {error}")
        return Library.in_memory()
    if library.notice:
        print(library.notice)
    return library


def main() -> None:
    parser = argparse.ArgumentParser(description="Watch and steer a language model searching for an answer.")
    parser.add_argument("--host", default=None, help="address to listen on (default: this machine only; 0.0.0.0: all)")
    parser.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    parser.add_argument("--policy", action="append", help=(
        "offer this policy: an embedded one, a folder, a hub id or a server (repeatable; default: those named in the "
        "environment's TTS_VIZ_POLICIES, apart by commas, else the embedded ones)"
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
        help="the sweep that the laboratory shows, made by `python -m tts_viz sweep` (default: the shipped one)",
    )  # fmt: skip
    parser.add_argument(
        "--choices", default=None, metavar="FILE",
        help="the table that compute-optimal search looks up, made by `python -m tts_viz choose` (default: the shipped one)",
    )  # fmt: skip
    args = parser.parse_args()

    from tts_viz.engines.defaults import default_policies, default_verifiers
    from tts_viz.engines.embedded import EMBEDDED
    from tts_viz.lab.sweeps.store import models_of
    from tts_viz.search.scheduler import Scheduler
    from tts_viz.strategies.choice_table import VARIABLE, table
    from tts_viz.tasks.math500 import SOURCE
    from tts_viz.ui.forms.offered import TASKS, OfferedModels
    from tts_viz.ui.page import build_page, launch_options

    if args.choices:
        os.environ[VARIABLE] = args.choices
        table()  # better to fail now than in front of a visitor
    if args.math500:
        os.environ[SOURCE] = args.math500
    policies = tuple(args.policy or default_policies())
    tasks = TASKS if set(policies) <= set(EMBEDDED) else (*TASKS, "math500")
    sweep = args.sweep if args.sweep.is_file() else None
    if sweep is None and args.sweep != SWEEP:
        parser.error(f"{args.sweep}: there is no such file")
    models = OfferedModels(
        policies, tuple(args.verifier or default_verifiers()), tasks, models_of(sweep) if sweep else ()
    )
    models.warm_up()
    library = open_library(args.runs)
    # Where only this machine can reach the page, its one visitor is the operator.
    alone = args.host in (None, "127.0.0.1", "localhost") and "SPACE_ID" not in os.environ
    page = build_page(models, Scheduler(), library, args.everyones_runs or alone, sweep)
    page.queue(max_size=128).launch(server_name=args.host, server_port=args.port, **launch_options())


if __name__ == "__main__":
    main()
