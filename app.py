"""The app: `python app.py` opens the page. Also the entry point of a Hugging Face Space."""

from __future__ import annotations

import argparse
import os
from datetime import timedelta

from tts_viz.traces.library import Library
from tts_viz.traces.library_file import default_path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


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
    parser.add_argument("--policy", action="append", help="offer this policy instead (folder or hub id; repeatable)")
    parser.add_argument("--verifier", action="append", help="offer this verifier instead (repeatable)")
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
    args = parser.parse_args()

    from tts_viz.engines.embedded import EMBEDDED
    from tts_viz.scheduler import Scheduler
    from tts_viz.tasks.math500 import SOURCE
    from tts_viz.ui.models import POLICIES, TASKS, VERIFIERS, Models
    from tts_viz.ui.page import build_page, launch_options

    if args.math500:
        os.environ[SOURCE] = args.math500
    policies = tuple(args.policy or POLICIES)
    tasks = TASKS if set(policies) <= set(EMBEDDED) else (*TASKS, "math500")
    models = Models(policies, tuple(args.verifier or VERIFIERS), tasks)
    models.warm_up()
    library = open_library(args.runs)
    # Where only this machine can reach the page, its one visitor is the operator.
    alone = args.host in (None, "127.0.0.1", "localhost") and "SPACE_ID" not in os.environ
    page = build_page(models, Scheduler(), library, args.everyones_runs or alone)
    page.queue(max_size=128).launch(server_name=args.host, server_port=args.port, **launch_options())


if __name__ == "__main__":
    main()
