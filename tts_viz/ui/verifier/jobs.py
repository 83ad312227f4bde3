"""Long examinations: at most one per visitor and a few at a time in all; each can be cancelled."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.runs.visitors import Visitors
from tts_viz.verifier_eval.score_cache import ScoreCache

AT_ONCE = 2
"""Most examinations under way at one time; the others wait."""


@dataclass(slots=True, eq=False)
class Job:
    cancelled: bool = False


class Jobs:
    """All jobs, by visitor. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        """By visitor, in the order in which they began."""
        self._lock = threading.Lock()

    def begin(self, key: str) -> Job:
        """A new job for this visitor; cancels their previous one."""
        with self._lock:
            if before := self._jobs.pop(key, None):
                before.cancelled = True
            self._jobs[key] = job = Job()
            return job

    def before(self, job: Job) -> int:
        """How many jobs must end before this one may run; 0 if it may run now."""
        with self._lock:
            jobs = list(self._jobs.values())
            return max(0, jobs.index(job) - AT_ONCE + 1) if job in jobs else 0

    def end(self, key: str, job: Job) -> None:
        with self._lock:
            if self._jobs.get(key) is job:
                del self._jobs[key]

    def cancel(self, key: str) -> None:
        """Cancel this visitor's job, if there is one."""
        with self._lock:
            if job := self._jobs.pop(key, None):
                job.cancelled = True


@dataclass(frozen=True, slots=True)
class VerifierTabState:
    """State that the parts of the tab share. Scores are cached for all visitors, because they depend on the text only."""

    visitors: Visitors
    models: OfferedModels
    score_cache: ScoreCache = field(default_factory=ScoreCache)
    jobs: Jobs = field(default_factory=Jobs)

    def leave(self, key: str) -> None:
        """The visitor's browser tab was closed."""
        self.jobs.cancel(key)
