"""Examinations that take long: one at a time for each visitor, few at a time for all, and each can be cancelled."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.verifier_eval.score_cache import ScoreCache

AT_ONCE = 2
"""Examinations under way at one time; others wait for their turn."""


@dataclass(slots=True, eq=False)
class Job:
    cancelled: bool = False


class Jobs:
    """Every method may be called from any thread."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        """By visitor, in the order in which they began."""
        self._lock = threading.Lock()

    def begin(self, key: str) -> Job:
        """A job for this visitor; one of theirs that is under way is cancelled."""
        with self._lock:
            if before := self._jobs.pop(key, None):
                before.cancelled = True
            self._jobs[key] = job = Job()
            return job

    def before(self, job: Job) -> int:
        """How many must end before it is this job's turn; 0 when it may go on."""
        with self._lock:
            jobs = list(self._jobs.values())
            return max(0, jobs.index(job) - AT_ONCE + 1) if job in jobs else 0

    def end(self, key: str, job: Job) -> None:
        with self._lock:
            if self._jobs.get(key) is job:
                del self._jobs[key]

    def cancel(self, key: str) -> None:
        """Also when the visitor has left."""
        with self._lock:
            if job := self._jobs.pop(key, None):
                job.cancelled = True


@dataclass(frozen=True, slots=True)
class VerifierTabState:
    """What the parts of the tab share. What verifiers said is remembered for all visitors: it depends on the text only."""

    visitors: Visitors
    models: OfferedModels
    asked: ScoreCache = field(default_factory=ScoreCache)
    jobs: Jobs = field(default_factory=Jobs)

    def leave(self, key: str) -> None:
        """The visitor's tab was closed."""
        self.jobs.cancel(key)
