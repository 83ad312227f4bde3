"""`python -m tts_viz lab SWEEP.parquet [--out FOLDER]`: prints a sweep's findings, and writes its figures as pages.

Exit codes are those of the command line. Without a folder it only prints the readings and the headline numbers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import NoReturn

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #ddd }} a {{ color: #8bf }} }}
</style></head>
<body>{body}</body>
</html>
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", type=Path, metavar="SWEEP", help="a table that `tts_viz sweep` wrote")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write a page for each figure, and an index, there")
    parser.add_argument("--figure", metavar="NAME", help="only this figure")
    parser.add_argument(
        "--paper",
        choices=("v1", "iclr"),
        default="v1",
        help="whose numbers the FLOPs exchange uses (default %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--force", action="store_true", help="write to FOLDER though it is not empty")
    parser.set_defaults(refuse=parser.error)


def run(args: argparse.Namespace) -> int:
    """Returns the exit code; wrong arguments exit through `args.refuse`. Raises OSError if the disk fails."""
    refuse: Callable[[str], NoReturn] = args.refuse
    if args.out and (wrong := _wrong(args.out, args.force)):
        refuse(wrong)
    from tts_viz.lab.figures import FIGURES
    from tts_viz.lab.metrics.arrays import sweep_arrays
    from tts_viz.lab.metrics.headlines import headlines, table
    from tts_viz.lab.sweeps.store import Sweep

    try:
        chosen = {args.figure: FIGURES.named(args.figure)} if args.figure else dict(FIGURES)
        sweep = Sweep(args.sweep)
    except OSError as error:
        refuse(f"{args.sweep}: {error.strerror or error}")
    except ValueError as error:
        refuse(str(error))
    drawn = [
        (name, f, f.draw(sweep, **({"paper": args.paper} if "paper" in f.switches else {})))
        for name, f in chosen.items()
    ]
    numbers = headlines(sweep_arrays(sweep), args.paper)
    if args.out:
        args.out.mkdir(exist_ok=True)
        for name, f, one in drawn:
            plot = one.figure.to_html(full_html=False, include_plotlyjs=True, config={"showSendToCloud": False})
            body = f"<h1>{escape(f.title)}</h1><p><b>{escape(f.question)}</b></p><p>{escape(one.reading)}</p>{plot}"
            (args.out / f"{name}.html").write_text(PAGE.format(title=escape(f.title), body=body), encoding="utf-8")
        title = sweep.spec.title or args.sweep.stem
        listed = "".join(
            f'<h2><a href="{name}.html">{escape(f.title)}</a></h2><p><b>{escape(f.question)}</b></p>'
            f"<p>{escape(one.reading)}</p>"
            for name, f, one in drawn
        )
        made = f"<p>Made by <code>{escape(sweep.about['command'])}</code>, {escape(sweep.about['date'])}.</p>"
        index = PAGE.format(title=escape(title), body=f"<h1>{escape(title)}</h1>{made}{listed}")
        (args.out / "index.html").write_text(index, encoding="utf-8")
    if args.json:
        made = {key: sweep.about[key] for key in ("command", "date")}
        report = made | {"readings": {name: one.reading for name, _, one in drawn}, "numbers": numbers}
        print(json.dumps(report, indent=1, ensure_ascii=False))
        return 0
    for i, (_, f, one) in enumerate(drawn, 1):
        print(f"{i}. {f.title}\n   {one.reading}\n")
    print(table(numbers["accuracy"]))
    if args.out:
        print(f"\n{args.out / 'index.html'}: {len(drawn)} figures")
    return 0


def _wrong(out: Path, force: bool) -> str:
    """Why nothing can be written there; "" if it can."""
    if not out.parent.is_dir():
        return f"{out.parent}: there is no such folder"
    if out.exists() and not out.is_dir():
        return f"{out}: is not a folder"
    if out.is_dir() and any(out.iterdir()) and not force:
        return f"{out}: is not empty; --force writes there all the same"
    return ""
