"""`python -m tts_viz bench WHAT`: one module for each benchmark."""

from __future__ import annotations

import argparse
from importlib import import_module

BENCHES = {
    "models": "the embedded models on held-out problems",
    "engine": "writing a tree, against bare forward passes and against the way users write it",
    "verifier": "scoring a tree step by step, against scoring each whole solution",
    "processbench": "a verifier on a file of solutions whose first wrong step is marked (ProcessBench)",
    "sessions": "several searches at once, against one after another",
    "idle": "what searches cost that rest",
    "page": "how soon the page shows what has happened (needs Chromium and playwright)",
    "peers": "the same search by its_hub and by naive code (needs its_hub)",
}

MEASURES_WITH = ("its_hub", "playwright")
"""Packages that only the benchmarks need."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="WHAT", required=True)
    for name, help in BENCHES.items():
        module = import_module(f"tts_viz.benchmarks.{name}")
        sub = kinds.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
        module.add_arguments(sub)
        sub.set_defaults(bench=module.run, refuse=sub.error)


def run(args: argparse.Namespace) -> int:
    """Run the benchmark; returns the exit code."""
    try:
        return args.bench(args)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in MEASURES_WITH:
            raise
        return args.refuse(f"this measurement needs {missing.name}: pip install -r tests/requirements.txt")
