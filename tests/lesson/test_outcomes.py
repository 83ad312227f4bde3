"""What is said of a search is what happened in it: hand-computed, on scripted searches; and the lesson's texts."""

from __future__ import annotations

import pytest

from tests.played import PROBLEM, begun, play, played, rolled
from tts_viz.analysis.judge import Judge
from tts_viz.lesson import exercise, outcomes
from tts_viz.lesson.exercise import Attempts, ExerciseVerdict, check
from tts_viz.lesson.glossary import GLOSSARY, parts
from tts_viz.lesson.outcomes import Before, Outcome
from tts_viz.lesson.steps import STEPS
from tts_viz.search.session import Session
from tts_viz.ui.lesson.text import findings, judged, step_text, words


def outcome(session: Session) -> Outcome:
    return Outcome(session.tree, Judge.of(session.tree), session.trace)


#   54 from 2 3 7 25. Sample 0 is right, 1 and 3 agree on a wrong one, 2 has a false step in the middle.
FOUR = {
    "0.0": "25*2=50 left 3 7 50", "0.0.0": "7-3=4 left 4 50", "0.0.0.0": "50+4=54 left 54",
    "0.1": "25+2=27 left 3 7 27", "0.1.0": "27+7=34 left 3 34", "0.1.0.0": "34+3=37 left 37",
    "0.2": "25+3=28 left 2 7 28", "0.2.0": "28*2=55 left 7 55", "0.2.0.0": "55-7=48 left 48",
    "0.3": "25+2=27 left 3 7 27", "0.3.0": "27+7=34 left 3 34", "0.3.0.0": "34+3=37 left 37",
}  # fmt: skip
SCORES = {
    "0.0": 0.6, "0.0.0": 0.7, "0.0.0.0": 0.9, "0.1": 0.5, "0.1.0": 0.4, "0.1.0.0": 0.1,
    "0.2": 0.6, "0.2.0": 0.2, "0.2.0.0": 0.1,
}  # fmt: skip


def four(strategy: str = "best_of_n") -> Outcome:
    return outcome(play(begun(PROBLEM, strategy, n=4), FOUR, SCORES))


def test_samples_are_counted_and_the_first_one_is_judged() -> None:
    said = outcomes.samples(four(), {})
    assert said[0] == "1 of 4 samples is right."
    assert (
        said[1]
        == "The very first one says (7-3)+(2*25), which is right: had you asked once, you would have been lucky."
    )
    assert said[2] == "Together they give 3 different answers."


def test_a_vote_for_a_popular_mistake_is_said_to_be_wrong() -> None:
    said = outcomes.vote(four(), {})
    assert said[0].startswith("3+(7+(2+25)) has 2 of 4 votes; no other answer has more than 1.")
    assert said[0].endswith("which is wrong.")
    assert said[1] == "1 of 4 samples is right: a vote cannot help where the same mistake is common."


def test_vote_and_verifier_are_told_apart() -> None:
    said = " ".join(outcomes.verifier(four(), {}))
    assert "A vote would choose 3+(7+(2+25)) (2 votes), which is wrong." in said
    assert "The verifier likes (7-3)+(2*25) best (score 0.90), which is right." in said


def test_where_solutions_break_and_what_is_wasted() -> None:
    # Only sample 2 has a false step: its second of three, scored 0.2 after 0.6; one of the 12 steps comes after it.
    said = " ".join(outcomes.steps(four(), {}))
    assert "1 of 4 samples is broken by a false step." in said
    assert "step 2.0 of 3" in said
    assert "goes from 0.60 to 0.20" in said
    assert "1 of the 12 steps were written after a false one" in said


def test_a_beam_says_what_it_gave_up_and_where_the_right_path_was_lost() -> None:
    said = " ".join(outcomes.beam(outcome(played()), {}))
    assert said.startswith("0 of 4 solutions are right, for 4 generations of writing.")
    # kept: 0.1 (can still reach 54) and 0.2 (cannot), then 0.1.1 and 0.2.0 (neither can)
    assert (
        "At 2 decisions it gave up 4 steps, 0 of them false, and kept 4, 0 of them false, and 3 true but with the goal"
        in said
    )
    assert "The right path was lost at depth 2" in said


def test_what_the_same_learner_saw_before_is_compared() -> None:
    earlier = {f"{PROBLEM.id} best_of_n": Before(1, 4, 4), "another problem beam": Before(9, 9, 9)}
    said = outcomes.beam(outcome(played()), earlier)
    assert "Your independent samples cost as much: 1 of 4 were right." in said
    assert not any("Your" in s for s in outcomes.beam(outcome(played()), {}))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("step", STEPS, ids=lambda s: s.term)
def test_any_outcome_can_be_read(step: object, seed: int) -> None:
    """Other models than the embedded ones, or a run that was cut short, must be told of as well."""
    for trial in step.trials:  # type: ignore[attr-defined]
        knobs = {name: min(value, 4) for name, value in trial.parameters.items()}
        said = trial.reading(outcome(rolled(trial.strategy, seed, **knobs)), {})
        assert said and all(said)


def test_a_search_without_a_solution_is_told_of() -> None:
    nothing = outcome(play(begun(PROBLEM, "best_of_n", n=2), {}, {}))
    for reading in (outcomes.samples, outcomes.vote, outcomes.verifier, outcomes.steps, outcomes.beam, outcomes.fooled):
        assert reading(nothing, {})


def test_what_models_and_visitors_wrote_never_becomes_html() -> None:
    assert "<b>" not in str(findings(["<b>", "<b>"]))
    assert "<b>" not in str(judged(ExerciseVerdict(False, ("<b>", "<b>"))))
    assert "&lt;i&gt;" in str(words("<i> [[sample]]"))


# --- texts --------------------------------------------------------------------------------------------------------------


def terms(text: tuple[str, ...]) -> list[str]:
    return [term for paragraph in text for _, term in parts(paragraph) if term]


def test_each_step_explains_one_new_word_and_no_other_comes_before_its_step() -> None:
    taught = [*(terms((*s.text, *s.see)) for s in STEPS), terms(exercise.TEXT)]
    assert list(taught) == [[term] for term in GLOSSARY]
    assert [s.term for s in STEPS] == list(GLOSSARY)[:-1]
    with pytest.raises(KeyError):
        list(parts("[[gradient]]"))


def test_every_page_of_the_lesson_is_drawn() -> None:
    for number, step in enumerate(STEPS, 1):
        assert step.title in str(step_text(number))
        assert step.trials[0].ask().question in str(step_text(number)).replace("&#39;", "'")
    assert "Three sums" in str(step_text(len(STEPS) + 1))


def test_nothing_done_is_nothing_passed() -> None:
    verdict = check(Attempts())
    assert not verdict.passed
    assert verdict.lines[0] == "0 of 3 right, for 0 of 32 generations."
