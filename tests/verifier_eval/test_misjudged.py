"""Steps by how far a verifier is from the truth, on a hand-made search whose scores are known."""

from __future__ import annotations

import math
from dataclasses import asdict

import pytest

from tts_viz.core.events import Expanded, Scored, Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.tasks import get_task
from tts_viz.verifier_eval.misjudged import (
    JudgedStep,
    disagreements,
    distinct,
    overrated,
    paths_of,
    separation,
    steps_of,
    tallies,
    underrated,
)

PUZZLE = get_task("countdown").parse("make 24 from 4 6 1")
TEXTS = {
    "0.0": "6*4=24 left 1 24",  # good
    "0.0.0": "24*1=24 left 24",  # good
    "0.0.1": "24-1=22 left 22",  # wrong arithmetic
    "0.1": "6+4=10 left 1 10",  # the goal is lost
    "0.2": "6*4=24 left 1 24",  # the same as 0.0
    "0.2.0": "5+1=6 left 6 24",  # wrong numbers
    "0.3": "6*4=25 left 1 25",  # wrong arithmetic
    "0.3.0": "25-1=24 left 24",  # builds on it
}
SAID = {"0.0": 0.4, "0.0.0": 0.9, "0.0.1": 0.7, "0.1": 0.8, "0.2.0": 0.2, "0.3": 0.1, "0.3.0": 0.6}
OTHER = {"0.0": 0.5, "0.0.0": 0.1, "0.0.1": 0.6, "0.1": 0.8, "0.2.0": 0.9, "0.3": 0.4, "0.3.0": 0.6}


def tree() -> Tree:
    grown = [Expanded(id.rpartition(".")[0], id, text=text, finish="step") for id, text in TEXTS.items()]
    return Tree.fold([Started(PUZZLE.prompt, Settings("best_of_n", {"n": 4}), problem=asdict(PUZZLE)), *grown])


@pytest.fixture
def steps() -> list[JudgedStep]:
    paths = distinct(paths_of("run", tree()))
    scores = {
        name: [tuple(table.get(node, table["0.0"]) for node in path.nodes) for path in paths]
        for name, table in (("v", SAID), ("w", OTHER))
    }
    return steps_of(paths, scores)


def nodes(steps: list[JudgedStep]) -> list[str]:
    return [step.node for step in steps]


def test_paths_cover_all_steps_with_as_few_requests_as_may_be() -> None:
    paths = paths_of("run", tree())
    assert sorted(path.nodes[-1] for path in paths) == ["0.0.0", "0.0.1", "0.1", "0.2.0", "0.3.0"]
    assert {path.run for path in paths} == {"run"}
    assert len(distinct([*paths, *paths_of("another", tree())])) == len(paths)
    assert paths_of("none", Tree.fold([Started("?", Settings("greedy", {}))])) == []


def test_each_step_is_there_once_where_it_was_met_first(steps: list[JudgedStep]) -> None:
    assert nodes(steps) == ["0.0", "0.0.0", "0.0.1", "0.1", "0.2.0", "0.3", "0.3.0"]
    assert steps[2].solution.steps == ("6*4=24 left 1 24", "24-1=22 left 22")
    assert steps[2].scores == {"v": 0.7, "w": 0.6}


def test_bad_steps_that_are_believed_and_good_ones_that_are_doubted_come_first(steps: list[JudgedStep]) -> None:
    assert nodes(overrated(steps, "v")) == ["0.1", "0.0.1", "0.3.0", "0.2.0", "0.3"]
    assert nodes(underrated(steps, "v")) == ["0.0", "0.0.0"]
    assert nodes(underrated(steps, "w")) == ["0.0.0", "0.0"]


def test_a_kind_of_error_lets_only_its_own_pass(steps: list[JudgedStep]) -> None:
    assert nodes(overrated(steps, "v", "arithmetic")) == ["0.0.1", "0.3"]
    assert nodes(overrated(steps, "v", "unreachable")) == ["0.1"]
    assert nodes(overrated(steps, "v", "numbers")) == ["0.2.0"]
    assert nodes(overrated(steps, "v", "inherited")) == ["0.3.0"]
    assert overrated(steps, "v", "format") == []


def test_disagreements_are_ranked_by_how_far_apart_two_verifiers_are(steps: list[JudgedStep]) -> None:
    assert nodes(disagreements(steps, "v", "w"))[:3] == ["0.0.0", "0.2.0", "0.3"]
    assert nodes(disagreements(steps, "v", "w", "arithmetic")) == ["0.3", "0.0.1"]


def test_tallies_count_what_is_misjudged_by_kind(steps: list[JudgedStep]) -> None:
    found = {tally.kind: (tally.steps, round(tally.mean, 3), tally.misjudged) for tally in tallies(steps, "v")}
    assert found == {
        None: (2, 0.65, 1), "arithmetic": (2, 0.4, 1), "numbers": (1, 0.2, 0), "unreachable": (1, 0.8, 1),
        "inherited": (1, 0.6, 1),
    }  # fmt: skip
    assert next(iter(found)) is None


def test_separation_is_the_share_of_pairs_in_order(steps: list[JudgedStep]) -> None:
    # Of ten pairs of a good and a bad step, 0.9 is over all five and 0.4 over two.
    assert separation(steps, "v") == pytest.approx(0.7)
    assert math.isnan(separation(steps[:2], "v"))


def test_where_no_truth_is_known_only_disagreements_are_found() -> None:
    story = get_task("math500").parse("What is 2 + 2?")
    grown = Expanded("0", "0.0", text="It is 4.", finish="eos")
    told = Tree.fold(
        [Started(story.prompt, Settings("greedy", {}), problem=asdict(story)), grown, Scored("0.0", (0.5,))]
    )
    (step,) = steps_of(paths_of("run", told), {"v": [(0.5,)], "w": [(0.25,)]})
    assert (step.truth, step.good) == (None, None)
    assert overrated([step], "v") == underrated([step], "v") == tallies([step], "v") == []
    assert disagreements([step], "v", "w") == [step]
