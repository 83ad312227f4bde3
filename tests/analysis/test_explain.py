"""A search in plain words: the sentences that visitors read."""

from __future__ import annotations

import pytest

from tests.search.scripted import begin, finish, full, scattered
from tts_viz.analysis.explain import detail, happened, why
from tts_viz.core.budget import Budget
from tts_viz.core.events import (
    Changed,
    Decided,
    Ended,
    Event,
    Expanded,
    NoCandidate,
    Noted,
    Scored,
    Settings,
    Started,
    Valued,
)
from tts_viz.core.tree import Tree
from tts_viz.search import steering

SETTINGS = Settings("beam", {"n": 4, "m": 2}, Budget(16))
START = Started("p", SETTINGS)


def grown(*ids: str, **more) -> list[Event]:
    return [Expanded(id.rpartition(".")[0], id, f"text of {id}", **more) for id in ids]


def scored(**scores: float) -> list[Event]:
    return [Scored(id.replace("_", ".").removeprefix("n"), (score,)) for id, score in scores.items()]


FOUR = [*grown("0.0", "0.1", "0.2", "0.3"), *scored(n0_0=0.93, n0_1=0.41, n0_2=0.62, n0_3=0.1)]
CHOICE = Decided(("0.0", "0.2"), ("0.1", "0.3"), {"0.0": 0.93, "0.1": 0.41, "0.2": 0.62, "0.3": 0.1}, "last", 1)


def sentence(node: str, *events: Event) -> str:
    tree = Tree.fold([START, *events])
    return why(tree, tree.nodes[node])


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("0", "the problem, from which every solution begins"),
        ("0.0", "kept at depth 1: score 0.93 ranked 1 of 4, the best pruned had 0.41; open: waiting to be expanded"),
        ("0.2", "kept at depth 1: score 0.62 ranked 2 of 4, the best pruned had 0.41; open: waiting to be expanded"),
        ("0.1", "pruned at depth 1: score 0.41 ranked 3 of 4, the last kept had 0.62"),
        ("0.3", "pruned at depth 1: score 0.10 ranked 4 of 4, the last kept had 0.62"),
    ],
)
def test_a_decision_is_explained_by_its_rivals(node: str, says: str) -> None:
    assert sentence(node, *FOUR, CHOICE) == says


def test_a_decision_by_another_aggregation_says_so() -> None:
    choice = Decided(("0.0",), ("0.1",), {"0.0": 0.5, "0.1": 0.25}, "product", 1)
    assert sentence("0.1", *FOUR, choice) == (
        "pruned at depth 1: score 0.25 (product of its steps) ranked 2 of 2, the last kept had 0.50"
    )


def test_scores_that_look_alike_are_told_apart() -> None:
    choice = Decided(("0.0",), ("0.1",), {"0.0": 0.50004, "0.1": 0.50001}, "last", 1)
    assert sentence("0.1", *FOUR, choice).endswith("score 0.50001 ranked 2 of 2, the last kept had 0.50004")


def test_a_tie_is_called_a_tie() -> None:
    choice = Decided(("0.0",), ("0.1", "0.2"), {"0.0": 0.5, "0.1": 0.5, "0.2": 0.5}, "last", 1)
    assert sentence("0.2", *FOUR, choice) == "pruned at depth 1: score 0.50 ranked 2 of 3, a tie with the last kept"
    assert "ranked 1 of 3, a tie with the best pruned" in sentence("0.0", *FOUR, choice)


def test_unscored_rivals_have_no_rank() -> None:
    choice = Decided(("0.0",), ("0.1",), {"0.0": 0.5}, "last", 1)
    assert sentence("0.1", *FOUR, choice) == "pruned at depth 1: it had no score among 2 rivals"


def test_when_all_are_kept_nobody_is_compared() -> None:
    choice = Decided(("0.0",), (), {"0.0": 0.5}, "last", 1)
    assert sentence("0.0", *FOUR, choice) == "kept at depth 1: score 0.50 ranked 1 of 1; open: waiting to be expanded"


def test_the_last_decision_counts() -> None:
    later = Decided(("0.0",), ("0.2",), {"0.0": 0.9, "0.2": 0.3}, "last", 1)
    assert sentence("0.2", *FOUR, CHOICE, later).endswith("score 0.30 ranked 2 of 2, the last kept had 0.90")


def test_a_step_dies_with_its_ancestor() -> None:
    assert sentence("0.1.0", *FOUR, *grown("0.1.0"), CHOICE) == (
        "an ancestor, step 1 of this path, was pruned at depth 1: score 0.41 ranked 3 of 4, the last kept had 0.62"
    )


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([*grown("0.0")], "open: waiting to be expanded"),
        ([*grown("0.0"), Ended("stopped")], "open: the search ended before it was expanded"),
        ([*grown("0.0", "0.0.0")], "expanded into 1 next step"),
        ([*grown("0.0", "0.0.0", "0.0.1")], "expanded into 2 next steps"),
        ([*grown("0.0"), NoCandidate("0.0", "0.0.0")], "a dead end: the policy had nothing to say after it"),
        (
            [*grown("0.0", finish="length")],
            "cut off at the token limit in the middle of the step, so nothing can follow",
        ),
        ([*grown("0.0", finish="eos")], "finished: a whole solution, which the verifier has not read"),
        (
            [*grown("0.0", "0.1", "0.2", finish="eos"), *scored(n0_0=0.5, n0_1=0.75)],
            "finished: a whole solution, score 0.50, ranked 2 of 2",
        ),
    ],
)
def test_a_live_step_stands_somewhere(events: list[Event], says: str) -> None:
    assert sentence("0.0", *events) == says


def test_the_depth_limit_is_named() -> None:
    tree = Tree.fold([Started("p", SETTINGS, max_depth=1), *grown("0.0")])
    assert why(tree, tree.nodes["0.0"]) == "at the depth limit of 1 steps, so nothing can follow"


def test_a_look_ahead_belongs_to_a_step() -> None:
    rolled = [*grown("0.0"), *grown("0.0.r0", "0.0.r0.r0", node_kind="rollout")]
    of = "a look ahead for step 1 (text of 0.0)"
    assert sentence("0.0.r0.r0", *rolled) == f"{of}; it is not part of a solution"
    assert sentence("0.0.r0", *rolled, Valued("0.0", 0.81)) == (
        f"{of}, which the search counts as 0.81 for it; it is not part of a solution"
    )
    assert sentence("0.0", *rolled) == "open: waiting to be expanded"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (CHOICE, "depth 1: kept 2 of 4, best 0.93"),
        (Decided(("0.0",), ("0.1",), {}, "last", 1), "depth 1: kept 1 of 2"),
        (Expanded("0.0", "0.0.0", "5+52=57 left 57", finish="eos"), "a solution is complete: … 5+52=57 left 57"),
        (Expanded("0.0", "0.0.0", "5+", finish="length"), "depth 2: a step was cut off at the token limit"),
        (NoCandidate("0.0", "0.0.0"), "depth 2: a dead end, the policy had nothing to say"),
        (Expanded("0.0", "0.0.0", "5+5=10"), ""),
        (Expanded("0.0", "0.0.r0", "5+5=10", "rollout", finish="eos"), ""),
        (Scored("0.0", (0.5,)), ""),
        (Noted("looks hard: beam search", "beam", {"n": 4, "m": 2}), "looks hard: beam search"),
        (Ended("finished"), "finished: 0 solutions"),
    ],
)
def test_events_are_told_in_a_line(event: Event, says: str) -> None:
    assert happened(event, Tree.fold([START, *FOUR])) == says


def test_the_end_counts_what_was_found() -> None:
    tree = Tree.fold([START, *grown("0.0", "0.1", finish="eos"), *scored(n0_0=0.5, n0_1=0.97)])
    assert happened(Ended("finished"), tree) == "finished: 2 solutions, best 0.97"
    one = Tree.fold([START, *grown("0.0", finish="eos")])
    assert happened(Ended("stopped", by="user"), one) == "stopped: 1 solution"


def test_the_start_names_strategy_and_budget() -> None:
    assert happened(START, Tree()) == "started: Beam search (n 4, m 2), budget 16 generations"
    greedy = Started("p", Settings("greedy", {}, Budget(None)))
    assert happened(greedy, Tree()) == "started: Greedy, no budget limit"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"budget": Budget(64)}, "budget 16 → 64"),
        ({"budget": Budget(None, tokens=5_000)}, "budget 16 → none; budget in tokens none → 5,000"),
        ({"parameters": {"n": 4, "m": 4}}, "beam width M 2 → 4 from here on"),
        ({"strategy": "best_of_n", "parameters": {"n": 8}}, "Beam search → Best of N (n 8) from here on"),
        ({"temperature": 0.5}, "temperature 1 → 0.5 from here on"),
        ({"aggregation": "min", "vote": "best"}, "step aggregation last → min; vote weighted → best"),
    ],
)
def test_changes_name_old_and_new(change: dict, says: str) -> None:
    new = Settings(**{name: change.get(name, getattr(SETTINGS, name)) for name in Settings.__slots__})
    assert happened(Changed(new, ", ".join(change)), Tree.fold([START])) == says


# --- by hand ----------------------------------------------------------------------------------------------------------


def told(trace: list[Event]) -> list[str]:
    """The line for each event, without the empty ones."""
    tree, lines = Tree(), []
    for event in trace:
        lines.append(happened(event, tree))
        tree.apply(event)
    return [line for line in lines if line]


def test_what_a_person_did_is_told_and_why_says_it_of_the_node() -> None:
    script = full(2, 4)
    session = finish(begin("beam", n=4, m=2), script, scattered(script)).session
    tree = session.tree
    kept = tree.decisions[0].kept[0]
    for wish in (
        lambda: steering.prune(tree, kept),
        lambda: steering.undo(tree),
        lambda: steering.pin(tree, kept),
        lambda: steering.override(tree, kept, 0.25),
        lambda: steering.edit(tree, kept, "better"),
    ):
        session.intervene(wish())
    lines = told(session.trace)
    assert f"by hand: pruned “{kept}”" in lines
    assert f"undone: pruned “{kept}”" in lines
    assert f"by hand: pinned “{kept}”" in lines
    assert f"by hand: scored 0.25: “{kept}”" in lines
    assert "by hand: edited a step to “better”" in lines
    assert why(tree, tree.nodes[kept]) == "it was edited: it now reads “better”"
    session.intervene(steering.undo(tree))
    assert "pinned, so that no decision prunes it" in why(tree, tree.nodes[kept])
    session.intervene(steering.prune(tree, kept))
    assert why(tree, tree.nodes[kept]) == "pruned by hand"


def test_small_events_have_a_sentence_of_their_own() -> None:
    script = full(2, 1)
    trace = finish(begin("best_of_n", n=1), script, {"0.0": 0.25}).session.trace
    tree, said = Tree(), []
    for event in trace:
        said.append(happened(event, tree) or detail(event, tree))
        tree.apply(event)
    assert said[1:3] == ["a step: 0.0", "the verifier gives 0.25 to “0.0”"]
    assert all(said)
