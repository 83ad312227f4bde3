"""Reads files in ProcessBench's format, strictly, and measures a verifier on them.

ProcessBench (Zheng et al. 2024): solutions whose first wrong step was labelled by people. A verifier predicts the first step
that it scores under a threshold; the threshold is chosen on held-out problems.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from tts_viz.engines.base import Verifier
from tts_viz.errors import EngineError, ProblemError
from tts_viz.lab.metrics.verifier_scores import NONE, first_error_f1, pick_threshold
from tts_viz.tasks import recognise
from tts_viz.tasks.base import Problem
from tts_viz.verifier_eval.score_cache import ScoreCache, Scores
from tts_viz.verifier_eval.solution import SolutionUnderTest

MOST_BYTES = 64 * 2**20
MOST_ENTRIES = 20_000

By = Literal["subset", "generator"]

CHOOSING = 3
"""One problem in this many is held out to choose the threshold."""

Words = Annotated[str, Field(min_length=1, max_length=20_000)]


class LabelledSolution(BaseModel):
    """One line of the file. `label`: the index of the first wrong step, -1 if all are right. Other fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: Annotated[str, Field(max_length=200)]
    generator: Annotated[str, Field(max_length=200)] = ""
    subset: Annotated[str, Field(max_length=200)] = ""
    problem: Words
    steps: Annotated[tuple[Words, ...], Field(min_length=1, max_length=200, strict=False)]
    final_answer_correct: bool
    label: Annotated[int, Field(ge=NONE)]

    @model_validator(mode="after")
    def _label_is_a_step(self) -> Self:
        if self.label >= len(self.steps):
            raise ValueError(f"label is {self.label}, and the steps are numbered 0 to {len(self.steps) - 1}")
        return self

    def group(self, by: By) -> str:
        """The group of this entry. Without a `subset` field, the subset is the start of its id: "gsm8k" of "gsm8k-12"."""
        if by == "generator":
            return self.generator or "unknown"
        beginning, dash, _ = self.id.rpartition("-")
        return self.subset or (beginning if dash else "") or "all"

    def solution(self) -> SolutionUnderTest:
        return SolutionUnderTest(_problem(self.problem), self.steps)


@dataclass(frozen=True, slots=True)
class Group:
    """The metrics of one group. `found`: of the solutions with an error, the share whose first error was found exactly;
    `spared`: of those without, the share in which none was found. NaN if there are no such solutions."""

    name: str
    wrong: int
    right: int
    found: float
    spared: float
    f1: float


@dataclass(frozen=True, slots=True)
class Report:
    """`chosen_on`: how many solutions the threshold was chosen on (0: it was given); they are in no group. `lucky`: how many
    measured solutions have a right answer and a wrong step. `unread`: how many the verifier could not read."""

    groups: tuple[Group, ...]
    total: Group
    threshold: float
    chosen_on: int
    lucky: int
    unread: int

    @property
    def average(self) -> float:
        """The mean F1 of the groups, as ProcessBench's average; NaN if a group has none."""
        return fmean(group.f1 for group in self.groups)


def read(data: bytes) -> list[LabelledSolution]:
    """Reads a JSON list of entries, or one entry per line. Raises ValueError with the entry's number, from 1, and the fault."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"The file has {len(data) / 2**20:.0f} MiB; at most {MOST_BYTES // 2**20} are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("This is not a text file in UTF-8.") from None
    rows = _rows(text)
    if not rows:
        raise ValueError("There is no entry in this file.")
    if len(rows) > MOST_ENTRIES:
        raise ValueError(f"The file has {len(rows):,} entries; at most {MOST_ENTRIES:,} are read.")
    return [_entry(row, number) for number, row in enumerate(rows, 1)]


def _rows(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        return _parsed(text, "The file")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return [_parsed(line, f"Line {number}") for number, line in lines]


def _parsed(text: str, what: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise ValueError(f"{what} is not JSON: {error}.") from None


def _entry(row: Any, number: int) -> LabelledSolution:
    try:
        return LabelledSolution.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise ValueError(
            f"Entry {number}{f', field {where}' if where else ''}: {message[:1].lower()}{message[1:]}."
        ) from None


def _problem(text: str) -> Problem:
    """The problem of a task whose exact wording this is, so that the verifier gets that task's prompt; else a plain one."""
    other = Problem("", "", text, text + "\n")
    try:
        own = recognise(text)
    except ProblemError:
        return other
    return own if own.question == text.strip() else other


def share(entries: Sequence[LabelledSolution], most: int) -> list[LabelledSolution]:
    """At most `most` entries, chosen pseudo-randomly but always the same, in the file's order."""
    chosen = sorted(range(len(entries)), key=lambda i: _hash(f"{entries[i].id} {i}"))[:most]
    return [entries[i] for i in sorted(chosen)]


def for_choosing(entry: LabelledSolution) -> bool:
    """Whether this entry is held out to choose the threshold. Decided by problem, so that no problem is on both sides."""
    return _hash(entry.problem.strip()) % CHOOSING == 0


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def ask(asked: ScoreCache, name: str, verifier: Verifier, entries: Sequence[LabelledSolution]) -> list[Scores | None]:
    """The scores of each entry's steps; None if the verifier cannot read it, for example because it is too long."""
    solutions = [entry.solution() for entry in entries]
    try:
        return [*asked.scores(name, verifier, solutions)]
    except EngineError:
        if len(entries) == 1:
            return [None]
        return [scores for entry in entries for scores in ask(asked, name, verifier, [entry])]


def measure(
    entries: Sequence[LabelledSolution], scores: Sequence[Scores | None], by: By, threshold: float | None = None
) -> Report:
    """Measure the verifier. `scores`: those of each entry's steps; an entry with None is left out.

    Without a threshold, one is chosen on a third of the problems, and the others are measured. Raises ValueError if none can
    be chosen, or nothing is left to measure.
    """
    rows = [(entry, own) for entry, own in zip(entries, scores, strict=True) if own is not None]
    unread = len(entries) - len(rows)
    if unread and not rows:
        raise ValueError("The verifier could read none of these solutions: they may be too long for it.")
    chosen_on = 0
    if threshold is None:
        choosing = [row for row in rows if for_choosing(row[0])]
        rows = [row for row in rows if not for_choosing(row[0])]
        chosen_on = len(choosing)
        try:
            threshold = pick_threshold([own for _, own in choosing], [entry.label for entry, _ in choosing])
        except ValueError:
            raise ValueError(
                "There are too few problems to choose a threshold on: a third of them, set aside for that, must have solutions "
                "with and without an error. Give a threshold, such as 0.5."
            ) from None
    if not rows:
        raise ValueError("No problem is left to measure: give a threshold, such as 0.5, so that none is set aside.")
    names = dict.fromkeys(entry.group(by) for entry, _ in rows)

    def group(name: str, of: Callable[[LabelledSolution], bool]) -> Group:
        those = [(entry, own) for entry, own in rows if of(entry)]
        labels = [entry.label for entry, _ in those]
        found = first_error_f1([own for _, own in those], labels, threshold)
        right = labels.count(NONE)
        return Group(name, len(labels) - right, right, found.erroneous, found.correct, found.f1)

    return Report(
        tuple(group(name, lambda entry, name=name: entry.group(by) == name) for name in sorted(names)),
        group("all", lambda _: True),
        threshold,
        chosen_on,
        sum(entry.final_answer_correct and entry.label != NONE for entry, _ in rows),
        unread,
    )
