"""Traces as `run --out` and the page write them: one search a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from tts_viz.traces import jsonl
from tts_viz.traces.importers.base import IMPORTERS
from tts_viz.traces.jsonl import Recorded
from tts_viz.traces.schema import THIS


class TtsVizJsonl:
    def recognises(self, head: bytes) -> bool:
        """Accepts any version; the reader gives the better message for an unsupported one."""
        try:
            header = json.loads(head.partition(b"\n")[0])
        except ValueError:
            return False
        return isinstance(header, dict) and header.get("format") == THIS.format

    def read(self, file: BinaryIO) -> Iterator[Recorded]:
        yield jsonl.read_from(file)


IMPORTERS.add("tts_viz", TtsVizJsonl())
