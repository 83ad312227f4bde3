"""tts_viz: watch and steer a language model searching for an answer.

    import tts_viz
    run = tts_viz.search("make 24 from 3 3 8 2", strategy="beam", n=16, m=4, seed=0)
    run.answer, run.correct, run.cost          # as in the command line's --json
    run.figure()                               # plotly; a run shows itself in a notebook
    run.tree.to_networkx(); run.steps()        # a DiGraph with texts, scores, status; a table (pandas)
    run.save("run.jsonl"); run.save("run.html"); tts_viz.open("run.jsonl")

What is listed in `__all__` is for other programs to use. It is imported when it is first asked for, so that
`import tts_viz` costs nothing; models, torch among them, are imported when a search needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import tts_viz.search  # noqa: F401 (for its effect, see below)

if TYPE_CHECKING:
    from tts_viz.api import Run, StopSearch, asearch, open, score, search
    from tts_viz.engines.load.policy import load_policy
    from tts_viz.engines.load.verifier import load_verifier

# `search` is both a folder here and the function. The folder's modules are imported by their own names; as an attribute
# of this package it is the function, always: the folder has been imported by now, and Python binds a name but once.
del search

__version__ = "0.1.0"

__all__ = ["Run", "StopSearch", "asearch", "load_policy", "load_verifier", "open", "score", "search"]

_ELSEWHERE = {"load_policy": "tts_viz.engines.load.policy", "load_verifier": "tts_viz.engines.load.verifier"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tts_viz' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_ELSEWHERE.get(name, "tts_viz.api")), name)
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
