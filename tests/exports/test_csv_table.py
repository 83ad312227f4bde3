"""The table: every node, every number, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exports.recorded import EVENTS, EVIL, FORMULA, SETTINGS
from tts_viz.core.events import Event, Expanded, Started
from tts_viz.core.tree import Tree
from tts_viz.exports.csv_table import COLUMNS, table


def read(text: str) -> list[dict[str, str]]:
    """As a spreadsheet reads the file's bytes."""
    with io.StringIO(text.encode().decode("utf-8-sig"), newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in read(table(EVENTS))}


def test_one_row_a_node_in_order_of_birth(rows: dict[str, dict[str, str]]) -> None:
    assert table(EVENTS).encode().startswith(b"\xef\xbb\xbfnumber,parent_number,id,")
    assert list(rows) == list(Tree.fold(EVENTS).nodes)
    assert [row["number"] for row in rows.values()] == [str(n) for n in range(len(rows))]
    assert all(tuple(row) == COLUMNS for row in rows.values())
    for row in rows.values():
        assert rows.get(row["parent"], {}).get("number", "") == row["parent_number"]


def test_what_is_known_of_a_step(rows: dict[str, dict[str, str]]) -> None:
    expected = {
        "parent": "0", "depth": "1", "kind": "step", "by": "search", "text": "6*4=24 left 1 24", "status": "kept",
        "finished": "false", "chosen": "true", "reward": "0.7849", "override": "", "score": "0.7849", "value": "",
        "truth": "valid", "logprob": "-0.75", "tokens": "2", "generated": "2", "prefilled": "3", "verifier_tokens": "7",
        "flops": "3.5",
    }  # fmt: skip
    assert rows["0.0"].items() >= expected.items()
    assert (rows["0.3"]["reward"], rows["0.3"]["override"], rows["0.3"]["score"]) == ("0.2", "0.1", "0.1")
    assert (rows["0.3"]["status"], rows["0.3"]["truth"], rows["0.3"]["reason"]) == (
        "pruned",
        "false",
        "6+4 is 10, not 11.",
    )
    assert (rows["0.0.0"]["finished"], rows["0.0.0"]["chosen"]) == ("true", "true")
    assert (rows["0.0.1"]["finished"], rows["0.0.1"]["chosen"], rows["0.0.1"]["logprob"]) == ("true", "false", "")
    assert (rows["0.1.r0"]["kind"], rows["0.1.u0"]["by"]) == ("rollout", "user")
    assert rows["0"]["text"] == "Make 24 from 1 4 6"


def test_no_cell_is_a_formula_and_numbers_stay_numbers(rows: dict[str, dict[str, str]]) -> None:
    assert rows["0.2"]["text"] == f"'{FORMULA}"
    assert rows["0.1.r0"]["text"] == "'-1\n+2"
    assert rows["0.1.u0"]["text"] == "by hand\r\n@SUM(A1)"
    assert rows["0.1"]["text"] == EVIL
    assert float(rows["0.0"]["logprob"]) == -0.75


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '"=1', "'=1", '"\n "+1', "  -2+3", "＝1", "\t1"]
)
def test_whatever_a_formula_hides_behind(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["6*4=24 left 1 24", "x = -1", "", '"quoted"', "it's", "1", "√2"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert cell(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back(text: str) -> None:
    assert cell(text) in (text, f"'{text}")
    assert cell(text).lstrip(" \n\"'")[:1] not in {"=", "+", "-", "@", "\t", "\r"} or cell(text).startswith("'")


def cell(text: str) -> str:
    """The cell of a step with this text."""
    events: list[Event] = [Started("?", SETTINGS), Expanded("0", "0.0", text)]
    return read(table(events))[1]["text"]


def test_a_trace_without_its_start_is_refused() -> None:
    with pytest.raises(ValueError, match="Started"):
        table([])
