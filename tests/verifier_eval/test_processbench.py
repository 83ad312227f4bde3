"""ProcessBench files: what is read, what is refused, and the metrics against hand-computed cases."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.verifier_eval.marked import ARITHMETIC, as_lines, as_list, row, sums
from tts_viz.cli.main import main
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.oracle import Oracle
from tts_viz.errors import EngineError
from tts_viz.verifier_eval.processbench import LabelledSolution, ask, for_choosing, measure, read, share
from tts_viz.verifier_eval.score_cache import ScoreCache

STORY = "Ann has 3 red and 4 blue marbles and takes 2 out. How many are left?"
STEPS = ["There are 3 + 4 = 7.", "After that 7 - 2 = 5.", "The answer is 5."]


def entries(*rows: dict[str, Any]) -> list[LabelledSolution]:
    return read(as_list(list(rows)))


def marked(id: str, label: int, steps: int = 3, problem: str = STORY, **more: Any) -> dict[str, Any]:
    return row(id, problem, [f"step {i}" for i in range(steps)], label, **more)


def test_a_list_and_lines_read_the_same_and_other_fields_are_ignored() -> None:
    rows = [row("gsm8k-0", STORY, STEPS, -1, source="somewhere"), row("math-0", STORY, STEPS, 2)]
    assert read(as_list(rows)) == read(as_lines(rows)) == read(b"\xef\xbb\xbf" + as_lines(rows).replace(b"\n", b"\r\n"))
    assert [e.label for e in read(as_list(rows))] == [-1, 2]
    assert read(as_list(rows))[0].steps == tuple(STEPS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": 3}, "Entry 2: label is 3, and the steps are numbered 0 to 2"),
        ({"label": -2}, "Entry 2, field label: input should be greater than or equal to -1"),
        ({"label": "1"}, "Entry 2, field label: input should be a valid integer"),
        ({"label": True}, "Entry 2, field label: input should be a valid integer"),
        ({"steps": []}, "Entry 2, field steps"),
        ({"steps": ["a", ""]}, "Entry 2, field steps.1"),
        ({"steps": ["a", 5]}, "Entry 2, field steps.1"),
        ({"steps": "a, b"}, "Entry 2, field steps"),
        ({"problem": "x" * 20_001}, "Entry 2, field problem: string should have at most 20000 characters"),
        ({"final_answer_correct": None}, "Entry 2, field final_answer_correct"),
        ({"id": 7}, "Entry 2, field id"),
    ],
)
def test_what_is_amiss_is_said_with_its_place(change: dict[str, Any], words: str) -> None:
    rows = [row("a-0", STORY, STEPS, -1), row("a-1", STORY, STEPS, 1) | change]
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        read(as_list(rows))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no entry"),
        (b"[]", "no entry"),
        (b"\xff\xfe", "UTF-8"),
        (b"[{", "The file is not JSON"),
        (b'{"id": "a"}\nnonsense', "Line 2 is not JSON"),
        (b'["a"]', "Entry 1: input should be a valid dictionary"),
        (b"[" * 100_000, "The file is not JSON"),
        (b'{"id": "a"}', "Entry 1, field problem: field required"),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(data)


def test_subsets_are_by_field_or_id_or_generator() -> None:
    one, other, third = entries(
        marked("gsm8k-12", -1), marked("7", -1, subset="mine", generator="G"), marked("12", 1, generator="")
    )
    assert [e.group("subset") for e in (one, other, third)] == ["gsm8k", "mine", "all"]
    assert [e.group("generator") for e in (one, other, third)] == ["by-hand", "G", "unknown"]


def test_the_metrics_are_those_computed_by_hand() -> None:
    # At 0.5 the first low steps are: a-0 1 (found), a-1 0 (one too early), a-2 none (spared), a-3 2 (not spared),
    # b-0 none (missed), b-1 none (spared).
    asked = entries(marked("a-0", 1), marked("a-1", 1), marked("a-2", -1), marked("a-3", -1), marked("b-0", 0),
                    marked("b-1", -1))  # fmt: skip
    scores = [(0.9, 0.2, 0.1), (0.4, 0.2, 0.1), (0.9, 0.5, 0.8), (0.9, 0.9, 0.1), (0.6, 0.7, 0.8), (0.5, 0.5, 0.5)]
    report = measure(asked, scores, "subset", 0.5)
    a, b = report.groups
    assert (a.name, a.wrong, a.right, a.found, a.spared, a.f1) == ("a", 2, 2, 0.5, 0.5, 0.5)
    assert (b.name, b.wrong, b.right, b.found, b.spared, b.f1) == ("b", 1, 1, 0.0, 1.0, 0.0)
    assert (report.total.found, report.total.spared) == pytest.approx((1 / 3, 2 / 3))
    assert report.total.f1 == pytest.approx(2 * (1 / 3) * (2 / 3) / 1)
    assert (report.average, report.threshold, report.chosen_on, report.lucky) == (0.25, 0.5, 0, 0)


def test_right_answers_by_wrong_steps_are_counted() -> None:
    asked = entries(marked("a-0", 1, final_answer_correct=True), marked("a-1", -1), marked("a-2", 0))
    assert measure(asked, [(1.0, 1.0, 1.0)] * 3, "subset", 0.5).lucky == 1


def test_a_group_with_one_kind_of_solutions_has_no_f1() -> None:
    report = measure(entries(marked("a-0", 1), marked("b-1", -1)), [(0.9, 0.1, 0.1)] * 2, "subset", 0.5)
    assert report.groups[0].found == 1
    assert math.isnan(report.groups[0].f1)
    assert math.isnan(report.groups[1].found)


def test_the_threshold_is_chosen_on_other_problems_than_are_measured() -> None:
    rows = [marked(f"a-{i}", label, problem=f"problem {i // 2}") for i in range(40) for label in [(-1, 1)[i % 2]]]
    asked = entries(*rows)
    choosing = {e.problem for e in asked if for_choosing(e)}
    # Where the threshold is chosen, 0.3 divides; among those measured all scores are higher, and none is found.
    low, high = [(0.9, 0.2, 0.2), (0.9, 0.4, 0.4)], [(0.99, 0.9, 0.9), (0.99, 0.95, 0.95)]
    scores = [(low if e.problem in choosing else high)[e.label < 0] for e in asked]
    report = measure(asked, scores, "subset")
    assert 0 < len(choosing) < 20
    assert report.chosen_on == 2 * len(choosing)
    assert 0.2 < report.threshold <= 0.4
    assert (report.total.found, report.total.spared) == (0.0, 1.0)
    assert report.total.wrong == report.total.right == 20 - len(choosing)


def test_too_few_problems_to_choose_on_are_told_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"Give a threshold, such as 0\.5"):
        measure(entries(marked("a-0", 1)), [(0.9, 0.2, 0.2)], "subset")


def test_a_share_is_the_same_every_time_and_in_order() -> None:
    asked = entries(*(marked(f"a-{i}", -1) for i in range(30)))
    some = share(asked, 10)
    assert some == share(asked, 10) == sorted(some, key=asked.index)
    assert len(some) == 10 != asked.index(some[-1]) + 1
    assert share(asked, 100) == asked


def test_a_problem_in_a_tasks_own_words_is_given_as_the_task_gives_it() -> None:
    own, story = entries(row("a-0", "Make 24 from 2 3 3 8", ["x"], -1), row("a-1", STORY, STEPS, -1))
    assert (own.solution().problem.task, own.solution().problem.prompt) == ("countdown", "Make 24 from 2 3 3 8\n")
    assert (story.solution().problem.task, story.solution().problem.prompt) == ("", STORY + "\n")


def test_what_a_verifier_cannot_read_is_left_out_and_counted() -> None:
    class ShortSighted(Oracle):
        async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
            if any(len(request.steps) > 2 for request in requests):
                raise EngineError("it reads at most 2 steps")
            return await super().score(requests)

    own = ARITHMETIC.problem("test", 1, 0).question
    asked = entries(row("a-0", own, ["x", "y"], 0), row("a-1", own, ["x", "y", "z"], 0), row("a-2", own, ["z"], 0))
    scores = ask(ScoreCache(), "short", ShortSighted(), asked)
    assert scores == [(0.0, 0.0), None, (0.0,)]
    report = measure(asked, scores, "subset", 0.5)
    assert (report.total.wrong, report.total.found, report.unread) == (2, 1.0, 1)
    with pytest.raises(ValueError, match="could read none of these"):
        measure(asked[1:2], [None], "subset", 0.5)


@pytest.mark.skipif(not EMBEDDED["verifier"].is_dir(), reason="the embedded verifier is not here")
def test_the_command_measures_the_embedded_verifier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sums.jsonl"
    file.write_bytes(as_lines(sums(24)))
    assert main(["bench", "processbench", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [g["name"] for g in said["groups"]] == ["slips", "sums"]
    assert said["chosen_on"] + said["total"]["wrong"] + said["total"]["right"] == 48
    assert said["total"]["f1"] > 0.6
    assert said["groups"][0]["spared"] is None
    assert main(["bench", "processbench", str(file), "--threshold", "0.5", "--verifier", "oracle"]) == 0
    assert "| all | 24 | 24 | 1 | 1 | 1 |" in capsys.readouterr().out


def test_the_command_says_in_one_line_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.json").write_text('[{"id": "a"}]')
    assert main(["bench", "processbench", str(tmp_path / "bad.json")]) == 2
    assert capsys.readouterr().err.endswith("bad.json: Entry 1, field problem: field required.\n")
    assert main(["bench", "processbench", str(tmp_path / "none.json")]) == 2
    assert "No such file" in capsys.readouterr().err
