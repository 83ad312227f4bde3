"""A recorded run for the tests of exports: all kinds of nodes, hostile text, a person's interventions, a changed setting."""

from __future__ import annotations

from dataclasses import asdict

from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import (
    Changed,
    Decided,
    Ended,
    Event,
    Expanded,
    Pinned,
    Scored,
    ScoreOverridden,
    Settings,
    Started,
)
from tts_viz.tasks import get_task

EVIL = "</script><img src=x onerror=\"document.title='owned'\"><!--<script>"
FORMULA = '=HYPERLINK("http://evil.example","6*4")'

PROBLEM = get_task("countdown").parse("make 24 from 4 6 1")
SETTINGS = Settings("beam", {"n": 4, "m": 2}, Budget(generations=64))

EVENTS: list[Event] = [
    Started(PROBLEM.prompt, SETTINGS, problem=asdict(PROBLEM), policy="policy-small", verifier="oracle"),
    Expanded("0", "0.0", "6*4=24 left 1 24", tokens=(1, 2), logprobs=(-0.5, -0.25), pieces=("6*4=24", " left 1 24"),
         cost=Cost(1, 2, 3, policy_flops=1.5)),
    Expanded("0", "0.1", EVIL),
    Expanded("0", "0.2", FORMULA),
    Expanded("0", "0.3", "6+4=11 left 1 11"),
    Scored("0.0", (0.7849,), Cost(verifier_calls=1, verifier_tokens=7, verifier_flops=2.0)),
    Scored("0.1", (0.4,)),
    Scored("0.2", (0.3,)),
    Scored("0.3", (0.2,)),
    Decided(("0.0", "0.1"), ("0.2", "0.3"), {"0.0": 0.7849, "0.1": 0.4, "0.2": 0.3, "0.3": 0.2}, "last", 1, 2),
    Pinned("0.1", True),
    ScoreOverridden("0.3", 0.1),
    Changed(Settings("beam", {"n": 4, "m": 4}, SETTINGS.budget), "parameters"),
    Expanded("0.0", "0.0.0", "24*1=24 left 24", finish="eos"),
    Expanded("0.0", "0.0.1", "24/1=24 left 24", finish="eos"),
    Expanded("0.0", "0.0.2", "24+1=24 left 24", finish="eos"),
    Expanded("0.0", "0.0.3", "24*1=24 left 24", finish="eos"),
    Scored("0.0.0", (0.9,)),
    Scored("0.0.1", (0.8,)),
    Expanded("0.1", "0.1.r0", "-1\n+2", node_kind="rollout"),
    Expanded("0.1", "0.1.u0", "by hand\r\n@SUM(A1)", by="user"),
    Ended("finished"),
]  # fmt: skip
