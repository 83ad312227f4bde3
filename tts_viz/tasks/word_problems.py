"""Word problems: who has how many, told in sentences, worked out one person a step.

“Ann has 14 apples. Ben has 15 more than Ann. Cleo has twice as many as Ben. How many apples does Cleo have?” A step says
the fact that it uses, looks up the number that the fact needs, and works it out: `Ben has 15 more than Ann: 14+15=29`. Only
those whose number the answer needs are worked out, each once, in any order that the facts allow. All numbers are whole,
from 1 to 99.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tts_viz.errors import ProblemError
from tts_viz.tasks.base import COMMON_ERRORS, CheckedTask, ErrorKind, Problem, Split, StepTruth, task
from tts_viz.tasks.calculation import LARGEST, result
from tts_viz.tasks.splits import drawn
from tts_viz.tasks.word_facts import (
    AGE,
    EXAMPLE,
    NAMES,
    QUESTIONS,
    SAYINGS,
    THINGS,
    Fact,
    Kind,
    Story,
    read,
    statement,
    states_one,
)

MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Level:
    """How many steps the answer takes, and how many sentences lead nowhere. Sentences are in no order."""

    steps: tuple[int, int]
    beside: int


LEVELS: dict[int, Level] = {
    1: Level((2, 3), 0),
    2: Level((4, 5), 0),
    3: Level((6, 7), 1),
    4: Level((8, 10), 2),
    5: Level((11, 12), 3),
}

INSTRUCTION = f"""Solve a word problem, working out one person's number a step. Write one step a paragraph, with an empty line \
between steps, and nothing else. A step repeats the fact that it uses, in the words used below, then a colon, then the sum, \
the number that was looked up first. Work out only those whose number the answer needs. For “{EXAMPLE[:-1]}, and Cleo, who \
has as many as Ann and Ben together?” that is:

Ben has 15 more than Ann: 14+15=29

Cleo has as many as Ann and Ben together: 14+29=43

Other facts are put as: Dan has 3 fewer than Ann: 14-3=11; Dan has twice as many as Ann: 14*2=28 (or three times, or four \
times); Dan has half as many as Ann: 14/2=7.

"""
"""What a policy that follows instructions is told before the question."""

STEP = re.compile(r"(.+): (\d{1,4})([+\-*/])(\d{1,4})=(\d{1,4})")
TYPED = str.maketrans({"×": "*", "·": "*", "−": "-", "–": "-", "÷": "/"})
SIGNS = str.maketrans({"*": "×", "-": "−", "/": "÷"})


def write_step(fact: Fact, known: Mapping[str, int]) -> str:
    """The step that works a fact out; all that it needs must be known."""
    a, sign, b = fact.operands(known)
    return f"{fact.say()}: {a}{sign}{b}={result(a, sign, b)}"


def valid_steps(story: Story, known: Mapping[str, int]) -> dict[str, str]:
    """Every step that may come next, with the person whose number it finds."""
    if story.asked in known:
        return {}
    needed = story.needed()
    return {write_step(f, known): f.who for f in story.ready(known) if f.who in needed}


def solve(rng: random.Random, story: Story, known: Mapping[str, int]) -> list[str]:
    """A random way from what is known to the answer."""
    steps, found = [], dict(known)
    needed = story.needed()
    while story.asked not in found:
        fact = rng.choice([f for f in story.ready(found) if f.who in needed])
        steps.append(write_step(fact, found))
        found[fact.who] = int(steps[-1].rpartition("=")[2])
    return steps


@task
@dataclass(frozen=True, slots=True)
class WordProblems(CheckedTask):
    """See the module. Every valid step leads on to the answer, so a step is reachable exactly when it is valid."""

    name = "word_problems"
    title = "Word problems"
    blurb = "Who has how many? Work out one person's number in each step."
    levels = tuple(LEVELS)
    examples = (EXAMPLE, "Tom has 12 marbles. Eva has twice as many as Tom. How many marbles has Eva?")
    natural_language = True
    self_recognising = True
    error_kinds = {"arithmetic": "wrong arithmetic", "numbers": "wrong numbers used"} | COMMON_ERRORS

    def problem(self, split: Split, level: int, index: int) -> Problem:
        self.check_place(split, level)
        text = drawn(lambda rng: self.draw(rng, level), str, self.name, split, level, index)
        return _problem(text, f"word_problems/{split}/{level}/{index}", level)

    def draw(self, rng: random.Random, level: int) -> str:
        """The text of a random problem of a level."""
        return _Told(rng, LEVELS[level]).text()

    def recognises(self, text: str) -> bool:
        """Sentences on who has how many, and a question of that kind, whatever else is wrong with them."""
        return len(text) <= self.longest and states_one(text)

    def parse(self, text: str) -> Problem:
        self.check_length(text)
        story, told = read(text)
        _solvable(story)
        return _problem(told, None, None)

    def extract(self, problem: Problem, steps: Sequence[str]) -> str | None:
        """The number that the last step ends with, where it is about the person asked for."""
        m = STEP.fullmatch(steps[-1]) if steps else None
        fact = _fact(m[1]) if m else None
        return str(int(m[5])) if m and fact and fact.who == given(problem).asked else None

    def grade(self, problem: Problem, steps: Sequence[str]) -> bool:
        return self.extract(problem, steps) == problem.answer

    def check(self, problem: Problem, steps: Sequence[str]) -> list[StepTruth]:
        story = given(problem)
        known = story.given()
        truths: list[StepTruth] = []
        for step in steps:
            if truths and not truths[-1].valid:
                truths.append(StepTruth(False, False, "It builds on a false step.", 0, "inherited"))
                continue
            options = valid_steps(story, known)
            if step in options:
                known[options[step]] = int(step.rpartition("=")[2])
                solved = options[step] == story.asked
                truths.append(
                    StepTruth(True, True, "It is solved." if solved else "It is true, and the answer needs it.")
                )
                continue
            reason, kind = why_false(step, story, known)
            truths.append(StepTruth(False, False, reason, _wrong_at(step, options), kind))
        return truths

    def complete(self, problem: Problem, steps: Sequence[str], text: str) -> str:
        """The fact, and a right result, may be left out: “Ben” or “Ben: 14+15” is enough."""
        story = given(problem)
        known = known_after(story, steps)
        said, _, worked = " ".join(text.translate(TYPED).split()).rstrip(".").partition(":")
        who = re.match(r"[A-Za-z]+", said)
        fact = story.facts.get(who[0].title()) if who else None
        if not who or fact is None or fact.kind == "given":
            open_to = ", ".join(f.who for f in story.ready(known)) or "nobody"
            raise ProblemError(f"This is no step: begin with a person whose number can be worked out now ({open_to}).")
        if " " in said.strip():
            fact = statement(said.strip())[0]
        sum_typed = re.fullmatch(r"(\d+)([+\-*/])(\d+)(?:=(\d+))?", re.sub(r"\s", "", worked))
        if worked.strip() and not sum_typed:
            raise ProblemError(f"“{worked.strip()}” is no sum: write it like “Ben has 15 more than Ann: 14+15=29”.")
        if sum_typed:
            a, sign, b = int(sum_typed[1]), sum_typed[2], int(sum_typed[3])
        else:
            for other in fact.of:
                if other not in known:
                    raise ProblemError(f"What {other} has is not known yet, so {fact.who} cannot be worked out now.")
            a, sign, b = fact.operands(known)
        c = int(sum_typed[4]) if sum_typed and sum_typed[4] else result(a, sign, b)
        if c is None:
            raise ProblemError(f"{a}{sign}{b} is not a whole number from 1 to {LARGEST}, so it cannot be a step.")
        return f"{fact.say()}: {a}{sign}{b}={c}"


def why_false(step: str, story: Story, known: Mapping[str, int]) -> tuple[str, ErrorKind]:
    """Why a step is none of the valid ones, and which kind its first error is."""
    m = STEP.fullmatch(step)
    fact = _fact(m[1]) if m else None
    if not m or not fact or fact.kind == "given":
        return "This is not a step: write it like “Ben has 15 more than Ann: 14+15=29”.", "format"
    true = story.facts.get(fact.who)
    if story.asked in known:
        return "The question is answered already.", "format"
    if true is None:
        return f"Nothing is said of the {story.thing} that {fact.who} has.", "numbers"
    if true.kind == "given":
        return f"{fact.who} has {true.n}, as the problem says: nothing is to be worked out.", "numbers"
    if fact.who in known:
        return f"What {fact.who} has is known already: {known[fact.who]}.", "numbers"
    if fact != true:
        return f"The problem says that {true.say()}.", "numbers"
    for other in fact.of:
        if other not in known:
            return f"What {other} has is not known yet.", "numbers"
    if fact.who not in story.needed():
        return f"The answer does not need what {fact.who} has.", "numbers"
    a, sign, b = fact.operands(known)
    looked_up = zip(fact.of, (int(m[2]), int(m[4])) if fact.kind == "sum" else (int(m[2]),))
    for other, said in looked_up:
        if said != known[other]:
            return f"{other} has {known[other]}, not {said}.", "numbers"
    if (m[3], int(m[4])) != (sign, b):
        return f"It is to be worked out as {a}{sign}{b}.".translate(SIGNS), "numbers"
    c = result(a, sign, b)
    if int(m[5]) != c:
        return f"{a}{sign}{b} is {c}, not {m[5]}.".translate(SIGNS), "arithmetic"
    return f"It is true, but must be written as “{write_step(fact, known)}”.", "format"


def _wrong_at(step: str, options: Mapping[str, str]) -> int:
    """The offset of the first character after which no valid step is left; of the last one where it only ends too early."""
    shared = max((_shared(step, option) for option in options), default=0)
    return min(shared, max(len(step) - 1, 0))


def _shared(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def _fact(sentence: str) -> Fact | None:
    try:
        return statement(sentence)[0]
    except ProblemError:
        return None


def known_after(story: Story, steps: Sequence[str]) -> dict[str, int]:
    """What is known after these steps, whether they are true or not."""
    known = story.given()
    for step in steps:
        m = STEP.fullmatch(step)
        if m and (fact := _fact(m[1])):
            known.setdefault(fact.who, int(m[5]))
    return known


@lru_cache(maxsize=4096)
def _read(text: str) -> Story:
    return read(text)[0]


def given(problem: Problem) -> Story:
    """The story that the prompt tells."""
    return _read(problem.prompt)


def _solvable(story: Story) -> None:
    """Raises ProblemError where the facts go round in a circle, a number leaves the allowed ones, or the answer is given."""
    needed, known = story.needed(), story.given()
    if story.asked in known:
        raise ProblemError(
            f"The answer is given, {known[story.asked]}: ask for somebody whose number is to be worked out."
        )
    if len(needed) > MOST_STEPS:
        raise ProblemError(f"The answer takes {len(needed)} steps; at most {MOST_STEPS} are taken.")
    while ready := story.ready(known):
        for fact in ready:
            a, sign, b = fact.operands(known)
            if (c := result(a, sign, b)) is None:
                raise ProblemError(
                    f"“{fact.say()}” makes {a}{sign}{b}, which is not a whole number from 1 to {LARGEST}.".translate(
                        SIGNS
                    )
                )
            known[fact.who] = c
    if circle := [who for who in story.facts if who not in known]:
        raise ProblemError(
            f"The sentences on {' and '.join(circle)} only refer to each other: say what one of them has."
        )


def _problem(text: str, id: str | None, level: int | None) -> Problem:
    story = _read(text + "\n")
    answer = solve(random.Random(0), story, story.given())[-1].rpartition("=")[2]
    return Problem(
        "word_problems", id or f"word_problems/own/{text}", text, text + "\n", level, answer, asked=INSTRUCTION + text
    )


# --- drawing ------------------------------------------------------------------------------------------------------

ODDS: dict[Kind, float] = {"more": 4, "fewer": 4, "twice": 1.5, "three times": 1, "four times": 0.7, "half": 1.5}
"""How often each relation to one other is drawn, where it is possible."""

SUMS = 0.2
"""share of the steps that join two people's numbers"""

LARGEST_GIVEN, LARGEST_OFFSET = 40, 30


class _Told:
    """One random problem: its people are drawn from those it depends on to the one asked for."""

    def __init__(self, rng: random.Random, level: Level):
        self.rng, self.level = rng, level
        self.thing, self.another = rng.sample(THINGS, 2)
        while True:
            self.names = rng.sample(NAMES, len(NAMES))
            self.values: dict[str, int] = {}
            self.facts: list[Fact] = []
            self.asked = self._worked_out(rng.randint(*level.steps))
            if self.asked:
                return

    def text(self) -> str:
        rng = self.rng
        said = [f.say(self.thing, rng.randrange(len(SAYINGS[f.kind]))) for f in self.facts]
        people = list(self.values)
        said += [self._beside(rng.choice(people)) for _ in range(self.level.beside)]
        rng.shuffle(said)
        question = rng.choice(QUESTIONS).format(thing=self.thing, who=self.asked)
        return " ".join([*(f"{s}." for s in said), question])

    def _worked_out(self, steps: int) -> str:
        """A person whose number takes this many steps, with all that it needs; no name where the numbers grew too large."""
        rng = self.rng
        if steps == 0:
            return self._add(Fact(self.names[-1], "given", rng.randint(2, LARGEST_GIVEN)))
        if steps > 1 and rng.random() < SUMS:
            right = rng.randrange(min(steps - 1, 4) + 1) if steps > 2 else 0
            a = self._worked_out(steps - 1 - right)
            b = self._worked_out(right) if a else ""
            if not b or self.values[a] + self.values[b] > LARGEST:
                return ""
            return self._add(Fact(self.names[-1], "sum", 0, (a, b) if rng.random() < 0.5 else (b, a)))
        a = self._worked_out(steps - 1)
        return self._add(self._related(a)) if a else ""

    def _related(self, a: str) -> Fact:
        """A relation of a new person to one whose number is known."""
        rng, value = self.rng, self.values[a]
        possible: dict[Kind, bool] = {
            "more": value < LARGEST - 1, "fewer": value > 2, "twice": 2 * value <= LARGEST, "three times": 3 * value <= LARGEST,
            "four times": 4 * value <= LARGEST, "half": value % 2 == 0,
        }  # fmt: skip
        kinds: list[Kind] = [kind for kind, may in possible.items() if may]
        kind: Kind = rng.choices(kinds, [ODDS[k] for k in kinds])[0]
        most = min(LARGEST - value if kind == "more" else value - 1, LARGEST_OFFSET)
        return Fact(self.names[-1], kind, rng.randint(2, most) if kind in ("more", "fewer") else 0, (a,))

    def _add(self, fact: Fact) -> str:
        value = fact.n if fact.kind == "given" else result(*fact.operands(self.values))
        assert value is not None
        self.names.pop()
        self.values[fact.who] = value
        self.facts.append(fact)
        return fact.who

    def _beside(self, near: str) -> str:
        """A sentence that the answer does not need: an age, what a stranger has of another thing, or of this one."""
        rng = self.rng
        way = rng.random()
        if way < 0.3:
            return AGE.format(who=near, n=rng.randint(6, 80))
        if way < 0.5:
            other = Fact(self.names.pop(), "given", rng.randint(2, LARGEST_GIVEN))
            return other.say(self.another, rng.randrange(len(SAYINGS["given"])))
        fact = self._related(near)
        self.names.pop()
        return fact.say(self.thing, rng.randrange(len(SAYINGS[fact.kind])))
