"""MATH-500: reading, grading, voting, and the time limit on all of it."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from tts_viz.errors import ProblemError
from tts_viz.tasks.answer_equality import Comparer
from tts_viz.tasks.math500 import Math500, final_text

DATA = Path(__file__).parents[3] / "shared" / "data" / "math500.jsonl"

ROW = '{"problem": "What is 1/2 + 1/3?", "level": "Level 2", "subject": "Algebra", "unique_id": "test/algebra/1.json", "answer": "\\\\frac56"}'  # noqa: E501


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Math500:
    path = tmp_path_factory.mktemp("math") / "two.jsonl"
    path.write_text(ROW + "\n\n" + ROW.replace("1.json", "2.json").replace("frac56", "pi") + "\n")
    return Math500(str(path))


def test_a_problem_keeps_what_the_data_set_says(small: Math500) -> None:
    problem = small.problem("test", 2, 0)
    assert (problem.id, problem.level, problem.subject) == ("math500/test/algebra/1", 2, "Algebra")
    assert problem.question == "What is 1/2 + 1/3?"
    assert problem.prompt.endswith("1/3?\n\n")


@pytest.mark.parametrize(
    ("split", "level", "index", "error"),
    [("train", 2, 0, ValueError), ("test", 6, 0, ValueError), ("test", 2, 2, IndexError), ("test", 2, -1, IndexError)],
)
def test_there_is_no_other_problem(small: Math500, split, level, index, error) -> None:
    with pytest.raises(error):
        small.problem(split, level, index)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1"),
        ("[]", "line 1"),
        ('{"problem": "x"}', "no field 'answer'"),
        (ROW.replace("Level 2", "?"), "'?'"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line)
    with pytest.raises(ValueError, match=r"bad\.jsonl") as caught:
        Math500(str(path)).problem("test", 1, 0)
    assert says in str(caught.value)


def test_a_missing_file_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*none\.jsonl: No such file"):
        Math500(str(tmp_path / "none.jsonl")).problem("test", 1, 0)


def test_a_hub_id_is_fetched_from_the_hub(small: Math500, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(repo: str, file: str, repo_type: str) -> str:
        asked.append((repo, file, repo_type))
        return small.source

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert Math500().problem("test", 2, 1).id == "math500/test/algebra/2"
    assert asked == [("HuggingFaceH4/MATH-500", "test.jsonl", "dataset")]


def test_an_unreachable_hub_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(repo: str, file: str, repo_type: str) -> str:
        raise OSError("no network\nand much more")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(ValueError, match=r"cannot fetch test\.jsonl of .* from the Hugging Face hub: no network$"):
        Math500().problem("test", 1, 0)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("So it is $\\boxed{\\frac{5}{6}}$.", True),
        ("\\boxed{10/12}", True),
        ("The answer is 5/6", True),
        ("\\boxed{0.83}", False),
        ("First \\boxed{5/6}, no: \\boxed{1}", False),
        ("I do not know.", False),
        ("", False),
    ],
)
def test_an_answer_is_graded_by_what_it_means(small: Math500, answer: str, right: bool) -> None:
    assert small.grade(small.problem("test", 2, 0), ["1/2 is 3/6.", answer]) is right


def test_without_a_reference_nothing_is_graded(small: Math500) -> None:
    assert small.grade(small.parse("What is 1 + 1?"), ["\\boxed{2}"]) is None


@pytest.mark.parametrize(
    "same",
    [
        ["\\boxed{\\frac12}", "It is $0.5$", "\\boxed{2/4}"],
        ["\\boxed{\\sqrt 8}", "$2\\sqrt{2}$"],
        ["\\boxed{(x+1)^2}", "\\boxed{x^2+2x+1}"],
        ["\\boxed{(3, \\frac{\\pi}{2})}", "\\boxed{\\left( 3, \\pi/2 \\right)}"],
        ["\\boxed{1, -2}", "\\boxed{-2, 1}"],
        ["\\boxed{x = 5}", "The answer is 5"],
        ["\\boxed{\\text{Evelyn}}", "\\boxed{\\text{ evelyn }}"],
    ],
)
def test_equal_answers_vote_together(small: Math500, same: list[str]) -> None:
    problem = small.problem("test", 2, 0)
    votes = {small.extract(problem, ["Let us see.", text]) for text in same}
    assert len(votes) == 1
    assert None not in votes


def test_different_answers_do_not(small: Math500) -> None:
    problem = small.problem("test", 2, 0)
    texts = ["1/2", "1/3", "(1, 2)", "(2, 1)", "\\{1, 2\\}", "x+1", "\\pi", "\\sqrt{2}", "2", "[1, 2]", "\\text{two}"]
    assert len({small.extract(problem, [f"\\boxed{{{t}}}"]) for t in texts}) == len(texts)


def test_a_solution_without_mathematics_has_no_vote(small: Math500) -> None:
    problem = small.problem("test", 2, 0)
    assert small.extract(problem, ["Hello."]) is None
    assert small.extract(problem, []) is None


def test_the_answer_is_the_last_box_or_else_the_last_words() -> None:
    assert final_text(["\\boxed{1}", "or \\boxed{2}."]) == "\\boxed{2}."
    assert final_text(["\\boxed{1}", "Done."]).startswith("\\boxed{1}")
    assert final_text(["It is 3.", "It is 4.", " "]) == "It is 4."


def test_own_problems_are_bounded(small: Math500) -> None:
    with pytest.raises(ProblemError, match="Type a problem"):
        small.parse("  ")
    with pytest.raises(ProblemError, match="at most"):
        small.parse("x" * 5_000)


@pytest.mark.parametrize("monster", ["\\boxed{9^{9^{9^{9}}}}", "\\boxed{100000000!}"])
def test_what_cannot_be_computed_ends_in_time_and_harms_nothing(monster: str) -> None:
    comparer = Comparer(limit=1.0)
    assert comparer.canonical("\\boxed{7}") == "7"
    began = monotonic()
    assert comparer.canonical(monster) is None
    assert comparer.same("\\boxed{5}", monster) is False
    assert monotonic() - began < 20
    assert comparer.canonical("\\boxed{7}") == "7"
    comparer.close()


def test_answers_are_compared_from_any_thread() -> None:
    comparer = Comparer()
    found: dict[int, str | None] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: comparer.canonical(f"\\boxed{{{n}/10}}")}))
        for n in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {1: "1/10", 2: "1/5", 3: "3/10", 4: "2/5", 5: "1/2", 6: "3/5", 7: "7/10", 8: "4/5"}
    comparer.close()


@pytest.mark.skipif(not DATA.exists(), reason="the 500 problems are not beside this checkout")
class TestAll500:
    task = Math500(str(DATA))

    def problems(self) -> list:
        counts = {1: 43, 2: 90, 3: 105, 4: 128, 5: 134}
        return [self.task.problem("test", level, i) for level, count in counts.items() for i in range(count)]

    def test_each_reference_equals_itself_and_not_another_problems(self) -> None:
        problems = self.problems()
        assert len({p.id for p in problems}) == 500
        for problem, other in zip(problems, problems[1:] + problems[:1]):
            box = f"\\boxed{{{problem.answer}}}"
            assert self.task.grade(problem, [box]) is True, problem.answer
            shared = self.task.extract(problem, [box]) == self.task.extract(other, [f"\\boxed{{{other.answer}}}"])
            assert self.task.grade(other, [box]) is shared, (problem.answer, other.answer)

    def test_few_neighbours_share_an_answer(self) -> None:
        """So that the test above compares different answers nearly always."""
        problems = self.problems()
        assert sum(a.answer == b.answer for a, b in pairwise(problems)) < 10

    def test_past_the_end_of_a_level(self) -> None:
        with pytest.raises(IndexError):
            self.task.problem("test", 1, 43)
