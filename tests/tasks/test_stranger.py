"""A task that another package brings, in one file, is everywhere: command line, page, sweeps, Verifier tab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from tests.stranger import installed
from tests.tasks import laws
from tts_viz.cli.main import main
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.lab.sweeps.spec import parse as parse_spec
from tts_viz.tasks import TASKS, recognise
from tts_viz.ui.forms import problem as problem_form
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.lab.small_sweep_form import shared_levels, sweepable
from tts_viz.verifier_eval.examine import truths_of
from tts_viz.verifier_eval.misjudged import Path as SolutionPath
from tts_viz.verifier_eval.misjudged import steps_of, tallies
from tts_viz.verifier_eval.processbench import LabelledSolution

SUMS = '''
import re

from tts_viz.tasks import COMMON_ERRORS, CheckedTask, Problem, ProblemError, StepTruth, drawn, task


@task
class Sums(CheckedTask):
    """“Add 4 8 15”, from left to right. It is put as arithmetic, which the embedded policies have learnt."""

    name = "sums"
    title = "Sums"
    blurb = "Add the numbers from left to right, one in each step."
    levels = (1, 2)
    examples = ("add 4 8 15",)
    self_recognising = True
    error_kinds = {"sum": "wrong sum"} | COMMON_ERRORS

    def problem(self, split, level, index):
        self.check_place(split, level)
        numbers = drawn(lambda rng: [rng.randint(1, 30) for _ in range(level + 1)], str, self.name, split, level, index)
        return self.posed(numbers, f"sums/{split}/{level}/{index}", level)

    def parse(self, text):
        self.check_length(text)
        if not re.fullmatch("add( [1-9][0-9]?){2,6}", text.lower()):
            raise ProblemError(f"Write “add” and two to six numbers from 1 to 99, as in “{self.examples[0]}”.")
        return self.posed([int(n) for n in text.split()[1:]])

    def posed(self, numbers, id=None, level=None):
        question = f"Add {' '.join(map(str, numbers))}"
        prompt = f"Evaluate {'+'.join(map(str, numbers))}\\n"
        return Problem(self.name, id or f"sums/own/{question}", question, prompt, level, answer=str(sum(numbers)))

    def extract(self, problem, steps):
        last = re.fullmatch("[0-9]+[+][0-9]+=([0-9]+)", steps[-1]) if steps else None
        return last[1] if last else None

    def grade(self, problem, steps):
        return self.extract(problem, steps) == problem.answer

    def check(self, problem, steps):
        total, *left = map(int, problem.question.split()[1:])
        truths = []
        for step in steps:
            if truths and not truths[-1].valid:
                truths.append(StepTruth(False, False, "It builds on a false step.", 0, "inherited"))
            elif left and step == right_step(total, left):
                total, left = total + left[0], left[1:]
                truths.append(StepTruth(True, True, "It is true."))
            else:
                kind = "sum" if left and step.startswith(f"{total}+{left[0]}=") else "format"
                reason = f"It should be {right_step(total, left)}." if left else "Nothing is left to add."
                truths.append(StepTruth(False, False, reason, 0, kind))
        return truths


def right_step(total, left):
    after = "+".join(map(str, [total + left[0], *left[1:]]))
    return f"{total}+{left[0]}={total + left[0]}" + (f" -> {after}" if left[1:] else "")
'''


@pytest.fixture(autouse=True)
def sums(tmp_path: Path) -> Iterator[None]:
    with installed(tmp_path, TASKS, "stranger_sums", SUMS):
        yield
    assert "sums" not in TASKS


def blocks(build: Any) -> list[dict[str, Any]]:
    """The properties of every component that `build` lays out."""
    with gr.Blocks() as page:
        build()
    return [c["props"] for c in page.get_config_file()["components"]]


def test_it_keeps_the_laws() -> None:
    laws.check_all(TASKS["sums"])
    assert recognise("add 4 8 15").prompt == "Evaluate 4+8+15\n"


def test_the_command_line_runs_it_by_name_and_guesses_it_from_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    if not EMBEDDED["policy-small"].is_dir():
        pytest.skip("the embedded models are not here")
    assert main(["run", "--task", "sums", "--level", "2", "--strategy", "greedy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["correct"] is True
    args = "--verifier", "oracle", "--strategy", "best_of_n", "--n", "2", "--json"
    assert main(["run", "--problem", "Add 4 8 15", *args]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == "27"
    assert main(["run", "--task", "sums", "--level", "3"]) == 2
    assert "level 3 must be one of 1, 2" in capsys.readouterr().err


def test_its_name_and_example_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ", sums; if left out" in said
    assert "'add 4 8 15'" in said


def test_the_page_offers_it_with_its_own_levels() -> None:
    models = OfferedModels(("policy-small",), ("verifier",))
    assert models.tasks == ("countdown", "arithmetic", "sums")
    form = blocks(lambda: problem_form.build_problem_form(models.tasks, gr.HTML(render=False)))
    task = next(c for c in form if c.get("elem_id") == "task")
    assert ("Sums", "sums") in [tuple(choice) for choice in task["choices"]]
    assert "“add 4 8 15”" in next(c for c in form if c.get("elem_id") == "problem")["label"]
    levels = problem_form.levels_of(TASKS["sums"], wanted=3)
    assert ([n for _, n in levels["choices"]], levels["value"], levels["label"]) == (
        [1, 2],
        2,
        "Level (1 easy … 2 hard)",
    )
    assert problem_form.levels_of(TASKS["sums"], wanted=1)["value"] == 1
    text, notice = problem_form.drawn(TASKS["sums"], 1)
    assert (text[:4], notice) == ("Add ", "")
    assert problem_form.read(models.tasks, "countdown", "add 4 8 15").task == "sums"
    problem_form.check_taught("policy-small", recognise("add 4 8 15"))


def test_the_page_begins_with_it_where_it_is_the_only_one() -> None:
    form = blocks(lambda: problem_form.build_problem_form(["sums"], gr.HTML(render=False)))
    level, text = (next(c for c in form if c.get("elem_id") == id) for id in ("level", "problem"))
    assert ([n for _, n in level["choices"]], level["value"]) == ([1, 2], 2)
    assert text["value"].startswith("Add ")


def test_sweeps_take_it_at_the_levels_that_it_has() -> None:
    arm = {"name": "g", "strategy": "greedy", "budgets": [1]}
    asked: dict[str, Any] = {"tasks": ["sums"], "levels": [1, 2], "problems": 2, "arm": [arm]}
    assert len(parse_spec(asked).runs) == 4
    with pytest.raises(ValueError, match="sums has no level 3"):
        parse_spec(asked | {"levels": [3]})
    models = OfferedModels(("policy-small",), ("verifier",))
    assert "sums" in sweepable(models)
    assert shared_levels(["countdown", "sums"]) == [1, 2]


def test_a_marked_file_has_its_problems_and_its_kinds_of_error_are_told_by_name() -> None:
    marked = LabelledSolution(
        id="a-0", problem="Add 4 8 15", steps=("4+8=12 -> 12+15", "12+15=28"), final_answer_correct=False, label=1
    )
    solution = marked.solution()
    assert (solution.problem.task, solution.problem.prompt) == ("sums", "Evaluate 4+8+15\n")
    assert [t.kind for t in truths_of(solution) or ()] == [None, "sum"]
    steps = steps_of([SolutionPath(solution, "run", ("0.0", "0.0.0"))], {"v": [(0.9, 0.8)]})
    assert [tally.kind for tally in tallies(steps, "v")] == [None, "sum"]
