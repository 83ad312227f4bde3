"""The models in the repository, and their folders."""

from __future__ import annotations

from pathlib import Path

from tts_viz.resources import ASSETS
from tts_viz.tasks.base import Task

POLICIES = ("policy-small", "policy-large")
VERIFIER = "verifier"

EMBEDDED: dict[str, Path] = {name: ASSETS / "models" / name for name in (*POLICIES, VERIFIER)}
"""name: folder that `transformers` loads"""

TAUGHT: dict[str, tuple[str, ...]] = dict.fromkeys(POLICIES, ("countdown", "arithmetic"))
"""policy: the tasks that it was trained on"""


def may_solve(policy: str, task: Task) -> bool:
    """Can the policy be expected to solve the task? The embedded ones were trained on few tasks and know no natural language."""
    return policy not in TAUGHT or task.name in TAUGHT[policy] or not task.natural_language
