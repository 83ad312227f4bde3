"""The interface of importers, their registry, and the choice of one for a file.

To add one, call `IMPORTERS.add(name, …)` with an object that has the two methods of `Importer`, in a file beside this one
that `__init__` imports, or in another package with an entry point of the group `tts_viz.importers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import BinaryIO, Protocol

from tts_viz.core.registry import Registry
from tts_viz.errors import TraceError
from tts_viz.traces.jsonl import Recorded

HEAD = 65_536
"""Bytes that are read to recognise a format."""


class Importer(Protocol):
    """Reads one file format of recorded searches."""

    def recognises(self, head: bytes) -> bool:
        """Does a file that begins with `head` have this format? `head` may end in the middle of a line or character."""
        ...

    def read(self, file: BinaryIO) -> Iterator[Recorded]:
        """The searches in the file, in order, each with events that make a tree. Raises `TraceError` with a clear message."""
        ...


IMPORTERS: Registry[Importer] = Registry("importer", "tts_viz.importers")


def read_from(file: BinaryIO) -> Iterator[Recorded]:
    """The searches in a seekable file, read by the first importer that recognises it. Raises `TraceError` if none does, and
    while reading for anything that is not a valid trace."""
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
