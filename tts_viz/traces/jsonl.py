"""Traces in files: written as the search runs, read back whole. `schema` defines the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from types import TracebackType
from typing import BinaryIO, Self

from tts_viz.core.events import Event
from tts_viz.errors import TraceError
from tts_viz.traces.schema import MAX_LINE, THIS, Gate, decode, encode, version_of


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trace from a file. `torn`: the last line was cut off in the middle (by a crash) and was dropped."""

    events: list[Event]
    torn: bool = False


class TraceWriter:
    """Writes events to a new file; each call flushes before it returns.

    `written` counts the events so far: write a growing trace with `write(trace[writer.written:])`.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Replaces an existing file. Raises OSError."""
        self._file = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 (closed by close)
        self.written = 0
        self._write([encode(THIS)])

    def write(self, events: Sequence[Event]) -> None:
        """Raises OSError, and `TraceError` for a number that is not finite."""
        self._write([encode(event) for event in events])
        self.written += len(events)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, type: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, lines: list[str]) -> None:
        self._file.writelines(line + "\n" for line in lines)
        self._file.flush()


def read(path: str | PathLike[str]) -> Recorded:
    """The trace in a file. Raises OSError, and `TraceError` with the line's number for an invalid trace."""
    with open(path, "rb") as file:
        return read_from(file)


def read_from(file: BinaryIO) -> Recorded:
    """The trace in an open binary file. Raises as `read` does."""
    events: list[Event] = []
    gate = Gate()
    number = version = 0
    # Limit the length of lines, so that a file without newlines cannot fill the memory.
    while line := file.readline(MAX_LINE + 1):
        number += 1
        try:
            if number == 1:
                version = version_of(line)
                continue
            event = decode(line, version)
            gate.accept(event)
        except TraceError as error:
            if number > 2 and not line.endswith(b"\n") and len(line) <= MAX_LINE:
                return Recorded(events, torn=True)
            raise TraceError(f"line {number}: {error}") from None
        events.append(event)
    if not events:
        raise TraceError(f"line {number + 1}: nothing was recorded")
    return Recorded(events)
