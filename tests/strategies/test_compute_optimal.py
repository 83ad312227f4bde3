"""Compute-optimal search by hand: what the first samples cost, what is chosen because of them, and what becomes of them."""

from __future__ import annotations

import random
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.search.scripted import begin, feed_in_any_order, feed_one, finish, full, revisable, scattered
from tests.strategies.tables import put_in_force, row, rows, said
from tts_viz.core.events import Noted, Settings, Started
from tts_viz.search import steering
from tts_viz.search.replay import fast_forward
from tts_viz.search.session import Session
from tts_viz.strategies import choice_table, make
from tts_viz.tasks.base import Problem


def inner(id: str) -> list[str]:
    """The indexes on the way to a node, but that of its first step: "0.7.2.r0" → ["2"]"""
    return [index for index in id.split(".")[2:] if index.isdigit()]


# Four samples, one of which is cut short by having nothing more to say; then a beam of four beside them.
#   0.0 a → aa. (.6)   0.1 b. (.3)   0.2 c → nothing   0.3 d. (.1)      mean (.6 + .3 + .1) / 3 = .33: bin 4 of 5
#   0.4 e (.2)   0.5 f (.8)   0.6 g (.7)   0.7 h (.1)                    the beam (N = 4, M = 2) keeps f and g
#   0.5.0 fa. 0.5.1 fb   0.6.0 ga. 0.6.1 gb → 0.5.1.0 fba. 0.5.1.1 fbb.  0.6.1.0 gba. 0.6.1.1 gbb.
SCRIPT = {
    "0.0": "a", "0.0.0": "aa.", "0.1": "b.", "0.2": "c", "0.3": "d.",
    "0.4": "e", "0.5": "f", "0.6": "g", "0.7": "h",
    "0.5.0": "fa.", "0.5.1": "fb", "0.6.0": "ga.", "0.6.1": "gb",
    "0.5.1.0": "fba.", "0.5.1.1": "fbb.", "0.6.1.0": "gba.", "0.6.1.1": "gbb.",
}  # fmt: skip
REWARDS = {"aa.": 0.6, "b.": 0.3, "d.": 0.1, "e": 0.2, "f": 0.8, "g": 0.7, "h": 0.1}

# Twenty first steps, each with twelve and twelve below it, looked ahead from; and twenty short solutions to be revised.
WIDE = {id: text for id, text in full(3, 20, rollouts=1).items() if max(map(int, inner(id)), default=0) < 12}
WIDE_REWARDS = scattered(WIDE)
SHORT = revisable({f"0.{i}": f"s{i}." for i in range(20)}, attempts=17, chains=20, steps=1)
SHORT_REWARDS = scattered(SHORT)


def hard(chosen: dict[str, Any]) -> dict[str, Any]:
    """A table that chooses this in bin 4, and best-of-N elsewhere."""
    return said(all=rows([row(), row(), row(), chosen, row()]))


def always(chosen: dict[str, Any]) -> dict[str, Any]:
    return said(all=rows([chosen] * 5))


def noted(session: Session) -> list[Noted]:
    return [e for e in session.trace if isinstance(e, Noted)]


def test_the_first_samples_choose_a_beam_which_begins_anew_beside_them(tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, hard(row("beam", 0.52, 0.40, m=2)))
    session = finish(begin("compute_optimal", n=8, probe=4), SCRIPT, REWARDS).session
    tree = session.tree
    assert set(tree.nodes) == {"0", *SCRIPT}
    assert [(d.kept, d.pruned) for d in tree.decisions] == [(("0.5", "0.6"), ("0.4", "0.7"))]
    assert tree.generations == 8, "four samples, and a beam of four at each depth"
    assert [tree.sampled(depth) for depth in (1, 2, 3)] == [8, 2 + 4, 4]
    assert len(tree.finished()) == 3 + 2 + 4, "the first samples stay, and have a vote"
    (note,) = noted(session)
    assert (note.strategy, note.parameters) == ("beam", {"m": 2, "n": 4})
    assert note.why == (
        "looks hard (mean score 0.33 of 3 samples, bin 4 of 5): Beam search, N = 4, M = 2, because at 4 generations "
        "it did best there (0.52 right against 0.40 for best of N)"
    )
    assert session.done


def test_nothing_is_said_or_chosen_before_the_first_samples_are_in(tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, hard(row("beam", m=2)))
    session = begin("compute_optimal", n=8, probe=4)
    assert [r.node for r in session.wants] == ["0.0", "0.1", "0.2", "0.3"]
    while not noted(session):
        assert all(r.node.startswith(("0.0", "0.1", "0.2", "0.3")) for r in session.wants)
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    assert [r.node for r in session.wants] == ["0.4", "0.5", "0.6", "0.7"]


def test_best_of_n_counts_the_first_samples_among_its_own(tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, always(row("best_of_n", 0.93, 0.93)))
    session = finish(begin("compute_optimal", n=16), WIDE, WIDE_REWARDS).session
    alone = finish(begin("best_of_n", n=16), WIDE, WIDE_REWARDS).session
    assert set(session.tree.nodes) == set(alone.tree.nodes)
    assert session.tree.generations == 16
    (note,) = noted(session)
    assert note.parameters == {"n": 16}
    assert note.why.endswith("Best of N, N = 16, because at 16 generations nothing did better there (0.93 right)")


@pytest.mark.parametrize(
    ("knobs", "parameters", "chains", "attempts"),
    [
        ({"length": 4}, {"length": 4, "chains": 4}, 4, 16),
        ({"length": 2}, {"length": 2, "chains": 8}, 8, 16),
        # One chain goes on from the best of the four samples; the other three were spent all the same.
        ({"chains": 1}, {"chains": 1, "length": 13}, 1, 16),
    ],
)
def test_chains_take_the_first_samples_for_first_attempts(
    knobs: dict[str, int], parameters: dict[str, int], chains: int, attempts: int, tmp_path: Path, monkeypatch
) -> None:
    put_in_force(tmp_path, monkeypatch, always(row("parallel_revisions", **knobs)))
    session = finish(begin("compute_optimal", n=16), SHORT, SHORT_REWARDS).session
    tree = session.tree
    assert noted(session)[0].parameters == parameters
    assert tree.generations == attempts == len(tree.finished())
    starts = {tuple(e.id for e in n.earlier())[:1] or (n.id,) for n in tree.finished() if n.earlier() or revised(n)}
    assert len(starts) == chains


def revised(node) -> bool:
    return any(child.kind == "attempt" for child in node.children)


@pytest.mark.parametrize(
    ("name", "knobs", "needs_all"),
    [
        ("beam", {"m": 4}, True),
        ("lookahead", {"m": 2, "k": 1}, True),
        ("dvts", {"m": 4}, True),
        ("rebase", {}, False),
        ("particles", {}, False),
        ("mcts", {"m": 4}, True),
    ],
)
def test_what_begins_anew_grows_as_it_would_alone_beside_the_first_samples(
    name: str, knobs: dict[str, int], needs_all: bool, tmp_path: Path, monkeypatch
) -> None:
    put_in_force(tmp_path, monkeypatch, always(row(name, **knobs)))
    session = finish(begin("compute_optimal", n=16), WIDE, WIDE_REWARDS).session
    tree, (note,) = session.tree, noted(session)
    later = [id for id in tree.nodes if id != "0" and int(id.split(".")[1]) >= 4]
    # Alone, with the same samples under the ids that they have there.
    script = {back(id): text for id, text in WIDE.items() if back(id)}
    alone = finish(begin(name, **note.parameters), script, WIDE_REWARDS).session.tree
    if name != "mcts":  # which counts the samples among its visits of the root
        assert {back(id) for id in later} == set(alone.nodes) - {"0"}
        assert {back(n.id) for n in tree.nodes.values() if n.pruned} == {n.id for n in alone.nodes.values() if n.pruned}
    assert make(name, note.parameters).generations == 12
    assert tree.generations == 4 + alone.generations
    assert alone.generations <= 12
    if needs_all:
        assert tree.generations == 16
    assert {n.id for n in tree.finished()} >= {f"0.{i}.0.0" for i in range(4)}


def back(id: str) -> str:
    """ "0.6.1" → "0.2.1"; "" for what belongs to the first four samples"""
    found = re.fullmatch(r"0\.(\d+)(.*)", id)
    return f"0.{int(found[1]) - 4}{found[2]}" if found and int(found[1]) >= 4 else ""


def test_what_the_strategy_cannot_use_goes_into_more_samples(tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, always(row("beam", m=4)))
    session = finish(begin("compute_optimal", n=18), WIDE, WIDE_REWARDS).session
    assert noted(session)[0].parameters == {"m": 4, "n": 12}
    assert session.tree.generations == 18
    whole = {f"0.{i}.0.0" for i in range(6)}  # 18 = 4 samples, 2 more, and a beam of 12
    assert whole <= {n.id for n in session.tree.finished()}
    assert sorted(int(i.split(".")[1]) for i in session.tree.decisions[0].scores) == list(range(6, 18))


def test_what_is_too_little_for_a_strategy_goes_to_best_of_n(tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, always(row("beam", m=16)))
    session = finish(begin("compute_optimal", n=10), WIDE, WIDE_REWARDS).session
    assert noted(session)[0].strategy == "best_of_n"
    assert session.tree.generations == len(session.tree.finished()) == 10


@pytest.mark.parametrize("n", [1, 3, 4])
def test_a_budget_of_no_more_than_the_first_samples_is_best_of_n(n: int, tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, always(row("beam", m=1)))
    session = finish(begin("compute_optimal", n=n), WIDE, WIDE_REWARDS).session
    assert session.tree.generations == len(session.tree.finished()) == n
    assert not noted(session)


def test_a_policy_with_nothing_to_say_ends_the_search(tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, always(row("beam", m=4)))
    session = finish(begin("compute_optimal", n=8), {}).session
    assert session.done
    assert session.tree.spent.policy_calls == 8
    assert "very hard (mean score 0.00 of 0 samples, bin 5 of 5)" in noted(session)[0].why


@pytest.mark.parametrize("order", range(5))
def test_the_order_of_answers_changes_nothing(order: int, tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, hard(row("beam", m=2)))
    session = begin("compute_optimal", n=8)
    feed_in_any_order(session, SCRIPT, REWARDS, random.Random(order))
    assert set(session.tree.nodes) == {"0", *SCRIPT}
    assert noted(session)[0].parameters == {"m": 2, "n": 4}
    for k in range(1, len(session.trace) + 1):
        again = fast_forward(session.trace[:k])
        finish(again, SCRIPT, REWARDS)
        assert (set(again.tree.nodes), again.tree.notes) == (set(session.tree.nodes), session.tree.notes)


def test_what_is_open_already_is_taken_over_with_all_of_n(tmp_path: Path, monkeypatch) -> None:
    """A beam has eight first steps and has kept four; compute-optimal adds four samples and goes on with the beam's."""
    put_in_force(tmp_path, monkeypatch, always(row("beam", m=2)))
    session = begin("beam", n=8, m=2)
    while not session.tree.decisions:
        feed_one(session, session.wants[0], WIDE, WIDE_REWARDS)
    kept = session.tree.decisions[0].kept
    session.change(strategy="compute_optimal", parameters={"n": 8})
    assert [r.node for r in session.wants] == [f"0.{i}" for i in range(8, 12)]
    tree = finish(session, WIDE, WIDE_REWARDS).session.tree
    assert noted(session)[0].parameters == {"m": 2, "n": 8}
    assert {n.parent.id for n in tree.nodes.values() if n.depth == 2 and n.parent} == {
        *kept,
        *(f"0.{i}" for i in range(8, 12)),
    }


def test_a_search_that_is_reopened_by_hand_still_goes_by_its_first_samples(tmp_path: Path, monkeypatch) -> None:
    put_in_force(tmp_path, monkeypatch, hard(row("dvts", m=2)))
    script = SCRIPT | {"0.2.0": "ca.", "0.4.0": "ea.", "0.4.1": "eb."}
    rewards = REWARDS | {"ca.": 0.32}
    session = finish(begin("compute_optimal", n=8), script, rewards).session
    before = set(session.tree.nodes)
    session.intervene(steering.restore(session.tree, "0.4"))
    finish(session, script, rewards)
    assert session.done
    assert set(session.tree.nodes) - before == {"0.4.0", "0.4.1"}
    first, second = noted(session)
    assert "mean score 0.33 of 4 samples, bin 4 of 5" in first.why
    assert "mean score 0.33 of 4 samples, bin 4 of 5" in second.why


def started(task: str, policy: str, verifier: str) -> Session:
    return Session(
        Started(
            "P\n", Settings("compute_optimal", {"n": 8}), problem=asdict(Problem(task, "", "P", "P\n")) if task else {},
            policy=policy, verifier=verifier, table=choice_table.lookup(task, policy, verifier),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("task", "policy", "verifier", "strategy", "says"),
    [
        ("countdown", "policy-small", "verifier", "rebase", ""),
        ("sudoku", "policy-small", "verifier", "dvts", "it knows nothing of sudoku, so this goes by all its tasks"),
        (
            "countdown", "policy-large", "oracle", "rebase",
            "it was measured with policy-small and verifier, not with policy-large and oracle",
        ),
        ("countdown", "policy-small", "noisy:0.2", "rebase", "measured with policy-small and verifier, not with noisy:0.2"),
    ],
)  # fmt: skip
def test_the_tables_rows_for_this_task_count_and_what_they_lack_is_said(
    task: str, policy: str, verifier: str, strategy: str, says: str, tmp_path: Path, monkeypatch
) -> None:
    table = said(all=rows([row("dvts", m=2)] * 5), countdown=rows([row("rebase", balance_temperature=0.2)] * 5))
    put_in_force(tmp_path, monkeypatch, table)
    session = started(task, policy, verifier)
    while not noted(session):
        feed_one(session, session.wants[0], WIDE, WIDE_REWARDS)
    (note,) = noted(session)
    assert note.strategy == strategy
    assert says in note.why
    assert ("the table" in note.why) == bool(says)
