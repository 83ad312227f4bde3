"""What a search has found, judged by its task."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import pytest

from tts_viz.analysis import judge as solutions
from tts_viz.analysis.judge import Judge
from tts_viz.core.events import Decided, Event, Expanded, Scored, Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.tasks.countdown import Countdown

PROBLEM = Countdown().parse("make 24 from 2 3 4")
START = Started(PROBLEM.prompt, Settings("beam", {}, vote="weighted"), problem=asdict(PROBLEM))


def grown(id: str, text: str, finish="step", kind="step") -> Expanded:
    return Expanded(id.rpartition(".")[0], id, text, kind, finish=finish)


TRACE: list[Event] = [
    START,
    grown("0.0", "3*2=6 left 4 6"),
    grown("0.1", "4*3=12 left 2 12"),
    grown("0.2", "4-3=1 left 1 2"),
    grown("0.3", "4+3=8 left 2 8"),
    grown("0.0.0", "6*4=24 left 24", "eos"),
    grown("0.1.0", "12*2=24 left 24", "eos"),
    grown("0.1.1", "12+2=14 left 14", "eos"),
    grown("0.2.0", "2+1=3 left 3", "eos"),
    grown("0.3.r0", "8*2=16 left 16", "eos", "rollout"),
    grown("0.1.2", "gibberish", "eos"),
    grown("0.1.3", "12*2=24 left 24", "eos"),
    Scored("0.0.0", (0.5, 0.5)),
    Scored("0.1.0", (0.8, 0.4)),
    Scored("0.1.1", (0.6,)),
    Scored("0.2.0", (0.1, 0.95)),
    Scored("0.1.3", (0.6,)),
]


@dataclass
class Counting:
    """Countdown, counting what it is asked."""

    task: Countdown = field(default_factory=Countdown)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __getattr__(self, name: str):
        return getattr(self.task, name)

    def extract(self, problem, steps):
        self.asked.append(("extract", len(steps)))
        return self.task.extract(problem, steps)

    def grade(self, problem, steps):
        return self.task.grade(problem, steps)

    def check(self, problem, steps):
        self.asked.append(("check", len(steps)))
        return self.task.check(problem, steps)


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(solutions, "get_task", lambda name: counting)
    return counting


def test_solutions_are_ranked_graded_and_weighed() -> None:
    found = Judge(PROBLEM).solutions(Tree.fold(TRACE))
    assert [(s.node, s.answer, s.score, round(s.weight, 9), s.correct) for s in found] == [
        ("0.1.3", "2*(3*4)", 0.6, 1.0, True),  # two votes together outweigh the one with the highest score
        ("0.1.0", "2*(3*4)", 0.4, 1.0, True),
        ("0.2.0", "2+(4-3)", 0.95, 0.95, False),
        ("0.1.1", "2+(3*4)", 0.6, 0.6, False),
        ("0.0.0", "4*(2*3)", 0.5, 0.5, True),
        ("0.1.2", None, None, 0.0, False),
    ]
    assert found[1].text == "4*3=12 left 2 12\n12*2=24 left 24"


def test_the_vote_and_aggregation_can_be_chosen_afterwards(task: Counting) -> None:
    tree, judge = Tree.fold(TRACE), Judge(PROBLEM)
    assert judge.solutions(tree, vote="best")[0].node == "0.2.0"
    assert judge.solutions(tree, "min", "best")[0].node == "0.1.1"
    asked = list(task.asked)
    assert judge.solutions(tree, "mean", "best")[0].score == pytest.approx(0.7)
    assert task.asked == asked  # nothing was read or graded twice


def test_pruned_solutions_do_not_count() -> None:
    pruned = [*TRACE, Decided(("0.0", "0.2", "0.3"), ("0.1",), {}, "last", 1)]
    assert {s.node for s in Judge(PROBLEM).solutions(Tree.fold(pruned))} == {"0.0.0", "0.2.0"}


def test_every_step_has_its_truth() -> None:
    tree, judge = Tree.fold(TRACE), Judge(PROBLEM)
    truths = judge.truths(tree)
    assert set(truths) == set(tree.nodes) - {"0"}
    for node in tree.nodes.values():
        if node.kind != "root":
            assert truths[node.id] == Countdown().check(PROBLEM, [n.text for n in node.path()])[-1]
    assert truths["0.0.0"].reachable
    assert (truths["0.3"].valid, truths["0.3.r0"].valid) == (False, False)


def test_truths_are_the_same_however_the_tree_was_followed(task: Counting) -> None:
    at_once, step_by_step = Judge(PROBLEM), Judge(PROBLEM)
    tree = Tree()
    for event in TRACE:
        tree.apply(event)
        step_by_step.truths(tree)
    assert step_by_step.truths(tree) == at_once.truths(Tree.fold(TRACE))


def test_no_step_is_checked_twice(task: Counting) -> None:
    judge, tree = Judge(PROBLEM), Tree.fold(TRACE)
    judge.truths(tree)
    assert len(task.asked) == 7  # one look at each path's end covers the steps on it
    judge.truths(tree)
    judge.truths(Tree.fold(TRACE[:5]))
    assert len(task.asked) == 7
    tree.apply(grown("0.3.0", "8*2=16 left 16", "eos"))
    judge.truths(tree)
    assert len(task.asked) == 8


def test_without_a_problem_nothing_is_known() -> None:
    tree = Tree.fold([Started("p", Settings("beam", {})), *TRACE[1:]])
    judge = Judge.of(tree)
    assert judge.problem is None
    assert not judge.checks
    assert judge.truths(tree) == {}
    assert {(s.answer, s.correct) for s in judge.solutions(tree)} == {(None, None)}
    assert judge.solutions(tree)[0].score == 0.95


def test_a_tree_knows_its_judge() -> None:
    judge = Judge.of(Tree.fold(TRACE))
    assert judge.problem == PROBLEM
    assert judge.checks
    assert Judge.of(Tree()).problem is None
