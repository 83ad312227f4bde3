"""What an importer is, and which of them can read a file.

To add one: a file beside this one that `__init__` imports, or in another package, named by an entry point of the group
`tts_viz.importers`; in it `IMPORTERS.add(name, …)` with an object that has the two methods of `Importer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import BinaryIO, Protocol

from tts_viz.core.registry import Registry
from tts_viz.errors import TraceError
from tts_viz.traces.jsonl import Recorded

HEAD = 65_536
"""Bytes by which a format is known."""


class Importer(Protocol):
    """One format of files that hold searches."""

    def recognises(self, head: bytes) -> bool:
        """Is a file that begins like this in the format? `head` may end in the middle of a line, or of a letter."""
        ...

    def read(self, file: BinaryIO) -> Iterator[Recorded]:
        """The searches in it, one after another, each with events that make a tree. Raises `TraceError` in words."""
        ...


IMPORTERS: Registry[Importer] = Registry("importer", "tts_viz.importers")


def read_from(file: BinaryIO) -> Iterator[Recorded]:
    """The searches in a file that can seek, by the first importer that recognises it. Raises `TraceError` where none does, and
    while reading for what cannot be a trace."""
    head = file.read(HEAD)
    file.seek(0)
    for importer in IMPORTERS.values():
        if importer.recognises(head):
            return importer.read(file)
    raise TraceError(f"it begins like no recording that can be read here; the formats are {', '.join(IMPORTERS)}")


def read(path: str | PathLike[str]) -> list[Recorded]:
    """All searches in a file. Raises OSError, and `TraceError` as `read_from` does."""
    with open(path, "rb") as file:
        return list(read_from(file))
