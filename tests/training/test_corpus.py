"""What the models learn from: exact tokens, right targets, wrong attempts that are wrong, labels that are true."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tts_viz.engines.embedded import EMBEDDED
from tts_viz.tasks import get_task
from tts_viz.tasks.revision_prompt import neutral_revision_prompt, revision_prompt
from tts_viz.training import corpus, reviser, verifier
from tts_viz.training.policy import row
from tts_viz.training.policy_attempts import TriedProblem
from tts_viz.training.sources import SOURCES
from tts_viz.training.tokenizer import BOS_ID, EOS_ID, decode, encode, tokenizer

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
def test_text_survives_the_tokenizer_and_steps_can_be_read_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    solved = corpus.draw(rng)
    asked = rng.choice((revision_prompt, neutral_revision_prompt))
    text = asked(solved.problem.prompt, corpus.wrong_attempts(rng, solved, 2)) + "\n".join(solved.steps)
    assert decode(encode(text)) == text
    assert tokenizer().unk_token_id not in encode(text)
    assert [t for line in text.splitlines(keepends=True) for t in encode(line)] == encode(text)


def test_digits_are_tokens_of_their_own() -> None:
    assert [decode([t]) for t in encode("Make 57 from 2 14\n")] == ["Make", " 5", "7", " from", " 2", " 1", "4", "\n"]
    assert len(encode("25*3=75 left 2 75")) == len(encode("25*3=85 left 2 75"))
    assert [decode([t]) for t in encode("Ben has 15 more than Ann: 9+15=24\n")] == [
        *("Ben", " has ", "1", "5", " more than ", "Ann", ": ", "9", "+", "1", "5", "=", "2", "4", "\n")
    ]


def test_the_older_models_tokens_have_kept_their_ids() -> None:
    shipped = PreTrainedTokenizerFast.from_pretrained(EMBEDDED["policy-small"])
    for text in ("Make 57 from 2 14\n25*3=75 left 2 75\n", "Evaluate (3+4)*2\n3+4=7 -> 7*2\n", "Wrong:\nTry again:\n"):
        assert encode(text) == shipped(text, add_special_tokens=False)["input_ids"]


@given(SEEDS)
def test_solutions_are_right_and_wrong_attempts_are_wrong(seed: int) -> None:
    rng = random.Random(seed)
    solved = corpus.draw(rng)
    task = SOURCES[solved.problem.task].task
    assert task.grade(solved.problem, solved.steps)
    for attempt in corpus.wrong_attempts(rng, solved, 4):
        assert not task.grade(solved.problem, attempt)


@given(SEEDS)
def test_only_the_solution_is_learnt_and_it_fits(seed: int) -> None:
    rng = random.Random(seed)
    solved = corpus.draw(rng)
    example = corpus.example(solved.problem, solved.steps, corpus.wrong_attempts(rng, solved, 4))
    assert len(example.tokens) <= corpus.LONGEST
    assert example.tokens[0] == BOS_ID
    targets = [int(t) for (t,) in row(example).targets]
    learnt = [t for t in targets if t != -100]
    assert learnt == example.tokens[example.learnt_from :] == [*encode("\n".join(solved.steps)), EOS_ID]
    assert targets.index(learnt[0]) == example.learnt_from - 1


@given(st.integers(0, 10_000))
def test_a_mended_attempt_keeps_what_was_sound_and_is_right(seed: int) -> None:
    rng = random.Random(seed)
    solved = corpus.draw(rng)
    task = SOURCES[solved.problem.task].task
    for attempt in corpus.wrong_attempts(rng, solved, 2):
        mended = corpus.mended(rng, solved.problem, attempt)
        assert task.grade(solved.problem, mended)
        truths = task.check(solved.problem, attempt)
        sound = next(i for i, t in enumerate([*truths, None]) if t is None or not (t.valid and t.reachable))
        assert mended[:sound] == attempt[:sound]
        assert mended[: sound + 1] != attempt[: sound + 1]


def test_a_verifier_row_is_labelled_up_to_the_wrong_digit_and_ends_after_the_first_step_that_is_not_good() -> None:
    problem = get_task("countdown").parse("make 57 from 2 7 25")
    right = ["25*2=50 left 7 50", "50+7=57 left 57"]
    wrong = ["25*2=50 left 7 50", "50+7=67 left 67"]
    lost = ["7-2=5 left 5 25", "25+5=30 left 30"]
    prompt = 1 + len(encode(problem.prompt))

    def labels(steps: list[str], soft: dict[tuple[str, ...], float] | None = None) -> list[list[float]]:
        """Of the tokens of each step that the row has."""
        row = verifier.labelled(problem, steps, soft)
        assert all(label == verifier.NONE for label, _ in row.targets[:prompt])
        found, at = [], prompt
        for step in steps:
            line = encode(step + "\n")
            if row.tokens[at : at + len(line)] == line:
                found.append([label for label, _ in row.targets[at : at + len(line)]])
            at += len(line)
        return found

    assert {label for line in labels(right) for label in line} == {1.0}
    false = labels(wrong)[1]
    at = [decode([t]) for t in encode(wrong[1] + "\n")].index("6")
    assert false == [1.0] * at + [0.0] * (len(false) - at)
    (first,) = labels(lost)  # true, but from 5 and 25 there is no way to 57
    assert first == [1.0] * (len(first) - 1) + [0.0]
    # The next token is learnt on valid steps only.
    following = [int(t) for _, t in verifier.labelled(problem, wrong).targets if t != verifier.NONE]
    assert following == encode(wrong[0] + "\n")
    # A soft label takes the place of the hard one where the step is good.
    soft = verifier.values(TriedProblem(problem, [right, wrong, wrong, lost]))
    assert labels(right, soft)[0][-1] == pytest.approx(1 / 3)
    assert labels(wrong, soft)[1][-1] == 0.0


def test_a_revision_copies_a_right_attempt_and_mends_a_wrong_one(tmp_path: Path) -> None:
    problem = get_task("arithmetic").parse("2+3+4")
    right, wrong = ["2+3=5 -> 5+4", "5+4=9"], ["2+3=5 -> 5+4", "5+4=8"]
    path = tmp_path / "attempts.jsonl"
    path.write_text(json.dumps(["arithmetic", problem.prompt, 1, "9", [right, wrong]]) + "\n")
    revisions = reviser.Revisions(path)
    seen = set()
    for seed in range(60):
        drawn = revisions.draw(random.Random(seed))
        text = decode(drawn.tokens)
        if "Another" in text:
            asked = next(i for i, (target,) in enumerate(drawn.targets) if target != -100) + 1
            assert decode(drawn.tokens[asked:]) == "\n".join(right) + "<eos>"
            seen.add(decode(drawn.tokens[1:asked]).removeprefix(problem.prompt))
    one, other = ("Attempt:\n" + "\n".join(steps) + "\n" for steps in (right, wrong))
    assert seen == {f"{shown}Another attempt:\n" for shown in (one, other, one + other, other + one)}
