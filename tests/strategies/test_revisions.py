"""Revisions by hand: which attempts are made, what the policy is shown, what they cost, and how chains vote."""

from __future__ import annotations

from tests.search.scripted import ScriptedPolicy, ScriptedVerifier, begin, finish
from tts_viz.analysis.judge import chain_id
from tts_viz.core import aggregation
from tts_viz.core.events import Expanded
from tts_viz.render.scene import scene

SCRIPT = {
    "0.a0.0": "a",
    "0.a0.0.0": "b.",
    "0.a0.0.0.a0.0": "c.",
    "0.a0.0.0.a0.0.a0.0": "d",
    "0.a0.0.0.a0.0.a0.0.0": "e.",
    "0.a1.0": "f.",
    "0.a1.0.a0.0": "g",  # and nothing after it: a dead end
}


def asked(policy: ScriptedPolicy) -> list[tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]]:
    """(earlier attempts, steps so far) of every request, in order."""
    return [(r.earlier, tuple(s.text for s in r.steps)) for batch in policy.asked for r in batch]


def test_each_attempt_is_asked_for_with_all_before_it_in_view() -> None:
    run = finish(begin("revisions", n=3), SCRIPT)
    assert isinstance(run.policy, ScriptedPolicy)
    assert asked(run.policy) == [
        ((), ()),
        ((), ("a",)),
        ((("a", "b."),), ()),
        ((("a", "b."), ("c.",)), ()),
        ((("a", "b."), ("c.",)), ("d",)),
    ]
    tree = run.session.tree
    assert [n.text for n in tree.finished()] == ["c.", "b.", "e."] or {n.text for n in tree.finished()} == {
        "b.",
        "c.",
        "e.",
    }
    assert tree.generations == 3, "one generation an attempt, however long"
    assert tree.spent.policy_calls == 5
    assert run.session.done


def test_the_verifier_reads_each_attempt_by_itself() -> None:
    run = finish(begin("revisions", n=3), SCRIPT)
    assert isinstance(run.verifier, ScriptedVerifier)
    read = [r.steps for batch in run.verifier.asked for r in batch]
    assert read == [("a",), ("a", "b."), ("c.",), ("d",), ("d", "e.")]


def test_chains_side_by_side_know_nothing_of_one_another_and_a_dead_end_ends_its_chain() -> None:
    run = finish(begin("parallel_revisions", chains=2, length=2), SCRIPT)
    tree = run.session.tree
    assert isinstance(run.policy, ScriptedPolicy)
    shown = {earlier for earlier, _ in asked(run.policy)}
    assert shown == {(), (("a", "b."),), (("f.",),)}
    assert {n.text for n in tree.finished()} == {"b.", "c.", "f."}
    assert [n.id for n in tree.nodes.values() if n.kind == "attempt"] == ["0.a0", "0.a1", "0.a1.0.a0", "0.a0.0.0.a0"]
    assert tree.generations == 4
    assert run.session.done


def test_solutions_that_are_there_are_revised_and_not_made_again() -> None:
    script = {"0.0": "x.", "0.1": "y.", "0.1.a0.0": "z."}
    session = finish(begin("best_of_n", n=2), script, {"y.": 0.9}).session
    session.tree.ended = None  # as if it had been changed just before its end
    session.change(strategy="revisions", parameters={"n": 2})
    run = finish(session, script, {"y.": 0.9})
    assert [e.node for e in run.session.trace if isinstance(e, Expanded)][-2:] == ["0.1.a0", "0.1.a0.0"]


def test_the_best_of_each_chain_votes_for_it() -> None:
    def ballot(node: str, answer: str, score: float, chain: str) -> aggregation.Ballot:
        return aggregation.Ballot(node, answer, score, chain)

    ballots = [
        ballot("1", "p", 0.6, "A"), ballot("2", "p", 0.5, "A"), ballot("3", "q", 0.9, "A"),
        ballot("4", "q", 0.7, "B"), ballot("5", "p", 0.1, "B"),
        ballot("6", "p", 0.3, "C"),
    ]  # fmt: skip
    # Chain A settles on p (0.6 + 0.5 against 0.9) and votes 0.6; B on q with 0.7; C on p with 0.3.
    ranked = aggregation.rank(ballots, "chains")
    assert (ranked[0].ballot.answer, round(ranked[0].weight, 2)) == ("p", 0.9)
    assert {round(r.weight, 2) for r in ranked if r.ballot.answer == "q"} == {0.7}


def test_attempts_of_a_chain_stand_under_one_another_in_the_picture() -> None:
    tree = finish(begin("revisions", n=3), SCRIPT).session.tree
    drawn = scene(tree).nodes
    attempts = [n for n in drawn.values() if n.status == "attempt"]
    assert [(n.text, n.depth, n.parent) for n in attempts] == [
        ("attempt 1", 1, "0"),
        ("attempt 2", 1, "0.a0"),
        ("attempt 3", 1, "0.a0.0.0.a0"),
    ]
    assert drawn["0.a0.0.0.a0.0.a0.0"].depth == 2
    assert {chain_id(n) for n in tree.finished()} == {"0.a0.0.0"}
