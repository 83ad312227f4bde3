"""Where verifiers go wrong: the steps of many searches, sorted by the distance of a score from the truth or another score.

Knows nothing about how the scores are obtained.
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
    """A solution in a tree, complete or not: the steps from the first to a leaf, and their nodes."""

    solution: SolutionUnderTest
    run: str
    nodes: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class JudgedStep:
    """One step: the last one of `solution`. `truth` is None if the task has no exact checker; `scores`: by verifier."""

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
        """Whether it is true and the goal still reachable; None if unknown."""
        return None if self.truth is None else is_good(self.truth) == 1


@dataclass(frozen=True, slots=True)
class Tally:
    """All steps with one kind of error (None: no error): how many, their mean score, and how many the verifier misjudged
    when a score of ½ or more counts as good."""

    kind: ErrorKind | None
    steps: int
    mean: float
    misjudged: int


def paths_of(run: str, tree: Tree) -> list[Path]:
    """The fewest paths that cover all steps of a search, live or not, including rollouts. Empty without a problem."""
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
    """Without duplicates by text, since every search of a problem repeats the same samples."""
    found: dict[tuple[str, tuple[str, ...]], Path] = {}
    for path in paths:
        found.setdefault((path.solution.problem.prompt, path.solution.steps), path)
    return list(found.values())


def steps_of(paths: Sequence[Path], scores: Mapping[str, Sequence[Scores]]) -> list[JudgedStep]:
    """Every step of these paths once, at its first occurrence. `scores`: for each verifier, the scores of each path."""
    found: dict[tuple[str, tuple[str, ...]], JudgedStep] = {}
    for i, path in enumerate(paths):
        problem, texts = path.solution.problem, path.solution.steps
        truths = truths_of(path.solution) or (None,) * len(texts)
        for k, (node, truth) in enumerate(zip(path.nodes, truths, strict=True)):
            so_far = texts[: k + 1]
            step_scores = {name: those[i][k] for name, those in scores.items()}
            found.setdefault(
                (problem.prompt, so_far),
                JudgedStep(SolutionUnderTest(problem, so_far), path.run, node, truth, step_scores),
            )
    return list(found.values())


def overrated(steps: Iterable[JudgedStep], name: str, kind: ErrorKind | None = None) -> list[JudgedStep]:
    """The bad steps (only with this kind of error, if given), highest score first."""
    bad = [s for s in steps if s.good is False and s.truth is not None and kind in (None, s.truth.kind)]
    return sorted(bad, key=lambda s: -s.scores[name])


def underrated(steps: Iterable[JudgedStep], name: str) -> list[JudgedStep]:
    """The good steps, lowest score first."""
    return sorted((s for s in steps if s.good), key=lambda s: s.scores[name])


def disagreements(
    steps: Iterable[JudgedStep], name: str, other: str, kind: ErrorKind | None = None
) -> list[JudgedStep]:
    """All steps (only with this kind of error, if given), largest difference between the two verifiers first."""
    found = [s for s in steps if kind is None or (s.truth is not None and s.truth.kind == kind)]
    return sorted(found, key=lambda s: -abs(s.scores[name] - s.scores[other]))


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
    """AUROC: the probability that a good step outscores a bad one; NaN unless there are both."""
    known = [s for s in steps if s.good is not None]
    return auroc([s.scores[name] for s in known], [bool(s.good) for s in known])
