"""What is kept of pruned branches is freed, and the search is none the worse for it."""

from __future__ import annotations

import asyncio

from tests.engines.local.models import llama, prm
from tests.engines.local.tokenizer import tokenizer
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings, Started
from tts_viz.engines.local.kv.segments import Segment
from tts_viz.engines.local.policy import TransformersPolicy
from tts_viz.engines.local.verifier import TransformersVerifier
from tts_viz.engines.prm.trl import TRL
from tts_viz.engines.prompting import PromptStyle
from tts_viz.search.scheduler import LiveRun, drive
from tts_viz.search.session import Session


def kept(root: Segment) -> list[Segment]:
    return [s for child in root.children.values() for s in [child, *kept(child)] if s.kv]


def test_a_pruned_branch_is_forgotten_by_both_models() -> None:
    policy = TransformersPolicy(llama(), tokenizer(), "tiny", PromptStyle(delimiter="t"))  # so that steps are short
    verifier = TransformersVerifier(prm(), TRL(tokenizer()), "tiny")
    settings = Settings("beam", {"n": 16, "m": 4}, Budget(generations=None))
    run = LiveRun(Session(Started("Make 9 from 4 5\n", settings, max_depth=3, max_tokens=48)), policy, verifier)
    asyncio.run(drive([run]))
    tree = run.session.tree
    assert run.state == "finished"
    assert sum(n.pruned for n in tree.nodes.values()) >= 3
    assert tree.spent.reread == 0
    # A prompt, and a segment for each path of living steps; equal steps are kept once.
    alive = {tuple(s.text for s in n.path()) for n in tree.nodes.values() if n.kind == "step" and n.alive}
    assert 1 <= len(kept(policy.reader.forest.roots[run.key])) <= 1 + len(alive)
    assert len(kept(verifier.reader.forest.roots[run.key])) == 1 + len(alive)
    run.close()
    assert not policy.reader.forest.roots and not verifier.reader.forest.roots
