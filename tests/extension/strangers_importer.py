"""Recordings of a format that holds nothing but problems, one a line: each becomes a search that has not begun."""

from collections.abc import Iterator
from typing import BinaryIO

from tts_viz.core.events import Settings, Started
from tts_viz.traces.importers.base import IMPORTERS
from tts_viz.traces.jsonl import Recorded


class Problems:
    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"# problems\n")

    def read(self, file: BinaryIO) -> Iterator[Recorded]:
        for line in file.readlines()[1:]:
            yield Recorded([Started(line.decode(), Settings("greedy", {}))])


IMPORTERS.add("problems", Problems())
