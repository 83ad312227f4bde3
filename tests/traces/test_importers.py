"""A file is read by the importer that knows its beginning, whatever its name."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from tts_viz.errors import TraceError
from tts_viz.traces import importers, jsonl

OURS = Path(__file__).parent / "v1" / "beam.jsonl"


def test_our_own_traces_are_known_by_their_first_line(tmp_path: Path) -> None:
    (renamed := tmp_path / "run.bin").write_bytes(OURS.read_bytes())
    (recorded,) = importers.read(renamed)
    assert recorded == jsonl.read(OURS)


@pytest.mark.parametrize("head", [b"", b"hello\n", b"[1]\n", b"\xff\xfe", b'{"format": "tts"}\n', b"5\n"])
def test_what_no_importer_knows_is_refused_with_the_formats_that_there_are(head: bytes) -> None:
    with pytest.raises(TraceError, match=r"begins like no recording .*; the formats are tts_viz"):
        importers.read_from(BytesIO(head))


def test_a_later_version_of_ours_is_refused_by_its_reader() -> None:
    with pytest.raises(TraceError, match="line 1: this is no trace that can be read here"):
        list(importers.read_from(BytesIO(b'{"format": "tts_viz", "version": 99}\n')))
