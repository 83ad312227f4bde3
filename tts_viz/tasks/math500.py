"""MATH-500: 500 competition problems with level and subject, for real language models. Answers, not steps, are graded.

Problems come from a JSONL file of the data set's own layout (`problem`, `answer`, `level`, `subject`, `unique_id`), or
from the Hugging Face hub. All 500 are the test split of MATH (Hendrycks et al. 2021) as drawn by Lightman et al. 2023.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tts_viz.errors import ProblemError
from tts_viz.tasks.answer_equality import Comparer
from tts_viz.tasks.base import Problem, Split, Task, task

HUB_ID = "HuggingFaceH4/MATH-500"
SOURCE = "TTS_VIZ_MATH500"
"""The environment variable that names another source."""

HUB_FILE = "test.jsonl"

INSTRUCTION = "Solve this problem step by step, one step a paragraph, and end with the answer in \\boxed{}."

SUBJECTS = (
    "Algebra", "Counting & Probability", "Geometry", "Intermediate Algebra", "Number Theory", "Prealgebra", "Precalculus",
)  # fmt: skip

COMPARER = Comparer()
"""One worker for all, because its start takes a second."""


@task
@dataclass(frozen=True)
class Math500(Task):
    """See the module. `source` is read when the first problem is asked for."""

    source: str = field(default_factory=lambda: os.environ.get(SOURCE, HUB_ID))

    name = "math500"
    title = "MATH-500"
    blurb = "Competition mathematics, from school algebra to precalculus, for language models."
    levels = (1, 2, 3, 4, 5)
    splits = ("test",)
    subjects = SUBJECTS
    sources = "a JSONL file or a hub id"
    examples = ("What is the smallest prime that divides 7! + 1?",)
    natural_language = True
    latex = True
    longest = 4_000

    def problem(self, split: Split, level: int, index: int) -> Problem:
        """Raises ValueError for a source that cannot be read."""
        self.check_place(split, level)
        of_level = self._of(level)
        if not 0 <= index < len(of_level):
            raise IndexError(f"index {index} must be from 0 to {len(of_level) - 1} at level {level}")
        return of_level[index]

    def size(self, split: Split, level: int) -> int:
        self.check_place(split, level)
        return len(self._of(level))

    def from_source(self, source: str) -> Math500:
        return Math500(source)

    def parse(self, text: str) -> Problem:
        """Any text will do. One of the problems that were read is known by its text; of others no answer is known."""
        self.check_length(text)
        text = text.strip()
        if not text:
            raise ProblemError(f"Type a problem, for example “{self.examples[0]}”")
        known = self.__dict__.get("_problems", ())  # not read for this: it may have to be downloaded
        same = (p for p in known if p.question.split() == text.split())
        return next(same, Problem(self.name, f"{self.name}/own/{text}", text, _prompt(text), asked=_asked(text)))

    def extract(self, problem: Problem, steps: Sequence[str]) -> str | None:
        text = final_text(steps)
        return COMPARER.canonical(text) if text else None

    def grade(self, problem: Problem, steps: Sequence[str]) -> bool | None:
        """An answer that takes longer to compare than the comparer's limit counts as wrong."""
        if problem.answer is None:
            return None
        text = final_text(steps)
        return bool(text) and COMPARER.same(_boxed(problem.answer), text)

    def _of(self, level: int) -> list[Problem]:
        """The problems of this level, in the data set's order."""
        return [p for p in self._problems if p.level == level]

    @cached_property
    def _problems(self) -> list[Problem]:
        path = Path(self.source) if self.source.endswith((".jsonl", ".json")) else _downloaded(self.source)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ValueError(f"cannot read {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ValueError(f"cannot read {path}: not a text file in UTF-8") from None
        return [self._read(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]

    def _read(self, line: str, where: str) -> Problem:
        try:
            row: dict[str, Any] = json.loads(line)
            text, answer, subject = str(row["problem"]), str(row["answer"]), row.get("subject")
            level = int(str(row["level"]).removeprefix("Level "))
            id = str(row["unique_id"]).removesuffix(".json")
        except KeyError as error:
            raise ValueError(f"{where}: no field {error}") from None
        except (ValueError, TypeError) as error:
            raise ValueError(f"{where}: {error}") from None
        return Problem(self.name, f"{self.name}/{id}", text, _prompt(text), level, answer, subject, _asked(text))


def final_text(steps: Sequence[str]) -> str:
    """Where the answer is: from the last \\boxed on, or else the last step that says anything."""
    whole = "\n\n".join(steps)
    at = whole.rfind("\\boxed")
    return whole[at:] if at >= 0 else next((s for s in reversed(steps) if s.strip()), "")


def _boxed(answer: str) -> str:
    return f"\\boxed{{{answer}}}"


def _prompt(text: str) -> str:
    return _asked(text) + "\n\n"


def _asked(text: str) -> str:
    return f"{INSTRUCTION}\n\n{text}"


def _downloaded(hub_id: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(hub_id, HUB_FILE, repo_type="dataset"))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"cannot fetch {HUB_FILE} of {hub_id} from the Hugging Face hub: {reason}") from error
