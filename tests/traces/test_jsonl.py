"""Traces in files: written as it happens, read back whole, and what a crash leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_viz.core.events import Event
from tts_viz.errors import TraceError
from tts_viz.search.replay import fast_forward
from tts_viz.traces.jsonl import Recorded, TraceWriter, read
from tts_viz.traces.schema import THIS, encode


@pytest.fixture
def trace(search) -> list[Event]:
    return search("beam", 1, stop_after=30)


@pytest.fixture
def file(tmp_path: Path, trace: list[Event]) -> Path:
    path = tmp_path / "run.jsonl"
    with TraceWriter(path) as writer:
        writer.write(trace)
    return path


def test_a_file_holds_the_trace(file: Path, trace: list[Event]) -> None:
    assert read(file) == Recorded(trace)
    assert file.read_text(encoding="utf-8").split("\n")[0] == encode(THIS)


def test_a_file_is_enough_to_go_on(file: Path, trace: list[Event]) -> None:
    assert fast_forward(read(file).events).trace == trace


def test_each_event_is_on_disk_when_it_was_written(tmp_path: Path, trace: list[Event]) -> None:
    path = tmp_path / "run.jsonl"
    with TraceWriter(path) as writer:
        for length in range(1, len(trace) + 1):
            writer.write(trace[writer.written : length])
            assert read(path).events == trace[:length]


def test_a_crash_in_any_place_loses_the_torn_line_only(file: Path, trace: list[Event]) -> None:
    whole = file.read_bytes()
    ends = [i for i, byte in enumerate(whole) if byte == ord("\n")]
    for cut in (ends[-2] + 1, ends[-2] + 20, ends[-1] - 1, ends[5] + 3):
        file.write_bytes(whole[:cut])
        complete = sum(end < cut for end in ends) - 1
        assert read(file) == Recorded(trace[:complete], torn=cut - 1 not in ends)


def test_a_last_line_that_only_lacks_its_newline_counts(file: Path, trace: list[Event]) -> None:
    file.write_bytes(file.read_bytes()[:-1])
    assert read(file) == Recorded(trace)


def test_damage_elsewhere_is_named_with_its_line(file: Path) -> None:
    lines = file.read_bytes().split(b"\n")
    for number in (2, 3, len(lines) - 1):
        damaged = [*lines[: number - 1], lines[number - 1][:-4], *lines[number:]]
        file.write_bytes(b"\n".join(damaged))
        with pytest.raises(TraceError, match=f"^line {number}: "):
            read(file)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00", b"{}\n", b"x" * 3_000_000], ids=range(5))
def test_what_is_no_trace_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=r"^line 1: "):
        read(path)


def test_an_empty_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    TraceWriter(path).close()
    with pytest.raises(TraceError, match="line 2: nothing was recorded"):
        read(path)


def test_a_start_that_is_torn_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(encode(THIS) + '\n{"kind":"star')
    with pytest.raises(TraceError, match="line 2"):
        read(path)
