"""Countdown: "Make 57 from 2 3 14 25". Each step joins two of the numbers left; the last number must be the target.

A step reads `25*2=50 left 3 14 50`. All numbers are used, and every result is a whole number from 1 to 99, so that a
small model can master the arithmetic and the search is what is hard.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tts_viz.errors import ProblemError
from tts_viz.tasks.base import COMMON_ERRORS, CheckedTask, ErrorKind, Problem, Split, StepTruth, task
from tts_viz.tasks.calculation import LARGEST, result
from tts_viz.tasks.splits import drawn

MOST_NUMBERS = 6

LEVELS: dict[int, tuple[int, int]] = {1: (3, 30), 2: (3, 10), 3: (4, 20), 4: (5, 20), 5: (6, 25)}
"""level: (how many numbers, the largest of them). Small numbers are harder: more can be done with them, and 99 is far."""

STEP = re.compile(r"(\d{1,4})([+\-*/])(\d{1,4})=(\d{1,4}) left((?: \d{1,4})+)")
TYPED_STEP = re.compile(r"(\d{1,4})([+\-*/])(\d{1,4})(?:=(\d{1,4}))?")
TYPED = str.maketrans({"×": "*", "·": "*", "x": "*", "X": "*", "−": "-", "–": "-", "÷": "/"})
SIGNS = str.maketrans({"*": "×", "-": "−", "/": "÷"})

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
TARGET_WORDS = frozenset({"make", "get", "reach", "hit", "obtain", "target"})
TARGET_LAST = re.compile(rf"\d\D*\b(?:{'|'.join(sorted(TARGET_WORDS))})\b\D*\d+\D*$")
"""“from 3 8 1 get 24”: the target is the one number after such a word"""
OTHER_WORDS = frozenset({
    "a", "all", "and", "by", "can", "combining", "countdown", "do", "each", "from", "how", "i", "is", "joining", "number",
    "numbers", "of", "once", "out", "please", "puzzle", "solve", "the", "these", "to", "use", "using", "we", "with", "you",
})  # fmt: skip


def moves(numbers: Sequence[int]) -> list[tuple[int, str, int, int, tuple[int, ...]]]:
    """Every legal step from these numbers as (a, op, b, result, numbers left, sorted); a >= b."""
    found = {}
    for i in range(len(numbers)):
        for j in range(i):
            a, b = max(numbers[i], numbers[j]), min(numbers[i], numbers[j])
            rest = [n for k, n in enumerate(numbers) if k not in (i, j)]
            for op in "+-*/":
                if (c := result(a, op, b)) is not None:
                    found[a, op, b] = (a, op, b, c, tuple(sorted([*rest, c])))
    return list(found.values())


def write_step(a: int, op: str, b: int, c: int, left: Sequence[int]) -> str:
    return f"{a}{op}{b}={c} left {' '.join(map(str, left))}"


@lru_cache(maxsize=200_000)
def totals(numbers: tuple[int, ...]) -> int:
    """All numbers that can be made from all of `numbers` (sorted), as a bit set: bit t is set when t can be made.

    Every total splits the numbers in two groups, so the sets of the groups are joined, for each way to split.
    """
    if len(numbers) == 1:
        return 1 << numbers[0] if numbers[0] <= LARGEST else 0
    made = 0
    rest = numbers[1:]
    for chosen in range(1 << len(rest)):
        left = (numbers[0], *(n for k, n in enumerate(rest) if not chosen >> k & 1))
        right = tuple(n for k, n in enumerate(rest) if chosen >> k & 1)
        if right:
            made |= joined(totals(left), totals(right))
    return made


def joined(left: int, right: int) -> int:
    """The bit set of every allowed a op b and b op a with a from one set and b from the other."""
    made = 0
    rights = members(right)
    for a in members(left):
        made |= right << a  # a + b
        made |= right >> a  # b - a
        for b in rights:
            if b < a:
                made |= 1 << (a - b)
                if a % b == 0:
                    made |= 1 << (a // b)
            elif b % a == 0:
                made |= 1 << (b // a)
            if a * b <= LARGEST:
                made |= 1 << (a * b)
    return made & (((1 << LARGEST) - 1) << 1)


def members(bits: int) -> list[int]:
    return [n for n in range(1, LARGEST + 1) if bits >> n & 1]


INSTRUCTION = """Solve this puzzle. Each step joins two of the numbers that are left by +, -, * or /; every result must be a \
whole number from 1 to 99, and all numbers must be used. Write one step a paragraph, with an empty line between steps, and \
nothing else. A step is written in ASCII, without spaces around the signs, the larger number first, followed by the word \
left and all numbers that are left, sorted. For “Make 36 from 3 4 9” that is:

9*3=27 left 4 27

27+4=31 left 31

(which ends at 31, so that it is not a solution; yours must end at the target).

"""
"""What a policy that follows instructions is told before the question."""


@task
@dataclass(frozen=True, slots=True)
class Countdown(CheckedTask):
    """See the module. Problems are drawn by playing forward at random, so each has a solution."""

    name = "countdown"
    title = "Countdown"
    blurb = "Reach the target with all of the numbers, joining two of them in each step."
    levels = tuple(LEVELS)
    examples = ("make 24 from 3 3 8 2", "from 1 3 8 get 24", "24: 3, 3, 8, 2")
    self_recognising = True
    error_kinds = {
        "arithmetic": "wrong arithmetic",
        "numbers": "wrong numbers used",
        "unreachable": "goal out of reach",
    } | COMMON_ERRORS

    def problem(self, split: Split, level: int, index: int) -> Problem:
        self.check_place(split, level)

        def draw(rng: random.Random) -> tuple[int, tuple[int, ...]]:
            numbers, _ = self.draw(rng, level)
            return numbers[0], numbers[1:]

        target, numbers = drawn(draw, str, self.name, split, level, index)
        return _problem(target, numbers, f"countdown/{split}/{level}/{index}", level)

    def draw(self, rng: random.Random, level: int) -> tuple[tuple[int, ...], list[str]]:
        """A random problem as (target, *numbers) and one random solution of it."""
        count, largest = LEVELS[level]
        while True:
            numbers = tuple(sorted(rng.randint(1, largest) for _ in range(count)))
            steps, left = [], numbers
            while len(left) > 1 and (options := moves(left)):
                a, op, b, c, left = rng.choice(options)
                steps.append(write_step(a, op, b, c, left))
            if len(left) == 1 and left[0] not in numbers and left[0] >= 10:
                return (left[0], *numbers), steps

    def recognises(self, text: str) -> bool:
        """Nothing but numbers and the words of such puzzles, and one that says which number is the target."""
        if len(text) > self.longest or _foreign(text) or len(re.findall(r"\d+", text)) < 3:
            return False
        return re.match(r"\s*\d+\s*:", text) is not None or not TARGET_WORDS.isdisjoint(_words(text.lower()))

    def parse(self, text: str) -> Problem:
        self.check_length(text)
        example = f"type for example “{self.examples[0]}”"
        if foreign := _foreign(text):
            raise ProblemError(
                f"Countdown needs a target and at least two numbers, and has no place for “{foreign}”: {example}."
            )
        found = NUMBER.findall(text)
        if len(found) < 3:
            raise ProblemError(f"Countdown needs a target and at least two numbers: {example}.")
        if any("." in n or n.startswith("-") or not 1 <= int(n) <= LARGEST for n in found):
            raise ProblemError(f"Countdown takes whole numbers from 1 to {LARGEST}, the target included.")
        target, *numbers = map(int, found)
        if TARGET_LAST.search(text.lower()):
            *numbers, target = map(int, found)
        if len(numbers) > MOST_NUMBERS:
            raise ProblemError(f"Countdown takes at most {MOST_NUMBERS} numbers; you gave {len(numbers)}.")
        return _problem(target, tuple(sorted(numbers)), None, None)

    def extract(self, problem: Problem, steps: Sequence[str]) -> str | None:
        """The expression that the steps build, in canonical form: 25*2+7 and 7+2*25 vote together."""
        made: list[tuple[int, str]] = [(n, str(n)) for n in _given(problem)[1]]
        for step in steps:
            if not (m := STEP.fullmatch(step)):
                return None
            a, b = int(m[1]), int(m[3])
            terms = []
            for n in (a, b):
                term = next((t for t in made if t[0] == n), None)
                if term is None:
                    return None
                made.remove(term)
                terms.append(term[1])
            made.append((int(m[4]), canonical(terms[0], m[2], terms[1])))
        return made[0][1].removeprefix("(").removesuffix(")") if len(made) == 1 and steps else None

    def grade(self, problem: Problem, steps: Sequence[str]) -> bool:
        truths = self.check(problem, steps)
        numbers = _given(problem)[1]
        return len(steps) == len(numbers) - 1 and all(t.valid for t in truths) and truths[-1].reachable

    def check(self, problem: Problem, steps: Sequence[str]) -> list[StepTruth]:
        target, left = _given(problem)
        truths: list[StepTruth] = []
        for step in steps:
            if truths and not truths[-1].valid:
                truths.append(StepTruth(False, False, "It builds on a false step.", 0, "inherited"))
                continue
            truth, left = self._check(step, left, target)
            truths.append(truth)
        return truths

    def impossible(self, problem: Problem) -> str | None:
        target, numbers = _given(problem)
        if totals(numbers) >> target & 1:
            return None
        return f"No answer can be right: {target} cannot be made from {', '.join(map(str, numbers))} by the rules."

    def complete(self, problem: Problem, steps: Sequence[str], text: str) -> str:
        """What is left, and a right result, may be left out: "25*2" is enough."""
        said, _, listed = text.partition("left")
        m = TYPED_STEP.fullmatch(re.sub(r"\s", "", said).translate(TYPED).rstrip(","))
        if not m:
            raise ProblemError("This is no step: join two of the numbers, for example “25*2=50”.")
        a, op, b = int(m[1]), m[2], int(m[3])
        last = STEP.fullmatch(steps[-1]) if steps else None
        left = list(map(int, last[5].split())) if last else list(_given(problem)[1])
        for n in (a, b):
            if n not in left and not listed:
                raise ProblemError(f"{n} is not among the numbers left: {', '.join(map(str, sorted(left)))}.")
            if n in left:
                left.remove(n)
        c = int(m[4]) if m[4] else result(a, op, b)
        if c is None:
            raise ProblemError(f"{a}{op}{b} is not a whole number from 1 to {LARGEST}, so it cannot be a step.")
        after = list(map(int, re.findall(r"\d+", listed))) if listed else sorted([*left, c])
        if not after:
            raise ProblemError("Say which numbers are left after the step, for example “25*2=50 left 3 14 50”.")
        return write_step(a, op, b, c, after)

    def _check(self, step: str, left: tuple[int, ...], target: int) -> tuple[StepTruth, tuple[int, ...]]:
        wrong, reason, after = first_error(step, left)
        if wrong is not None:
            return StepTruth(False, False, reason, wrong, error_kind(step, left)), left
        if totals(after) >> target & 1:
            return StepTruth(
                True, True, "It is solved." if len(after) == 1 else "The target can still be reached."
            ), after
        if len(after) == 1:
            return StepTruth(True, False, f"It ends at {after[0]}, not at {target}.", kind="unreachable"), after
        reason = f"There is no way from {', '.join(map(str, after))} to {target}."
        return StepTruth(True, False, reason, kind="unreachable"), after


def first_error(step: str, left: Sequence[int]) -> tuple[int | None, str, tuple[int, ...]]:
    """The offset of the first wrong character (None: no error), the reason in words, and the numbers left after it."""
    m = STEP.fullmatch(step)
    if not m:
        return 0, "This is not a step: write it like “25*2=50 left 3 14 50”.", ()
    a, op, b, c = int(m[1]), m[2], int(m[3]), int(m[4])
    rest = list(left)
    for n, at in ((a, m.start(1)), (b, m.start(3))):
        if n not in rest:
            return at, f"{n} is not among the numbers left.", ()
        rest.remove(n)
    true = result(a, op, b)
    shown = f"{a}{op}{b}".translate(SIGNS)
    if true is None:
        return m.start(2), f"{shown} is not a whole number from 1 to {LARGEST}.", ()
    if true != c or m[4] != str(true):
        return m.start(4) + differs(m[4], str(true)), f"{shown} is {true}, not {m[4]}.", ()
    after = tuple(sorted([*rest, c]))
    expected = " " + " ".join(map(str, after))
    if m[5] != expected:
        return m.start(5) + differs(m[5], expected), f"The numbers left are {expected.strip()}.", ()
    return None, "", after


def error_kind(step: str, left: Sequence[int]) -> ErrorKind:
    """Which kind the first error of a false step is. Right numbers that are only written otherwise are a matter of form."""
    m = STEP.fullmatch(step)
    if not m:
        return "format"
    a, op, b, c = int(m[1]), m[2], int(m[3]), int(m[4])
    rest = list(left)
    for n in (a, b):
        if n not in rest:
            return "numbers"
        rest.remove(n)
    if result(a, op, b) != c:
        return "arithmetic"
    return "format" if sorted(map(int, m[5].split())) == sorted([*rest, c]) else "numbers"


def differs(text: str, expected: str) -> int:
    """The offset of the first character of `text` that is not as expected; its last one where it only ends too early."""
    same = next((i for i, (x, y) in enumerate(zip(text, expected)) if x != y), min(len(text), len(expected)))
    return min(same, len(text) - 1)


def canonical(a: str, op: str, b: str) -> str:
    if op in "+*":
        a, b = sorted((a, b), key=lambda t: (len(t), t))
    return f"({a}{op}{b})"


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text)


def _foreign(text: str) -> str:
    """The first word or sign that no such puzzle has; empty where all could be part of one."""
    word = next((w for w in _words(text) if w.lower() not in TARGET_WORDS | OTHER_WORDS), "")
    sign = re.search(r"[^\w\s,;:.!?&\-“”\"'()\[\]{}]|_", text)
    return word or (sign[0] if sign else "")


def _given(problem: Problem) -> tuple[int, tuple[int, ...]]:
    """Target and numbers, from the prompt."""
    target, *numbers = map(int, re.findall(r"\d+", problem.prompt))
    return target, tuple(sorted(numbers))


def _problem(target: int, numbers: tuple[int, ...], id: str | None, level: int | None) -> Problem:
    text = f"Make {target} from {' '.join(map(str, numbers))}"
    return Problem(
        "countdown", id or f"countdown/own/{text}", text, text + "\n", level, str(target), asked=INSTRUCTION + text
    )
