"""What `train measure` counts: by hand."""

from __future__ import annotations

from tts_viz.tasks import get_task
from tts_viz.training.measure import Judged, auroc_by_depth, judge


def test_an_attempt_is_judged_up_to_its_first_step_that_is_not_good() -> None:
    task = get_task("countdown")
    problem = task.parse("make 57 from 2 7 25")
    wrong = ["25*2=50 left 7 50", "50+7=67 left 67"]
    lost = ["7-2=5 left 5 25", "25+5=30 left 30"]
    assert judge(wrong, task.check(problem, wrong)) == Judged(tuple(wrong), (True, False))
    assert judge(lost, task.check(problem, lost)) == Judged(("7-2=5 left 5 25",), (False,))


def test_auroc_compares_different_prefixes_of_one_problem_and_depth() -> None:
    mine = [
        Judged(("a", "b"), (True, True), (0.9, 0.3)),
        Judged(("a", "b"), (True, True), (0.9, 0.3)),  # a copy counts once
        Judged(("a", "e"), (True, True), (0.9, 0.6)),
        Judged(("a", "c"), (True, False), (0.9, 0.5)),
        Judged(("x",), (False,), (0.9,)),
    ]
    elsewhere = [Judged(("a",), (True,), (0.0,)), Judged(("x",), (False,), (1.0,))]
    only_good = [Judged(("a",), (True,), (0.2,))]
    assert auroc_by_depth([mine, elsewhere, only_good]) == {1: [0.5, 0.0], 2: [0.5]}
