"""Every error that this package raises on purpose, as one small hierarchy. Knows nothing about the rest of the package.

    TtsVizError
    ├── InputError (a ValueError)         the input cannot be used
    │   ├── ProblemError                  a text is not a problem of the task
    │   ├── InterventionRefusedError      a person's command cannot be carried out
    │   ├── TraceError                    a line cannot be part of a trace
    │   ├── DriftError                    a strategy no longer does what a trace recorded
    │   ├── SweepSpecError                a sweep's spec cannot be run
    │   ├── SweepFileError                a file is not a sweep
    │   └── SweepLacksError               a sweep lacks the data for a computation
    ├── EngineError (a RuntimeError)      a model cannot answer now
    │   └── SearchFailedError             … and has ended a search started from Python; its result so far is kept
    ├── StrategyError (a RuntimeError)    a strategy itself failed
    ├── MissingExtraError (an ImportError) a package is needed that is not installed
    ├── CrowdedError (a RuntimeError)     too many searches at once
    ├── LibraryFileError                  a file is not a library of runs
    └── UsageError                        a command line names something that does not exist

Every message is a sentence for people: what is wrong, and how to fix it.
"""

from __future__ import annotations

from typing import Any


class TtsVizError(Exception):
    """Base class of every error that this package raises on purpose."""


class InputError(TtsVizError, ValueError):
    """The input cannot be used. The message gives the value, the rule and a fix."""


class ProblemError(InputError):
    """A visitor's text is not a problem of this task. The message says what is wrong and what to type instead."""


class InterventionRefusedError(InputError):
    """A person's command cannot be carried out. The message tells them why."""


class TraceError(InputError):
    """A line cannot be part of a trace. The message says why; code that reads files adds the line number."""


class DriftError(InputError):
    """A recorded trace differs from what its strategy does now. The message names the first event that differs."""


class SweepSpecError(InputError):
    """A sweep's spec cannot be run. The message says where the error is and what to write instead."""


class SweepFileError(InputError):
    """A file is not a sweep, or does not match the other sweeps. The message says what to do."""


class SweepLacksError(InputError):
    """A sweep lacks the data for a computation. The message says what is missing."""


class EngineError(TtsVizError, RuntimeError):
    """A model cannot answer (out of memory, server down, …). The message is for people; the run can be resumed."""


class StrategyError(TtsVizError, RuntimeError):
    """A strategy raised, or asked for something impossible. Its search has failed for good; its tree is kept."""


class SearchFailedError(EngineError):
    """A search started from Python could not go on. `run`, a `tts_viz.Run`, is the result so far."""

    def __init__(self, message: str, run: Any) -> None:
        super().__init__(message)
        self.run = run


class MissingExtraError(TtsVizError, ImportError):
    """A package of an extra is not installed. The message gives the command that installs it."""


class CrowdedError(TtsVizError, RuntimeError):
    """Too many searches at once. The message is for the visitor."""


class LibraryFileError(TtsVizError):
    """The file can be read but is not a library of runs. The message completes "The library of runs …"."""


class UsageError(TtsVizError):
    """The command line names something that does not exist. The message is one line for the person who typed it."""
