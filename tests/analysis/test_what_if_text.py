"""What would have been, in the sentences that people read."""

from __future__ import annotations

from tests.analysis.test_what_if import by, by_oracle
from tests.played import KNOBS, SCRIPT, played, rolled
from tts_viz.analysis.judge import Judge
from tts_viz.analysis.what_if import reconsider
from tts_viz.analysis.what_if_text import in_words
from tts_viz.core.events import Started
from tts_viz.core.tree import Tree


def test_a_search_that_the_truth_would_have_led_elsewhere() -> None:
    assert in_words(by_oracle(played())) == [
        "2 of 2 decisions would have gone another way; the first, at depth 1, would have kept “25*2=50 left 3 7 50” "
        "(1.00, ranked 1 of 4) instead of “25+2=27 left 3 7 27” (0.00, ranked 3).",
        "If only the choice at the end had gone by these scores, the answer would have been (7-3)+(2+25) ✗ instead of "
        "(3*(2+25))-7 ✗.",
        "2 of 4 solutions would never have been found; of what is known, the answer would have been (7-3)+(2+25) ✗ "
        "instead of (3*(2+25))-7 ✗.",
        "2 solutions would have met other rivals on the way, so nobody knows whether they would have come through.",
        "1 branch that would have been kept was never tried, so what it leads to is unknown; it could still reach the goal.",
    ]


def test_nothing_changes() -> None:
    assert in_words(by(played(), {})) == [
        "All 2 decisions would have gone the same way.",
        "The answer would still have been (3*(2+25))-7 ✗.",
    ]


def test_only_the_answer_changes() -> None:
    assert in_words(by(played(), {"0.1.1.1": 0.99}))[1] == (
        "The answer would have been (2+25)-(7-3) ✗ instead of (3*(2+25))-7 ✗."
    )


def test_what_leads_nowhere_could_not_reach_the_goal() -> None:
    said = in_words(by(played(), {"0.2.1": 0.95}))
    assert said[0] == (
        "1 of 2 decisions would have gone another way; the first, at depth 2, would have kept “27+7=34 left 3 34” "
        "(0.95, ranked 1 of 4) instead of “25+2=27 left 4 27” (0.50, ranked 3)."
    )
    assert said[-1].endswith("it could not reach the goal.")
    assert not any("met other rivals" in sentence for sentence in said)


def test_a_tie_is_called_a_tie() -> None:
    # .9 for three of four at depth 1: the two earliest have the places.
    said = in_words(by(played(), {"0.0": 0.9, "0.1": 0.9, "0.2": 0.9}))
    assert said[0] == (
        "1 of 2 decisions would have gone another way, 1 of them only in how a tie fell; the first, at depth 1, would have "
        "kept “25*2=50 left 3 7 50” (0.90, ranked 1 of 4) instead of “25+2=27 left 3 7 27” (0.90, ranked 3)."
    )
    both = in_words(by(played(), {"0.0": 0.9, "0.1": 0.9, "0.2": 0.9, "0.1.0": 0.6}))
    assert "2 of 2 decisions would have gone another way, 1 of them only in how a tie fell; " in both[0]
    assert "the first that was more than a tie, at depth 2, would have kept “25*2=50 left 4 50”" in both[0]


def test_several_branches_are_counted() -> None:
    said = in_words(by(played(), {"0.0": 0.99, "0.3": 0.98}))
    assert "kept “25*2=50 left 3 7 50” (0.99, ranked 1 of 4) and 1 more instead of " in said[0]
    assert said[0].endswith("instead of “7-3=4 left 2 4 25” (0.60, ranked 4) and 1 more.")
    assert said[2] == "4 of 4 solutions would never have been found."
    assert said[3] == (
        "2 branches that would have been kept were never tried, so what they lead to is unknown; "
        "1 of them could still reach the goal."
    )


def test_a_search_without_solutions_has_no_answer() -> None:
    session = played({id: text for id, text in SCRIPT.items() if id.count(".") < 3})
    assert in_words(by(session, {}))[1:] == ["No solution was found, so there is no answer to compare."]


def test_shares_and_chance_are_not_scores() -> None:
    session = rolled("rebase", 3, **KNOBS["rebase"])
    assert len(session.tree.decisions) == 2
    assert in_words(by(session, {}))[0] == "2 decisions were made by shares or by chance and are left as they were."


def test_where_nothing_was_pruned_only_the_choice_can_change() -> None:
    assert in_words(by(played(strategy="best_of_n", n=2), {}))[0] == (
        "This search pruned nothing by rank, so only the choice of the answer can change."
    )


def test_without_a_task_a_solution_is_called_by_its_last_step() -> None:
    session = played()
    tree = Tree.fold([Started("p", session.tree.settings), *session.trace[1:]])
    said = in_words(reconsider(tree, Judge.of(tree), dict.fromkeys(tree.nodes, 0.5)))
    assert "the answer would have been “27+4=31 left 31” instead of “81-7=74 left 74”" in said[1]
