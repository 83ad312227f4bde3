"""Every error that this package raises on purpose, as one small tree. Knows nothing else.

    TtsVizError
    ├── InputError (a ValueError)         what was given cannot be used
    │   ├── ProblemError                  a text is no problem of a task
    │   ├── InterventionRefusedError      what a person wants of a search cannot be done
    │   ├── TraceError                    a line is no part of a trace
    │   ├── DriftError                    a trace is not what its strategy would do now
    │   ├── SweepSpecError                a sweep cannot be run as planned
    │   ├── SweepFileError                a file is no sweep
    │   └── SweepLacksError               a sweep lacks what is to be computed from it
    ├── EngineError (a RuntimeError)      a model cannot answer now
    │   └── SearchFailedError             … and so a search in Python has ended; what it found is kept
    ├── StrategyError (a RuntimeError)    a strategy failed by itself
    ├── MissingExtraError (an ImportError) a package is needed that was not installed
    ├── CrowdedError (a RuntimeError)     too many searches at once
    ├── LibraryFileError                  a file is no library of runs
    └── UsageError                        the command line asks for what is not there

Every message is a sentence for people: what is wrong, and what to do instead.
"""

from __future__ import annotations

from typing import Any


class TtsVizError(Exception):
    """Anything that this package refuses or that fails in it in a way it knows."""


class InputError(TtsVizError, ValueError):
    """What was given cannot be used. The message gives the value, the rule and a fix."""


class ProblemError(InputError):
    """A visitor's text is not a problem of this task. The message says what is wrong and what to type instead."""


class InterventionRefusedError(InputError):
    """What a person wanted cannot be done here. The message says why, in words for them."""


class TraceError(InputError):
    """A line that cannot be part of a trace. The message says why; readers of files add the line's number."""


class DriftError(InputError):
    """A recorded trace is not what this strategy would have done. The message names the first event that differs."""


class SweepSpecError(InputError):
    """A spec that cannot be run. The message says where, and what to write instead."""


class SweepFileError(InputError):
    """A file that is no sweep, or not one that fits the others. The message says what to do."""


class SweepLacksError(InputError):
    """A sweep does not hold what is to be computed from it. The message says what is missing."""


class EngineError(TtsVizError, RuntimeError):
    """A model cannot answer (out of memory, server down, …). The message is for people; the run can be resumed."""


class StrategyError(TtsVizError, RuntimeError):
    """A strategy raised, or asked for what cannot be. Its search has failed for good; what it found stays."""


class SearchFailedError(EngineError):
    """A search from Python could not go on. `run`, a `tts_viz.Run`, is what it had found."""

    def __init__(self, message: str, run: Any) -> None:
        super().__init__(message)
        self.run = run


class MissingExtraError(TtsVizError, ImportError):
    """A package of an extra is not installed. The message has the command that installs it."""


class CrowdedError(TtsVizError, RuntimeError):
    """Too many searches at once. The message is for the visitor."""


class LibraryFileError(TtsVizError):
    """The file is there and can be reached, but it is no library. The message completes "The library of runs …"."""


class UsageError(TtsVizError):
    """The command line asks for something that there isn't. The message is one line, for the person who typed it."""
