"""When a search lost the right path, and to what."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.played import (
    KNOBS,
    PROBLEM,
    REWARDS,
    SCRIPT,
    answered,
    begun,
    decided_once,
    ending,
    play,
    played,
    rolled,
)
from tts_viz.analysis.judge import Judge
from tts_viz.analysis.lost_path import AtStake, LookBack, LostPath, look_back
from tts_viz.analysis.lost_path_text import in_words
from tts_viz.core.events import Decided, Event, Expanded, MoreRequested, NoCandidate, Pruned, Settings, Started, Undone
from tts_viz.core.tree import Tree
from tts_viz.errors import InterventionRefusedError
from tts_viz.search import steering
from tts_viz.search.session import Session
from tts_viz.tasks.countdown import Countdown

START = Started(PROBLEM.prompt, Settings("beam", {}), problem=asdict(PROBLEM))

RIGHT = {
    "0.1.0.0": "50+4=54 left 54",
    "0.1.0.1": "50-4=46 left 46",
    "0.0.0": "7-3=4 left 4 50",
    "0.0.1": "50-3=47 left 7 47",
    "0.0.2": "50-7=43 left 3 43",
    "0.0.0.0": "50+4=54 left 54",
}
"""What could have followed what the scripted beam prunes."""


def account(session: Session, **more) -> LookBack:
    return look_back(session.trace, Judge.of(session.tree), **more)


def told(*events: Event, **more) -> LookBack:
    return look_back([START, *events], Judge(PROBLEM), **more)


def grown(id: str, text: str = "") -> Expanded:
    text = text or {**SCRIPT, **RIGHT}[id]
    return Expanded(id.rpartition(".")[0], id, text, finish=ending(text))


def at_of(session: Session, decision: Decided) -> int:
    return next(i for i, e in enumerate(session.trace) if e is decision)


# --- lost to a decision ---------------------------------------------------------------------------------------------------


def test_a_decision_lost_the_right_path() -> None:
    session = played()
    first, second = session.tree.decisions
    found = account(session)
    assert found.lost == LostPath("decision", at_of(session, second), 2, ("0.1.0",), second)
    assert found.at_stake == (
        AtStake(at_of(session, first), first, ("0.1",), ("0.0",)),
        AtStake(at_of(session, second), second, (), ("0.1.0",)),
    )
    assert found.stake_of(at_of(session, first)).pruned == ("0.0",)
    with pytest.raises(KeyError):
        found.stake_of(0)
    assert in_words(found.lost, session.tree) == [
        "The right path was lost at depth 2: the verifier gave “25*2=50 left 4 50” 0.40, ranked 3 of 4; only 2 were kept."
    ]


def test_the_best_of_several_is_named_first() -> None:
    session = played(rewards={**REWARDS, "0.0": 0.1, "0.1": 0.15, "0.3": 0.5})
    found = account(session).lost
    assert found and (found.depth, found.nodes) == (1, ("0.1", "0.0"))
    assert in_words(found, session.tree) == [
        "The right path was lost at depth 1: the verifier gave “7-3=4 left 2 4 25” 0.15, ranked 3 of 4; only 2 were kept.",
        "It was the best of 2 steps from which the goal could be reached; all were pruned.",
    ]


def test_hope_ends_with_the_decision_and_not_before() -> None:
    session = played()
    at = at_of(session, session.tree.decisions[1])
    assert account(session, until=at).lost is None
    assert account(session, until=at + 1).lost == account(session).lost


def test_a_tie_that_fell_to_others_is_ranked_after_them() -> None:
    choice = Decided(("0.2",), ("0.3", "0.1"), {"0.1": 0.5, "0.2": 0.5, "0.3": 0.5}, "last", 1, 1)
    found = told(grown("0.1"), grown("0.2"), grown("0.3"), choice).lost
    assert found and "0.50, ranked 2 of 3; only 1 was kept." in in_words(found, played().tree)[0]


def test_a_share_is_no_place_and_a_missing_score_no_rank() -> None:
    shared = Decided(("0.2",), ("0.1",), {"0.1": 0.3, "0.2": 0.5}, "last", 1)
    found = told(grown("0.1"), grown("0.2"), shared).lost
    tree = played().tree
    assert found and in_words(found, tree)[0].endswith("ranked 2 of 2; only 1 was kept, by shares or by chance.")
    unread = Decided(("0.2",), ("0.1",), {"0.2": 0.5}, "last", 1, 1)
    found = told(grown("0.1"), grown("0.2"), unread).lost
    assert found and "“7-3=4 left 2 4 25” had no score among 2 rivals; only 1 was kept." in in_words(found, tree)[0]


# --- lost to samples ------------------------------------------------------------------------------------------------------


def test_no_sample_found_the_way() -> None:
    session = played({**SCRIPT, "0.1.0": SCRIPT["0.1.1"]}, {**REWARDS, "0.0": 0.1})
    found = account(session).lost
    last = max(i for i, e in enumerate(session.trace) if isinstance(e, Expanded) and e.parent == "0.1")
    assert found == LostPath("samples", last, 2, ("0.1",))
    assert in_words(found, session.tree) == [
        "None of the 2 steps tried at depth 2 was right: the policy never found the way."
    ]


def test_hope_lasts_until_the_last_child_is_in() -> None:
    events = [grown("0.1"), grown("0.1.1"), grown("0.1.2", SCRIPT["0.1.1"]), grown("0.1.3", SCRIPT["0.1.1"])]
    assert (found := told(*events).lost) and found.at == 4
    # Root's own last child may be what comes last: viable had been on both.
    late = [grown("0.1"), grown("0.1.1"), grown("0.2")]
    found = told(*late).lost
    assert found == LostPath("samples", 3, 2, ("0.1",))


def test_what_is_awaited_is_hope() -> None:
    events = [grown("0.1"), grown("0.1.1")]
    assert told(*events, awaited=["0.1"]).lost is None
    assert told(*events, awaited=["0.2"]).lost == LostPath("samples", 2, 2, ("0.1",))
    # Seen from a later moment the trace itself tells.
    assert told(*events, grown("0.1.0"), until=3).lost is None
    pruned = Decided(("0.2",), ("0.1",), {}, "last", 1, 1)
    found = told(grown("0.1"), grown("0.2"), pruned, awaited=["0.1"]).lost
    assert found and found.how == "decision"


def test_all_that_were_tried_at_that_depth_are_named() -> None:
    events = [grown("0.0"), grown("0.1"), grown("0.0.2", "50-7=42 left 3 42"), grown("0.1.1")]
    found = told(*events).lost
    assert found == LostPath("samples", 4, 2, ("0.0", "0.1"))
    tree = Tree.fold([START, *events])
    assert in_words(found, tree) == ["None of the 2 steps tried at depth 2 was right: the policy never found the way."]


def test_one_wrong_step_and_none_at_all() -> None:
    first = told(grown("0.2")).lost
    tree = Tree.fold([START, grown("0.2")])
    assert first == LostPath("samples", 1, 1, ("0",))
    assert in_words(first, tree) == ["The one step tried at depth 1 was wrong: the policy never found the way."]
    events = [grown("0.1"), NoCandidate("0.1", "0.1.0")]
    dry = told(*events).lost
    assert dry == LostPath("samples", 2, 2, ("0.1",))
    assert in_words(dry, Tree.fold([START, *events])) == [
        "The policy had nothing to say after “7-3=4 left 2 4 25”, from where the goal could be reached."
    ]


@pytest.mark.parametrize(
    ("finish", "why"), [("eos", "the solution was ended there"), ("length", "nothing could follow it")]
)
def test_a_right_step_after_which_nothing_could_follow(finish, why: str) -> None:
    events = [grown("0.1"), replace(grown("0.1.0"), finish=finish)]
    found = told(*events).lost
    assert found == LostPath("samples", 2, 2, ("0.1",), stuck=("0.1.0",))
    assert in_words(found, Tree.fold([START, *events])) == [f"“25*2=50 left 4 50” at depth 2 was right, but {why}."]


def test_the_depth_limit_ends_hope() -> None:
    trace = [replace(START, max_depth=2), grown("0.1"), grown("0.1.0")]
    assert look_back(trace, Judge(PROBLEM)).lost == LostPath("samples", 2, 2, ("0.1",), stuck=("0.1.0",))


def test_a_look_ahead_is_no_hope() -> None:
    ahead = replace(grown("0.1"), node="0.1.r0", parent="0.1", text=SCRIPT["0.1.0"], node_kind="rollout")
    further = replace(ahead, node="0.1.r0.r0", parent="0.1.r0", text=RIGHT["0.1.0.0"], finish="eos")
    found = told(grown("0.1"), ahead, further, grown("0.1.1"))
    assert found.lost == LostPath("samples", 4, 2, ("0.1",))


def test_the_last_to_fail_are_named_and_not_those_that_failed_deeper_before() -> None:
    deep = [grown("0.0"), grown("0.0.1"), grown("0.0.1.0", "47-7=40 left 40")]
    assert told(*deep, grown("0.1"), grown("0.1.1")).lost == LostPath("samples", 5, 2, ("0.1",))
    # Where something right had followed the last one, those that failed below it are.
    assert told(grown("0.0"), grown("0.0.1"), grown("0.0.1.0", "47-7=40 left 40"), grown("0.0.2")).lost == LostPath(
        "samples", 4, 3, ("0.0.1",)
    )


def test_who_was_given_up_did_not_fail() -> None:
    events = [grown("0.0"), grown("0.1"), grown("0.0.2"), Pruned(("0.0",), True), grown("0.1.1")]
    assert told(*events).lost == LostPath("samples", 5, 2, ("0.1",))


def test_a_right_answer_that_was_given_up_was_found_all_the_same() -> None:
    found = [grown("0.1"), grown("0.1.0"), grown("0.1.0.0"), Pruned(("0.1.0.0",), True)]
    assert told(grown("0.0"), grown("0.0.1"), *found, grown("0.0.1.0", "47-7=40 left 40")).lost == LostPath(
        "samples", 7, 3, ("0.0.1",)
    )
    assert told(*found).lost == LostPath("hand", 4, 3, ("0.1.0.0",))


def test_where_the_right_one_was_pruned_and_what_was_still_awaited_is_wrong() -> None:
    events = [
        grown("0.1"), grown("0.1.0"), grown("0.1.1"), MoreRequested("0.1", 1, children=("0.1.2",)),
        Decided(("0.1.1",), ("0.1.0",), {}, "last", 2, 1), grown("0.1.2", SCRIPT["0.1.1"]),
    ]  # fmt: skip
    found = told(*events).lost
    assert found == LostPath("samples", 6, 2, ("0.1",), stuck=("0.1.0",))
    assert in_words(found, Tree.fold([START, *events])) == [
        "“25*2=50 left 4 50” at depth 2 was right, but had been given up."
    ]


def test_an_attempt_brings_hope_back() -> None:
    attempt = Expanded("0", "0.a0", "", "attempt")
    assert told(grown("0.2"), attempt).lost is None
    found = told(grown("0.2"), attempt, grown("0.a0.0", SCRIPT["0.3"])).lost
    assert found == LostPath("samples", 3, 1, ("0", "0.a0"), restored=1)


# --- not lost -------------------------------------------------------------------------------------------------------------


def test_a_right_answer_leaves_nothing_lost() -> None:
    session = played({**SCRIPT, **RIGHT}, {**REWARDS, "0.1.0": 0.95})
    found = account(session)
    assert {s.correct for s in Judge.of(session.tree).solutions(session.tree)} == {True, False}
    assert found.lost is None
    assert [(s.kept, s.pruned) for s in found.at_stake] == [(("0.1",), ("0.0",)), (("0.1.0",), ())]


def test_what_is_open_at_the_end_can_still_lead_there() -> None:
    session = decided_once()
    session.stop()
    assert account(session).lost is None


def test_before_anything_was_tried_all_is_open() -> None:
    assert told().lost is None and told().at_stake == ()


def test_only_a_task_with_a_checker_knows() -> None:
    with pytest.raises(ValueError, match="exact checker"):
        look_back([START], Judge(None))


# --- by hand --------------------------------------------------------------------------------------------------------------


def test_a_person_can_lose_it_and_bring_it_back() -> None:
    session = decided_once()
    session.intervene(steering.prune(session.tree, "0.1"))
    at = len(session.trace) - 1
    found = account(session).lost
    assert found == LostPath("hand", at, 1, ("0.1",))
    assert in_words(found, session.tree) == ["The right path was lost by hand: it had led to “7-3=4 left 2 4 25”."]
    session.intervene(steering.restore(session.tree, "0.1"))
    assert account(session).lost is None
    session.intervene(steering.undo(session.tree))
    found = account(session).lost
    assert found == LostPath("hand", at + 2, 1, ("0.1",), restored=1)
    assert in_words(found, session.tree)[1] == "It had been lost before, and had come back."


def test_an_edit_can_lose_it_and_a_step_by_hand_bring_it_back() -> None:
    session = decided_once()
    session.intervene(steering.edit(session.tree, "0.1", "7-2=5 left 3 5 25"))
    found = account(session).lost
    assert found and (found.how, found.nodes) == ("hand", ("0.1",))
    session.intervene(steering.write(session.tree, "0", SCRIPT["0.0"]))
    assert account(session).lost is None
    session.intervene(steering.undo(session.tree))
    found = account(session).lost
    assert found and (found.how, found.nodes, found.restored) == ("hand", ("0.u1",), 1)


def test_only_the_last_loss_counts() -> None:
    session = played()
    session.intervene(steering.restore(session.tree, "0.1.0"))
    assert account(session).lost is None
    session.intervene(steering.ask(session.tree, "0.1.0", 1))
    play(session, {"0.1.0.0": "50-4=46 left 46"}, {})
    found = account(session).lost
    assert found == LostPath("samples", found.at if found else -1, 3, ("0.1.0",), restored=1)
    assert isinstance(session.trace[found.at], Expanded) and session.trace[found.at].node == "0.1.0.0"


def test_what_is_asked_for_by_hand_is_hope_from_then_on() -> None:
    session = played(
        {**SCRIPT, "0.1.0": SCRIPT["0.1.1"], **{f"0.1.{i}": SCRIPT["0.1.1"] for i in (2, 3)}}, {**REWARDS, "0.0": 0.1}
    )
    before = account(session).lost
    assert before and before.how == "samples"
    session.intervene(steering.ask(session.tree, "0.1", 2))
    asked = next(i for i, e in enumerate(session.trace) if isinstance(e, MoreRequested))
    play(session, {"0.1.2": SCRIPT["0.1.1"]}, {})
    assert account(session, until=asked).lost == before
    assert account(session, until=asked + 1).lost is None
    found = account(session).lost
    assert found and (found.how, found.nodes, found.restored) == ("samples", ("0.1",), 1)
    assert isinstance(session.trace[found.at], NoCandidate)


def test_what_was_asked_for_and_taken_back_is_none() -> None:
    ask = MoreRequested("0.1", 2, children=("0.1.2", "0.1.3"))
    events = [grown("0.1"), grown("0.1.1"), ask, grown("0.1.2", SCRIPT["0.1.1"]), Undone(0)]
    found = told(*events).lost
    assert found == LostPath("samples", 4, 2, ("0.1",), restored=1)


def test_a_branch_pruned_by_hand_awaits_nothing() -> None:
    session = decided_once()
    session.intervene(steering.prune(session.tree, "0.1"))
    at = len(session.trace) - 1
    play(session)
    assert "0.1.0" in session.tree.nodes
    assert account(session, until=at + 1).lost == account(session).lost == LostPath("hand", at, 1, ("0.1",))
    both = told(grown("0.1"), grown("0.1.0"), Pruned(("0.1",), True), awaited=["0.1"]).lost
    assert both == LostPath("hand", 3, 1, ("0.1", "0.1.0"))


def test_what_a_person_wrote_goes_with_the_step_that_it_follows() -> None:
    mine = replace(grown("0.1.0"), node="0.1.u0", by="user")
    choice = Decided(("0.2",), ("0.1",), {"0.1": 0.1, "0.2": 0.2}, "last", 1, 1)
    found = told(grown("0.1"), grown("0.2"), mine, choice)
    assert found.lost == LostPath("decision", 4, 1, ("0.1",), choice)
    assert found.at_stake == (AtStake(4, choice, (), ("0.1",)),)


def test_a_decision_made_anew_can_bring_it_back_before_anything_followed() -> None:
    session = begun(PROBLEM, "beam", n=4, m=2)
    rewards = {**REWARDS, "0.0": 0.1, "0.1": 0.15, "0.3": 0.5}
    while not session.tree.decisions:
        answered(session, 1, rewards)
    assert account(session).lost
    session.intervene(steering.override(session.tree, "0.0", 1.0))
    found = account(session)
    assert found.lost is None
    assert [(s.kept, s.pruned) for s in found.at_stake] == [((), ("0.1", "0.0")), (("0.0",), ())]


def test_a_decision_made_anew_can_lose_it() -> None:
    session = decided_once()
    answered(session, 2)
    assert session.tree.nodes["0.1.0"].alive
    session.intervene(steering.override(session.tree, "0.3", 1.0))
    found = account(session)
    assert found.lost and (found.lost.how, found.lost.nodes) == ("decision", ("0.1",))
    assert found.lost.decision and found.lost.decision.by == "user"
    assert found.at_stake[-1].kept == ()
    session.intervene(steering.override(session.tree, "0.0", 1.0))
    assert account(session).at_stake[-1].kept == ("0.0",) and account(session).lost is None


# --- against going through it anew at every event ---------------------------------------------------------------------------


def plainly(trace: list[Event]) -> list[set[str]]:
    """The viable after each event, each found from the beginning."""
    judge = Judge.of(Tree.fold(trace))
    truths = judge.truths(Tree.fold(trace))
    by_hand = {id for e in trace if isinstance(e, MoreRequested) for id in e.children}
    viable = []
    for k in range(1, len(trace) + 1):
        tree = Tree.fold(trace[:k])
        asked = {id for e in trace[:k] if isinstance(e, MoreRequested) for id in e.children}
        came = [
            e for e in trace[k:] if isinstance(e, Expanded | NoCandidate) and e.by == "search" and e.node_kind == "step"
        ]
        awaiting = {e.parent for e in came if e.node not in by_hand or e.node in asked}
        right = {s.node for s in judge.solutions(tree) if s.correct}
        true = [
            n
            for n in tree.nodes.values()
            if n.kind != "rollout" and n.alive and all(truths[m.id].valid and truths[m.id].reachable for m in n.path())
        ]
        viable.append({n.id for n in true if n.id in right or tree.is_open(n) or (not n.finished and n.id in awaiting)})
    return viable


def meddled(session: Session, interventions: list[int]) -> Session:
    """Some interventions, each at a node picked by a number, where they are allowed."""
    for number in interventions:
        tree = session.tree
        id = list(tree.nodes)[number // 4 % len(tree.nodes)]
        try:
            match number % 4:
                case 0:
                    session.intervene(steering.prune(tree, id))
                case 1:
                    session.intervene(steering.restore(tree, id))
                case 2:
                    session.intervene(steering.override(tree, id, number % 97 / 97))
                case _:
                    session.intervene(steering.undo(tree))
        except InterventionRefusedError:
            continue
    return session


@settings(max_examples=40)
@given(st.sampled_from(sorted(KNOBS)), st.integers(0, 60), st.lists(st.integers(0, 10_000), max_size=6))
def test_it_is_what_going_through_it_anew_would_find(name: str, seed: int, interventions: list[int]) -> None:
    session = meddled(rolled(name, seed, **KNOBS[name]), interventions)
    viable, found = plainly(session.trace), account(session)
    if viable[-1]:
        assert found.lost is None
        return
    at = len(viable) - next(i for i, h in enumerate([*reversed(viable), {"0"}]) if h)
    lost = found.lost
    assert lost and lost.at == at
    assert lost.restored == sum(not a and bool(b) for a, b in pairwise(viable))
    event = session.trace[at]
    kinds = {"decision": Decided, "samples": Expanded | NoCandidate, "hand": Pruned | Undone}
    assert isinstance(event, kinds[lost.how]) and lost.nodes
    assert in_words(lost, session.tree)
    for stake in found.at_stake:
        rivals = {*stake.decision.kept, *stake.decision.pruned}
        assert set(stake.pruned) == {r for r in rivals & set(stake.decision.pruned) if leads(r, viable[stake.at - 1])}
        assert set(stake.kept) == {r for r in stake.decision.kept if leads(r, viable[stake.at])}


def leads(rival: str, viable: set[str]) -> bool:
    return any(h == rival or h.startswith(f"{rival}.") for h in viable)


@pytest.mark.parametrize(("target", "lost"), [(99, False), (3, True)])
def test_where_no_answer_can_ever_be_right_nothing_was_lost(target: int, lost: bool) -> None:
    problem = Countdown().parse(f"make {target} from 1 1 2")
    events = [Started(problem.prompt, START.settings, problem=asdict(problem)), Expanded("0", "0.0", "1+1=2 left 2 2")]
    assert (look_back(events, Judge(problem)).lost is not None) == lost


def test_a_thousand_nodes_take_no_time() -> None:
    session = rolled("beam", 2, n=256, m=4)
    assert len(session.tree.nodes) > 1000
    judge = Judge.of(session.tree)
    judge.truths(session.tree)
    began = perf_counter()
    look_back(session.trace, judge)
    assert perf_counter() - began < 1.0  # 0.1 s; two cores may be shared with others
