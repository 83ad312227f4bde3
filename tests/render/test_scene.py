"""What each node looks like, on trees made by hand from events."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.render.growth import QUESTION, beam, started, tree_search, truths
from tts_viz.core.events import Changed, Decided, Event, Expanded, NoCandidate, Scored, Settings, Valued
from tts_viz.core.tree import Tree
from tts_viz.render.scene import Mark, rounded, scene
from tts_viz.render.text import text
from tts_viz.tasks.base import StepTruth

EVENTS: list[Event] = [
    started(),
    Expanded("0", "0.0", "25*2=50 left 3 14 50"),
    Expanded("0", "0.1", "14+3=16 left 2 16 25"),
    Expanded("0", "0.2", "25-14=11 left 2 3 11"),
    Scored("0.0", (0.9,)),
    Scored("0.1", (0.4,)),
    Scored("0.2", (0.6,)),
    Decided(("0.0", "0.2"), ("0.1",), {"0.0": 0.9, "0.1": 0.4, "0.2": 0.6}, "last", 1),
    Expanded("0.0", "0.0.0", "50+14=64 left 3 64"),
    Expanded("0.0", "0.0.1", "14-3=11 left", finish="length"),
    Expanded("0.0.0", "0.0.0.0", "64-3=61 left 61", finish="eos"),
    Scored("0.0.0.0", (0.9, 0.8, 0.2)),
    NoCandidate("0.2", "0.2.0"),
    Expanded("0.0.1", "0.0.1.r0", "rolled", node_kind="rollout"),
    Expanded("0.1", "0.1.u0", "16*2=32\n left 25 32", by="user"),
]

TRUTHS = {
    "0.0": StepTruth(True, True, "yes"),
    "0.1": StepTruth(False, False, "14+3 is 17, not 16"),
    "0.2": StepTruth(True, False, "no way from 2, 3, 11 to 57"),
    "0.0.0": StepTruth(True, False, "no way from 3, 64 to 57"),
    "0.0.0.0": StepTruth(True, False, "61 is not 57"),
    "0.1.u0": StepTruth(True, False, "a false step came before"),
}


@pytest.fixture
def tree() -> Tree:
    return Tree.fold(EVENTS)


def test_statuses(tree: Tree) -> None:
    assert {n.id: n.status for n in scene(tree).nodes.values()} == {
        "0": "root",
        "0.0": "kept",
        "0.1": "pruned",
        "0.2": "stuck",  # expanded, and the policy gave nothing
        "0.0.0": "kept",
        "0.0.1": "stuck",  # cut at the token limit
        "0.0.0.0": "finished",
        "0.0.1.r0": "rollout",
        "0.1.u0": "pruned",  # under a pruned node
    }


def test_a_new_step_is_open_until_it_is_expanded() -> None:
    assert scene(Tree.fold(EVENTS[:3])).nodes["0.1"].status == "open"


def test_truth_and_its_reason_are_told_where_they_begin(tree: Tree) -> None:
    nodes = scene(tree, TRUTHS).nodes
    assert (nodes["0.0"].truth, nodes["0.0"].reason) == ("valid", "")
    assert (nodes["0.1"].truth, nodes["0.1"].reason) == ("false", "14+3 is 17, not 16")
    assert (nodes["0.0.0"].truth, nodes["0.0.0"].reason) == ("lost", "no way from 3, 64 to 57")
    assert (nodes["0.0.0.0"].truth, nodes["0.0.0.0"].reason) == ("doomed", "")
    assert nodes["0.1.u0"].truth == "doomed"
    assert nodes["0.0.1"].truth == "unknown"


def test_hand_written_steps_and_the_question_are_known(tree: Tree) -> None:
    nodes = scene(tree).nodes
    assert [n.id for n in nodes.values() if n.by_hand] == ["0.1.u0"]
    assert nodes["0"].text == QUESTION
    assert nodes["0.1.u0"].label == "16*2=32 left 25 32"


@pytest.mark.parametrize("aggregation", ["last", "min", "product", "mean"])
def test_scores_are_the_trees(tree: Tree, aggregation: str) -> None:
    tree.apply(Changed(Settings("beam", {}, aggregation=aggregation), "aggregation"))
    tree.apply(Valued("0.0.0", 0.33))
    drawn = scene(tree)
    assert drawn.aggregation == aggregation
    for id, node in drawn.nodes.items():
        assert node.score == pytest.approx(tree.score(tree.nodes[id]), abs=2e-3)
        assert node.reward == tree.nodes[id].reward


@pytest.mark.parametrize("events", [beam(16, 4, 5, lookahead=1), tree_search(300, 5)])
def test_scores_are_the_trees_on_grown_trees(events: object) -> None:
    tree = Tree.fold(e for some in events for e in some)  # type: ignore[attr-defined]
    for id, node in scene(tree).nodes.items():
        assert node.score == pytest.approx(tree.score(tree.nodes[id]), abs=2e-3)


def test_collapse_sums_up_what_was_pruned(tree: Tree) -> None:
    nodes = scene(tree, collapse=True).nodes
    assert "0.1" not in nodes
    assert nodes["0.+"].status == "more"
    assert nodes["0.+"].text == "+2 pruned"
    assert scene(tree, chosen="0.1.u0", collapse=True).chosen is None


def test_collapsed_nodes_are_all_counted() -> None:
    tree = Tree.fold(e for some in beam(16, 4, 5) for e in some)
    nodes = scene(tree, collapse=True).nodes.values()
    hidden = sum(int(n.text.split()[0]) for n in nodes if n.status == "more")
    assert hidden + sum(n.status != "more" for n in nodes) == len(tree.nodes)


def test_text(tree: Tree) -> None:
    drawn = scene(tree, TRUTHS, chosen="0.0.0.0", marks=[Mark(2, "M 4 → 2")])
    assert text(drawn) == dedent(
        """\
        M 4 → 2, from step 2 on
        Make 57 from 2 3 14 25
        ├─ 0.90 ✓ 25*2=50 left 3 14 50 [best] ★
        │  ├─ 0.80 ! 50+14=64 left 3 64 [best] ★
        │  │  └─ 0.20 · 64-3=61 left 61 [best solution] ★
        │  └─  ·   14-3=11 left [dead end]
        │     └─  ·   rolled [look ahead]
        ├─ 0.40 ✗ 14+3=16 left 2 16 25 [pruned]
        │  └─  ·   · 16*2=32 left 25 32 [pruned]
        └─ 0.60 ! 25-14=11 left 2 3 11 [dead end]"""
    )


@given(st.floats(0, 1))
@example(0.7849)
@example(0.1452)
def test_a_score_reads_the_same_whether_it_was_rounded_on_the_way_or_not(score: float) -> None:
    sent = round(rounded(score) * 1000) / 1000
    assert f"{sent:.2f}" == f"{score:.2f}"
    assert abs(sent - score) < 0.002


def test_an_empty_tree_has_a_picture() -> None:
    assert text(scene(Tree())) == ""
    assert text(scene(Tree.fold([started()]))) == QUESTION


def test_places_are_those_of_the_layout(tree: Tree) -> None:
    places = scene(tree).places()
    assert places["0"] == 0
    assert places["0.1"] - places["0.0"] >= 1
    assert truths(tree).keys() == tree.nodes.keys() - {"0"}
