"""What holds of every task, ours or another package's: laws that a test can run over any of them."""

from __future__ import annotations

from tts_viz.errors import ProblemError
from tts_viz.tasks import COMMON_ERRORS, SPLITS, CheckedTask, Problem, Split, Task, get_task

JUNK = ["", " ", "hello", "1", "-> left =", "\n", "9" * 50, "()"]
"""Steps that are none."""


def check_all(task: Task, ready_made: bool = True) -> None:
    """Every law. Without `ready_made` none that needs the task's own problems, which may have to be fetched."""
    says_what_it_is(task)
    reads_its_examples(task)
    refuses_what_is_too_long(task)
    if ready_made:
        has_levels_and_splits(task)
        recognises_its_own(task)
        survives_any_steps(task)


def says_what_it_is(task: Task) -> None:
    assert get_task(task.name) is task
    assert task.title and task.blurb.endswith(".")
    assert list(task.levels) == sorted(set(task.levels))
    assert "test" in task.splits and set(task.splits) <= set(SPLITS)
    if isinstance(task, CheckedTask):
        assert set(COMMON_ERRORS) <= set(task.error_kinds)


def reads_its_examples(task: Task) -> None:
    assert task.examples
    for example in task.examples:
        problem = task.parse(example)
        assert (problem.task, task.parse(problem.question)) == (task.name, problem)
        assert problem.prompt.endswith("\n")
        assert task.recognises(example) == task.self_recognising


def refuses_what_is_too_long(task: Task) -> None:
    """At once: a text may be built so that reading it takes for ever."""
    for text in ("1" + " " * 200_000 + "+1", "(" * 200_000, "make 1 " * 50_000):
        assert not task.recognises(text)
        assert "characters" in refusal(task, text)


def refusal(task: Task, text: str) -> str:
    from tts_viz.tasks import parse

    try:
        parse(task.name, text)
    except ProblemError as error:
        return str(error)
    return ""


def has_levels_and_splits(task: Task) -> None:
    for level in task.levels:
        seen: dict[str, Split] = {}
        for split in task.splits:
            for problem in some(task, split, level):
                assert problem == task.problem(split, level, int(problem.id.rpartition("/")[2]))
                assert (problem.task, problem.level) == (task.name, level)
                assert seen.setdefault(problem.prompt, split) == split
    for wrong in (("test", 10**6), ("nowhere", (*task.levels, 1)[0])):
        try:
            task.problem(*wrong, 0)  # type: ignore[arg-type]
        except ValueError:
            continue
        raise AssertionError(f"{task.name} has a problem at {wrong}")


def recognises_its_own(task: Task) -> None:
    for level in task.levels:
        for problem in some(task, "test", level):
            assert task.recognises(problem.question) == task.self_recognising
            assert task.parse(problem.question).prompt == problem.prompt


def survives_any_steps(task: Task) -> None:
    problem = task.parse(task.examples[0])
    assert task.extract(problem, []) is None
    assert not task.grade(problem, [])
    for step in JUNK:
        task.extract(problem, [step])
        assert not task.grade(problem, [step])
        if not isinstance(task, CheckedTask):
            continue
        truths = task.check(problem, [step, step])
        assert len(truths) == 2
        for truth in truths:
            assert truth.reason.endswith(".")
            assert (truth.kind is None) == (truth.valid and truth.reachable)
            assert truth.kind is None or truth.kind in task.error_kinds
            assert (truth.wrong_at is None) == truth.valid
        try:
            completed = task.complete(problem, [], step)
        except ProblemError:
            continue
        assert completed or not step


def some(task: Task, split: Split, level: int, most: int = 20) -> list[Problem]:
    size = task.size(split, level)
    return [task.problem(split, level, i) for i in range(most if size is None else min(most, size))]
