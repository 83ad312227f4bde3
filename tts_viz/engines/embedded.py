"""Which models come with the repository, and where they lie."""

from __future__ import annotations

from pathlib import Path

from tts_viz.resources import ASSETS
from tts_viz.tasks.base import Task

POLICIES = ("policy-small", "policy-large")
VERIFIER = "verifier"

EMBEDDED: dict[str, Path] = {name: ASSETS / "models" / name for name in (*POLICIES, VERIFIER)}
"""name: folder that `transformers` loads"""

TAUGHT: dict[str, tuple[str, ...]] = dict.fromkeys(POLICIES, ("countdown", "arithmetic"))
"""policy: the tasks that it has learnt"""


def may_solve(policy: str, task: Task) -> bool:
    """Is it worth asking? An embedded policy has learnt what it was taught, and no other language than that."""
    return policy not in TAUGHT or task.name in TAUGHT[policy] or not task.natural_language
