"""Recorded searches, decided and ranked anew by other scores."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.played import KNOBS, PROBLEM, REWARDS, SCRIPT, answered, begun, decided_once, play, played, rolled
from tts_viz.analysis.judge import Judge
from tts_viz.analysis.rescoring import flipped, oracle, recorded
from tts_viz.analysis.what_if import Reconsidered, WhatIf, reconsider, score, standing
from tts_viz.core.events import Changed, Decided, Event, Expanded, Finish, NodeId, ScoreOverridden, Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.search import steering
from tts_viz.search.session import Session

searches = st.builds(
    lambda name, seed, by: rolled(name, seed, by, **KNOBS[name]),
    st.sampled_from(sorted(KNOBS)),
    st.integers(0, 40),
    st.sampled_from(["last", "min", "product", "mean"]),
)


def by_oracle(session: Session) -> WhatIf:
    judge = Judge.of(session.tree)
    return reconsider(session.tree, judge, oracle(session.tree, judge))


def by(session: Session, scores: dict[str, float], **more: str) -> WhatIf:
    return reconsider(session.tree, Judge.of(session.tree), {**recorded(session.tree), **scores}, **more)


def kept(decision: Reconsidered) -> set[NodeId]:
    return {r.node for r in decision.rivals if r.kept}


def chosen(whatif: WhatIf) -> list[NodeId | None]:
    return [s[0].node if s else None for s in (whatif.before, whatif.reranked, whatif.after)]


# --- by hand ------------------------------------------------------------------------------------------------------------


def test_the_truth_would_have_decided_otherwise() -> None:
    whatif = by_oracle(played())
    first, second = whatif.by_rank
    assert [(r.node, r.old_score, r.new_score, r.old_rank, r.new_rank, r.was_kept, r.kept) for r in first.rivals] == [
        ("0.0", 0.3, 1.0, 3, 1, False, True),
        ("0.1", 0.6, 1.0, 2, 2, True, True),
        ("0.2", 0.9, 0.0, 1, 3, True, False),
        ("0.3", 0.2, 0.0, 4, 4, False, False),
    ]
    assert (first.old_cut, first.new_cut, first.rivals[0].text) == (0.6, 1.0, SCRIPT["0.0"])
    assert [r.node for r in first.flips] == ["0.0", "0.2"]
    # At depth 2 one is right; the other place goes to the earliest of those that tie.
    assert kept(second) == {"0.1.0", "0.1.1"} and (second.old_cut, second.new_cut) == (0.5, 0.0)
    assert not first.by_tie and not second.by_tie
    # What came of 0.2 would not be there; what came of 0.1 would have met the children of 0.0.
    assert whatif.lost == ("0.2.0.0", "0.2.0.1")
    assert whatif.unsure == ("0.1.1.0", "0.1.1.1")
    assert chosen(whatif) == ["0.2.0.0", "0.1.1.0", "0.1.1.0"]
    assert [s.correct for s in whatif.after] == [False, False]
    # 0.1.0 would have been kept among its rivals of then, but 0.0 would have had children too: nothing is said of it.
    assert whatif.unexplored == whatif.promising == ("0.0",)


def test_only_the_first_changed_decision_on_the_way_is_certain() -> None:
    whatif = by(played(), {"0.1.0": 0.95, "0.2.0": 0.0})
    assert [bool(d.flips) for d in whatif.by_rank] == [False, True]
    assert whatif.lost == ("0.2.0.0", "0.2.0.1")
    assert (whatif.unexplored, whatif.promising) == (("0.1.0",), ("0.1.0",))
    # 0.1.1 stays, its children are sampled as they were, and end their solutions at once: they are there for sure.
    assert whatif.unsure == ()
    assert [s.node for s in whatif.after] == ["0.1.1.0", "0.1.1.1"]
    assert [s.node for s in whatif.reranked] == ["0.2.0.0", "0.2.0.1", "0.1.1.0", "0.1.1.1"]


def test_a_branch_that_leads_nowhere_is_unexplored_and_not_promising() -> None:
    whatif = by(played(), {"0.2.1": 0.95})
    assert (whatif.unexplored, whatif.promising) == (("0.2.1",), ())
    assert whatif.lost == ("0.1.1.0", "0.1.1.1")


def test_without_a_checker_nobody_knows_what_is_promising() -> None:
    session = played()
    tree = Tree.fold([Started("p", session.tree.settings), *session.trace[1:]])
    whatif = reconsider(tree, Judge.of(tree), {**recorded(tree), "0.2.1": 0.95})
    assert (whatif.unexplored, whatif.promising) == (("0.2.1",), None)
    assert {s.correct for s in whatif.after} == {None}


def test_a_rival_that_has_no_other_score_comes_last() -> None:
    session = played()
    scores = {id: s for id, s in recorded(session.tree).items() if id != "0.2"}
    whatif = reconsider(session.tree, Judge.of(session.tree), scores)
    first = whatif.by_rank[0]
    assert [(r.node, r.new_score) for r in first.rivals][-1] == ("0.2", None)
    assert kept(first) == {"0.0", "0.1"}
    nothing = reconsider(session.tree, Judge.of(session.tree), {})
    assert nothing.by_rank[0].new_cut is None and nothing.by_rank[0].by_tie
    assert [s.score for s in nothing.reranked] == [None] * 4


def test_the_choice_alone_can_be_another() -> None:
    whatif = by(played(), {"0.1.1.1": 0.99})
    assert not whatif.changed
    assert chosen(whatif) == ["0.2.0.0", "0.1.1.1", "0.1.1.1"]
    assert whatif.reranked[0].score == 0.99


def test_another_aggregation_decides_and_ranks_anew() -> None:
    # min at depth 2: 0.1.0 .4, 0.1.1 .5, 0.2.0 .7, 0.2.1 .1 as before; at the ends .3 .2 .7 .4, so 0.2.0.0 stays.
    session = played()
    assert not by(session, {}, aggregation="min").changed
    # product: .24 .30 .63 .09; and .09 .06 .504 .252
    whatif = by(session, {}, aggregation="product")
    assert [r.new_score for r in whatif.by_rank[1].rivals] == pytest.approx([0.63, 0.3, 0.24, 0.09])
    assert [s.score for s in whatif.after] == pytest.approx([0.504, 0.252, 0.09, 0.06])
    low = by(session, {"0.2": 0.65, "0.2.0": 0.72, "0.1": 0.99}, aggregation="min")
    assert [r.new_score for r in low.by_rank[1].rivals] == [0.65, 0.5, 0.4, 0.1]
    # Where none is given, that of the decision's own time counts, whatever the settings say now.
    session.change(aggregation="product")
    assert [r.new_score for r in by(session, {}).by_rank[1].rivals] == [0.7, 0.5, 0.4, 0.1]


def test_another_vote_chooses_anew() -> None:
    twice = {**SCRIPT, "0.1.1.1": SCRIPT["0.1.1.0"]}
    rewards = {**REWARDS, "0.1.1.0": 0.5, "0.1.1.1": 0.5}
    session = played(twice, rewards)
    assert chosen(by(session, {})) == ["0.1.1.0"] * 3
    assert chosen(by(session, {}, vote="best")) == ["0.1.1.0", "0.2.0.0", "0.2.0.0"]
    with pytest.raises(ValueError, match="no vote"):
        by(session, {}, vote="loudest")
    with pytest.raises(ValueError, match="aggregation"):
        by(session, {}, aggregation="loudest")


def test_decisions_by_shares_are_left_alone() -> None:
    session = rolled("rebase", 3, **KNOBS["rebase"])
    whatif = by_oracle(session)
    assert whatif.by_rank == () and len(whatif.others) == len(session.tree.decisions) > 0
    assert not whatif.changed and {s.node for s in whatif.after} == {s.node for s in whatif.before}


# --- look ahead -----------------------------------------------------------------------------------------------------------


def test_a_look_ahead_counts_for_its_step_by_other_scores_too() -> None:
    script = {
        **{id: text for id, text in SCRIPT.items() if id.count(".") == 1},
        "0.0.r0": "7-3=4 left 4 50", "0.1.r0": "25*2=50 left 4 50", "0.2.r0": "27+7=34 left 3 34", "0.3.r0": "28+7=35 left 2 35",
    }  # fmt: skip
    rewards = {**REWARDS, "0.0.r0": 0.1, "0.1.r0": 0.2, "0.2.r0": 0.8, "0.3.r0": 0.9}
    session = played(script, rewards, "lookahead", n=4, m=2, k=1)
    assert session.tree.decisions[0].kept == ("0.2", "0.3")
    assert not by(session, {}).changed
    assert not by(session, {"0.2": 0.0, "0.3": 0.0}).changed, "the look ahead is what counts"
    assert kept(by(session, {"0.0.r0": 0.85}).by_rank[0]) == {"0.0", "0.3"}
    without = {id: s for id, s in recorded(session.tree).items() if "r" not in id}
    assert kept(reconsider(session.tree, Judge.of(session.tree), without).by_rank[0]) == {"0.1", "0.2"}
    # A person's word on the step stands in place of the look ahead, as it does in the search.
    session.intervene(steering.override(session.tree, "0.3", 0.15))
    assert "0.3.r0" not in recorded(session.tree) and "0.2.r0" in recorded(session.tree)
    assert [r.new_score for r in by(session, {}).by_rank[0].rivals] == [0.8, 0.2, 0.15, 0.1]


def test_a_look_ahead_that_the_search_did_not_go_by_does_not_count() -> None:
    script = {"0.0": SCRIPT["0.0"], "0.0.r0": "7-3=4 left 4 50"}
    session = played(script, {"0.0": 0.3, "0.0.r0": 0.9}, "lookahead", n=1, m=1, k=1)
    node, scores = session.tree.nodes["0.0"], recorded(session.tree)
    assert score(node, scores, "last") == 0.9
    node.value = None
    assert score(node, scores, "last") == 0.3


# --- what a person did ------------------------------------------------------------------------------------------------------


def test_what_was_pinned_then_is_kept_whatever_its_score() -> None:
    session = answered(begun(PROBLEM, "beam", n=4, m=2), 4)
    session.intervene(steering.pin(session.tree, "0.3"))
    play(session)
    session.intervene(steering.pin(session.tree, "0.3", False))  # let go of only afterwards
    assert "0.3" in session.tree.decisions[0].kept
    assert not by(session, {}).changed
    whatif = by(session, {"0.0": 0.95})
    assert kept(whatif.by_rank[0]) == {"0.0", "0.2", "0.3"}


def test_a_pin_put_afterwards_saves_nobody_from_an_earlier_decision() -> None:
    session = decided_once()
    session.intervene(steering.restore(session.tree, "0.3"))
    session.intervene(steering.pin(session.tree, "0.3"))
    play(session)
    assert "0.3" in session.tree.decisions[0].pruned
    assert not by(session, {}).by_rank[0].flips
    # But one that is kept and pinned is not pruned by other scores, which would go against the person's word.
    session.intervene(steering.pin(session.tree, "0.1"))
    assert kept(by(session, {"0.1": 0.0}).by_rank[0]) == {"0.0", "0.1", "0.2"}


def test_what_a_person_brought_back_is_not_lost() -> None:
    session = played()
    session.intervene(steering.restore(session.tree, "0.3"))
    session.intervene(steering.ask(session.tree, "0.3", 1, whole=True))
    script = {"0.3.0": "28+7=35 left 2 35", "0.3.0.0": "35+2=37 left 37"}
    play(session, script, {"0.3.0": 0.99, "0.3.0.0": 0.99})
    whatif = by(session, {"0.0": 0.8})  # 0.0 in place of 0.1; 0.3 is pruned either way
    assert [s.node for s in whatif.after] == ["0.3.0.0", "0.2.0.0", "0.2.0.1"]
    assert whatif.lost == ("0.1.1.0", "0.1.1.1")
    assert whatif.unexplored == ("0.0",)


def test_what_a_person_pruned_stays_so() -> None:
    session = play(decided_once())
    session.intervene(steering.prune(session.tree, "0.2.0"))
    session.intervene(steering.restore(session.tree, "0.0"))
    session.intervene(steering.prune(session.tree, "0.0"))
    whatif = by(session, {"0.0": 0.95})
    assert "0.0" in kept(whatif.by_rank[0])
    assert whatif.unexplored == ()
    assert {s.node for s in whatif.after} == set()
    assert {s.node for s in whatif.before} == {"0.1.1.0", "0.1.1.1"} == set(whatif.lost)


def test_a_decision_made_anew_counts_once_as_it_stands() -> None:
    session = play(decided_once())
    session.intervene(steering.override(session.tree, "0.3", 1.0))
    assert len(session.tree.decisions) >= 3
    stands = standing(session.tree)
    assert stands[0].by == "user" and stands[0].kept == ("0.2", "0.3")
    assert not by(session, {}).by_rank[0].flips
    # By the verifier's own word it would be as it was: 0.1 comes back, with the solutions below it.
    whatif = by(session, {"0.3": 0.2})
    assert kept(whatif.by_rank[0]) == {"0.1", "0.2"}
    assert whatif.unexplored == (), "0.1 was tried"
    assert {"0.1.1.0", "0.1.1.1"} <= {s.node for s in whatif.after}
    assert "0.1.1.0" not in {s.node for s in whatif.before} == {s.node for s in whatif.reranked}
    session.intervene(steering.undo(session.tree))
    assert standing(session.tree)[0] is session.tree.decisions[0]
    assert not by(session, {}).by_rank[0].flips


def test_who_was_pruned_by_hand_does_not_compete_in_a_decision_made_anew() -> None:
    session = decided_once()
    session.intervene(steering.prune(session.tree, "0.2"))
    session.intervene(steering.override(session.tree, "0.3", 0.5))
    session.intervene(steering.override(session.tree, "0.0", 0.7))
    again = standing(session.tree)[0]
    assert (again.by, again.kept) == ("user", ("0.0", "0.1"))
    assert not by(session, {}).changed  # though 0.2 has the best score
    assert kept(by(session, {"0.0": 0.1}).by_rank[0]) == {"0.1", "0.3"}


def test_every_decision_stands_while_nobody_interferes() -> None:
    session = rolled("dvts", 5, **KNOBS["dvts"])
    assert len({d.depth for d in session.tree.decisions}) < len(session.tree.decisions)
    assert standing(session.tree) == session.tree.decisions


# --- trees that no search of these tests grows --------------------------------------------------------------------------


def told(*events: Event) -> WhatIf:
    """By the scores .9 for 0.2, .8 for 0.0, .95 for 0.1.0, .1 for 0.1."""
    tree = Tree.fold([Started("p", Settings("beam", {})), *events])
    return reconsider(tree, Judge(None), {"0.2": 0.9, "0.0": 0.8, "0.1.0": 0.95, "0.1": 0.1})


def grown(id: str, finish: Finish = "step") -> Expanded:
    return Expanded(id.rpartition(".")[0], id, id, finish=finish)


FIRST = Decided(("0.0", "0.1"), ("0.2",), {"0.0": 0.9, "0.1": 0.8, "0.2": 0.1}, "last", 1, 2)


def test_of_two_decisions_about_a_step_the_first_that_changes_is_certain() -> None:
    # 0.2 would come in for 0.1. Later 0.0 would lose to a child of 0.1, which would not be there.
    second = Decided(("0.0",), ("0.1.0",), {"0.0": 0.9, "0.1.0": 0.3}, "last", 2, 1)
    both = [grown("0.0"), grown("0.1"), grown("0.2"), FIRST, grown("0.1.0"), second]
    whatif = told(*both, grown("0.0.0", "eos"))
    assert [r.node for r in whatif.by_rank[1].flips] == ["0.1.0", "0.0"]
    assert [s.node for s in whatif.after] == ["0.0.0"] and whatif.lost == ()


def test_who_has_ended_a_solution_stays_and_who_was_cut_off_is_no_branch() -> None:
    ends = told(grown("0.0"), grown("0.1", "eos"), grown("0.2"), FIRST)
    assert kept(ends.by_rank[0]) == {"0.0", "0.1", "0.2"}
    assert ends.unexplored == ("0.2",)
    assert told(grown("0.0"), grown("0.1"), grown("0.2", "length"), FIRST).unexplored == ()


# --- laws ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(searches)
def test_by_the_recorded_scores_nothing_changes(session: Session) -> None:
    judge = Judge.of(session.tree)
    for scores in (recorded(session.tree), flipped(recorded(session.tree), 0.0)):
        whatif = reconsider(session.tree, judge, scores)
        assert not whatif.changed
        assert whatif.before == whatif.reranked == whatif.after == tuple(judge.solutions(session.tree))
        assert (whatif.lost, whatif.unsure, whatif.unexplored, whatif.promising) == ((), (), (), ())
        for decision in whatif.by_rank:
            assert decision.old_cut == decision.new_cut
            assert all((r.old_score, r.old_rank) == (r.new_score, r.new_rank) for r in decision.rivals)


@settings(max_examples=30)
@given(searches)
def test_the_truth_never_prunes_what_is_right_for_what_is_wrong(session: Session) -> None:
    right = oracle(session.tree, Judge.of(session.tree))
    for decision in by_oracle(session).by_rank:
        if any(session.tree.nodes[r.node].rollout_end().id != r.node for r in decision.rivals):
            continue  # a right step whose look ahead went wrong may lose
        pruned = [right[r.node] for r in decision.rivals if not r.kept]
        placed = [right[r.node] for r in decision.rivals if r.kept and not session.tree.nodes[r.node].finished]
        assert max(pruned, default=0.0) <= min(placed, default=1.0)
        assert len(decision.rivals) - len(pruned) >= (decision.decision.places or 0)


@settings(max_examples=30)
@given(searches)
def test_the_reverse_of_all_scores_reverses_every_rank(session: Session) -> None:
    scores = flipped(recorded(session.tree), 1.0)
    for decision in reconsider(session.tree, Judge.of(session.tree), scores).by_rank:
        if decision.decision.aggregation == "last":
            for one, other in combinations(decision.rivals, 2):  # those that tie stay in order
                assert one.old_score == other.old_score or one.old_rank > other.old_rank


@settings(max_examples=40)
@given(searches, st.floats(0, 1), st.integers(0, 3), st.sampled_from(["last", "min", "product", "mean"]))
def test_it_decides_as_the_search_would_by_a_persons_scores(
    session: Session, share: float, seed: int, agg: str
) -> None:
    scores = {id: s for id, s in flipped(recorded(session.tree), share, seed).items() if ".r" not in id}
    tree = Tree.fold(session.trace)
    for id, reward in scores.items():
        tree.apply(ScoreOverridden(id, reward))
    for decision in reconsider(session.tree, Judge.of(session.tree), scores, agg).by_rank:
        assert kept(decision) == set(best_by(tree, decision.decision, agg))


def best_by(tree: Tree, decision: Decided, aggregation: str) -> tuple[NodeId, ...]:
    """What `steering` would decide by this aggregation."""
    tree.apply(Changed(replace(tree.settings, aggregation=aggregation), "aggregation"))
    return steering.best(tree, decision)
