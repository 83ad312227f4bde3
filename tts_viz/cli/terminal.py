"""A search on a terminal: progress while it runs, and the result as text or as one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tts_viz.analysis.judge import Judge, Solution
from tts_viz.analysis.result import VERDICT, result
from tts_viz.core.tree import Tree

SHOWN = 8
"""Solutions listed under the tree."""


@contextmanager
def progress() -> Iterator[Callable[[Tree], None]]:
    """Yields a function that shows a tree's progress in a line on stderr; it prints nothing if stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda tree: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    found = TextColumn("generations · {task.fields[found]}")
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), found, TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("searching", total=None, found="")

        def follow(tree: Tree) -> None:
            found = f"{len(tree.nodes) - 1} steps, {len(tree.finished())} solutions"
            bar.update(task, completed=tree.generations, total=tree.settings.budget.generations, found=found)

        yield follow


def show(tree: Tree, judge: Judge, json_only: bool) -> None:
    """Print the result on stdout."""
    if json_only:
        print(json.dumps(result(tree, judge), ensure_ascii=False))
        return
    from tts_viz.render.scene import scene
    from tts_viz.render.text import text

    solutions = judge.solutions(tree)
    chosen = solutions[0].node if solutions else None
    print(text(scene(tree, judge.truths(tree), chosen)), summary(tree, solutions), sep="\n\n")


def summary(tree: Tree, solutions: list[Solution]) -> str:
    """The strategy's notes, the answer, the best solutions and the cost."""
    spent = tree.spent
    lines = [*(note.why for note in tree.notes), _answer(solutions), ""]
    for place, s in enumerate(solutions[:SHOWN], 1):
        score = "  – " if s.score is None else f"{s.score:.2f}"
        lines.append(f"{place:>3}  {score}  {VERDICT[s.correct]:<10}  {s.answer or 'no answer':<24}  {s.node}")
    if len(solutions) > SHOWN:
        lines.append(f"     and {len(solutions) - SHOWN} more")
    lines += [
        "",
        f"{tree.generations} generations, {len(tree.nodes) - 1} steps, {spent.generated:,} tokens written, "
        f"{spent.prefilled:,} read, {spent.verifier_tokens:,} verified, {spent.flops:.3g} FLOPs, {spent.seconds:.1f} s",
    ]
    return "\n".join(lines)


def _answer(solutions: list[Solution]) -> str:
    if not solutions:
        return "no solution was finished"
    best = solutions[0]
    return f"answer: {best.answer or 'none could be read'} ({VERDICT[best.correct]})"
