"""`python -m tts_viz export`: files that come out, and what it refuses in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exports.recorded import EVENTS
from tts_viz.cli.main import main
from tts_viz.exports.csv_table import table
from tts_viz.exports.html_page import page
from tts_viz.traces.jsonl import TraceWriter

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    with TraceWriter(path) as writer:
        writer.write(EVENTS)
    return path


@pytest.fixture
def export(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs the command; gives exit code, stdout and stderr."""

    def command(*args: object) -> tuple[int, str, str]:
        try:
            code = main(["export", *map(str, args)])
        except SystemExit as left:
            code = int(str(left.code))
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_a_page_named_by_its_problem_or_by_you(trace: Path, tmp_path: Path, export: Cli) -> None:
    out = tmp_path / "run.html"
    code, said, err = export(trace, "--html", out)
    assert (code, err) == (0, "")
    assert said == f"{out}: {out.stat().st_size:,} bytes\n"
    assert out.read_text(encoding="utf-8") == page(EVENTS, "Make 24 from 1 4 6")
    assert export(trace, "--html", tmp_path / "named.html", "--title", "Mine")[0] == 0
    assert (tmp_path / "named.html").read_text(encoding="utf-8") == page(EVENTS, "Mine")


def test_a_table(trace: Path, tmp_path: Path, export: Cli) -> None:
    assert export(trace, "--csv", tmp_path / "run.csv")[0] == 0
    assert (tmp_path / "run.csv").read_bytes() == table(EVENTS).encode()


def test_nothing_is_overwritten_unless_forced(trace: Path, tmp_path: Path, export: Cli) -> None:
    out = tmp_path / "run.csv"
    out.write_text("precious")
    code, _, err = export(trace, "--csv", out)
    assert (code, err) == (2, f"tts_viz: {out}: is there already; --force replaces it\n")
    assert out.read_text() == "precious"
    assert export(trace, "--csv", out, "--force")[0] == 0
    assert out.read_bytes() == table(EVENTS).encode()


def test_the_recording_itself_is_never_overwritten(trace: Path, export: Cli) -> None:
    before = trace.read_bytes()
    code, _, err = export(trace, "--html", trace, "--force")
    assert (code, err) == (2, f"tts_viz: {trace}: is the recording itself\n")
    assert trace.read_bytes() == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["{trace}"], "one of the arguments --html --csv is required"),
        (["{trace}", "--html", "{dir}/a", "--csv", "{dir}/b"], "not allowed with argument --html"),
        (["{dir}/none.jsonl", "--csv", "{dir}/a.csv"], "none.jsonl: No such file or directory"),
        (["{dir}", "--csv", "{dir}/a.csv"], "Is a directory"),
        (["{dir}/bad.jsonl", "--csv", "{dir}/a.csv"], "bad.jsonl: it begins like no recording"),
        (["{trace}", "--csv", "{dir}/no/a.csv"], "there is no such folder"),
        (["{trace}", "--csv", "{dir}", "--force"], "is a folder"),
        (["{trace}", "--csv", "{dir}/a.csv", "--title", "x"], "--title goes with --html"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(
    args: list[str], words: str, trace: Path, tmp_path: Path, export: Cli
) -> None:
    (tmp_path / "bad.jsonl").write_text("hello\n")
    files = set(tmp_path.iterdir())
    code, out, err = export(*(arg.format(trace=trace, dir=tmp_path) for arg in args))
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("tts_viz: ") and err.count("\n") == 1
    assert set(tmp_path.iterdir()) == files


def test_a_torn_recording_is_exported_as_far_as_it_goes(trace: Path, tmp_path: Path, export: Cli) -> None:
    trace.write_bytes(trace.read_bytes()[:-5])
    code, _, err = export(trace, "--csv", tmp_path / "run.csv")
    assert code == 0
    assert "cut off" in err
    assert (tmp_path / "run.csv").read_bytes() == table(EVENTS[:-1]).encode()
