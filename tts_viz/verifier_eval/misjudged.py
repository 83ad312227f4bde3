"""Where verifiers go wrong: the steps of many searches, by how far a score is from the truth or from another score.

Knows nothing about how the scores were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from tts_viz.core.events import NodeId
from tts_viz.core.tree import Tree
from tts_viz.lab.metrics.verifier_scores import auroc
from tts_viz.tasks import error_kinds
from tts_viz.tasks.base import ErrorKind, StepTruth, problem_of
from tts_viz.verifier_eval.examine import is_good, truths_of
from tts_viz.verifier_eval.score_cache import Scores
from tts_viz.verifier_eval.solution import SolutionUnderTest


@dataclass(frozen=True, slots=True)
class Path:
    """A solution in a tree, whole or not: from the first step to one that nothing follows, and which nodes they are."""

    solution: SolutionUnderTest
    run: str
    nodes: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class JudgedStep:
    """One step: the last one of `solution`. `truth` is None where the task has no exact checker; `scores` by verifier."""

    solution: SolutionUnderTest
    run: str
    node: NodeId
    truth: StepTruth | None
    scores: Mapping[str, float]

    @property
    def text(self) -> str:
        return self.solution.steps[-1]

    @property
    def good(self) -> bool | None:
        """Is it true, and the goal still in reach?"""
        return None if self.truth is None else is_good(self.truth) == 1


@dataclass(frozen=True, slots=True)
class Tally:
    """All steps with one kind of error (None: with none): how many, their mean score, and how many the verifier misjudged,
    a score of ½ or more being its word for a good step."""

    kind: ErrorKind | None
    steps: int
    mean: float
    misjudged: int


def paths_of(run: str, tree: Tree) -> list[Path]:
    """The fewest paths that cover all steps of a search, live or not, looks ahead included. None without a problem."""
    problem = problem_of(tree.started)
    if problem is None:
        return []
    found = []
    for leaf in tree.nodes.values():
        nodes = leaf.path()
        if nodes and all(child.kind == "attempt" for child in leaf.children):
            steps = tuple(node.text for node in nodes)
            found.append(Path(SolutionUnderTest(problem, steps), run, tuple(node.id for node in nodes)))
    return found


def distinct(paths: Iterable[Path]) -> list[Path]:
    """Without those that read like an earlier one: the same samples come again in every search of a problem."""
    found: dict[tuple[str, tuple[str, ...]], Path] = {}
    for path in paths:
        found.setdefault((path.solution.problem.prompt, path.solution.steps), path)
    return list(found.values())


def steps_of(paths: Sequence[Path], scores: Mapping[str, Sequence[Scores]]) -> list[JudgedStep]:
    """Every step of these paths once, where it was met first. `scores`: by verifier, those of each path."""
    found: dict[tuple[str, tuple[str, ...]], JudgedStep] = {}
    for i, path in enumerate(paths):
        problem, texts = path.solution.problem, path.solution.steps
        truths = truths_of(path.solution) or (None,) * len(texts)
        for k, (node, truth) in enumerate(zip(path.nodes, truths, strict=True)):
            so_far = texts[: k + 1]
            said = {name: those[i][k] for name, those in scores.items()}
            found.setdefault(
                (problem.prompt, so_far), JudgedStep(SolutionUnderTest(problem, so_far), path.run, node, truth, said)
            )
    return list(found.values())


def overrated(steps: Iterable[JudgedStep], name: str, kind: ErrorKind | None = None) -> list[JudgedStep]:
    """The bad steps, of this kind of error if one is given, that the verifier believes in most first."""
    bad = [s for s in steps if s.good is False and s.truth is not None and kind in (None, s.truth.kind)]
    return sorted(bad, key=lambda s: -s.scores[name])


def underrated(steps: Iterable[JudgedStep], name: str) -> list[JudgedStep]:
    """The good steps, that the verifier believes in least first."""
    return sorted((s for s in steps if s.good), key=lambda s: s.scores[name])


def disagreements(
    steps: Iterable[JudgedStep], name: str, other: str, kind: ErrorKind | None = None
) -> list[JudgedStep]:
    """All steps, that two verifiers are furthest apart on first; only those with this kind of error if one is given."""
    asked = [s for s in steps if kind is None or (s.truth is not None and s.truth.kind == kind)]
    return sorted(asked, key=lambda s: -abs(s.scores[name] - s.scores[other]))


def tallies(steps: Iterable[JudgedStep], name: str) -> list[Tally]:
    """Good steps first, then each kind of error that occurs, in the order of its task."""
    by_kind: dict[ErrorKind | None, list[JudgedStep]] = {}
    tasks: dict[str, None] = {}
    for step in steps:
        if step.truth is not None:
            by_kind.setdefault(step.truth.kind, []).append(step)
            tasks[step.solution.problem.task] = None
    order = dict.fromkeys([None, *error_kinds(tasks), *by_kind])
    return [
        Tally(
            kind,
            len(those),
            fmean(s.scores[name] for s in those),
            sum((s.scores[name] >= 0.5) != s.good for s in those),
        )
        for kind in order
        if (those := by_kind.get(kind))
    ]


def separation(steps: Iterable[JudgedStep], name: str) -> float:
    """AUROC: the chance that a good step outscores a bad one; NaN where there are not both."""
    known = [s for s in steps if s.good is not None]
    return auroc([s.scores[name] for s in known], [bool(s.good) for s in known])
