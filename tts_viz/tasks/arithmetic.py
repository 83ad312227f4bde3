"""Arithmetic: "Evaluate (3+4)*(2+5)". Each step does one operation and shows what is left of the expression.

A step reads `3+4=7 -> 7*(2+5)`, the last one only `7*7=49`. Any operation that the usual rules allow may come next. All
numbers of a problem, and its answer, are whole numbers from 1 to 99, as in Countdown; there is no division.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tts_viz.errors import ProblemError
from tts_viz.tasks.base import COMMON_ERRORS, CheckedTask, ErrorKind, Problem, Split, StepTruth, task
from tts_viz.tasks.splits import drawn

LARGEST = 99
"""of the numbers in a problem, and of its parts' values"""

LIMIT = 999
"""of any result: another order of steps than the problem was made in may come a little over `LARGEST`"""

MOST_OPERATORS = 10

LEVELS: dict[int, tuple[int, int]] = {1: (2, 20), 2: (3, 20), 3: (5, 30), 4: (6, 30), 5: (8, 40)}
"""level: (how many operators, the largest number written)"""

DEEPER: dict[int, tuple[int, int]] = {1: (2, 30), 2: (4, 30), 3: (7, 25), 4: (10, 20), 5: (14, 12)}
"""The levels that models are trained on from now on; they take the place of `LEVELS` once such models are shipped."""

INSTRUCTION = """Evaluate an expression, one operation a step. Write one step a paragraph, with an empty line between steps, \
and nothing else. A step is the operation, its result, an arrow, and the expression that is left; in the last step nothing is \
left. For “Evaluate (3+4)*(2+5)” that is:

3+4=7 -> 7*(2+5)

2+5=7 -> 7*7

7*7=49

"""
"""What a policy that follows instructions is told before the question."""

STEP = re.compile(r"(\d{1,4})([+\-*])(\d{1,4})=(\d{1,4})(?: -> (\S+))?")
STEP_TYPED = re.compile(r"(\d{1,4})([+\-*])(\d{1,4})(?:=(\d{1,4}))?(?:->(.+))?")
TOKEN = re.compile(r"\d+|[+\-*()]")
SIGNS = str.maketrans({"*": "×", "-": "−"})
TYPED = str.maketrans({"×": "*", "·": "*", "−": "-", "–": "-", "x": "*", "X": "*", "[": "(", "]": ")"})


def result(a: int, op: str, b: int) -> int | None:
    """a op b where it is a whole number from 1 to 999; else None."""
    c = a + b if op == "+" else a - b if op == "-" else a * b
    return c if 1 <= c <= LIMIT else None


def moves(expression: str) -> list[tuple[int, str, int, int, str]]:
    """Every operation that may be done next, as (a, op, b, result, expression left)."""
    found = []
    for i, a, op, b in places(expression):
        if (c := result(a, op, b)) is not None:
            found.append((a, op, b, c, put(expression, i, c)))
    return list(dict.fromkeys(found))


def places(expression: str) -> list[tuple[int, int, str, int]]:
    """Where an operation may be done next by the usual rules: (index of its sign among the tokens, a, op, b)."""
    tokens = TOKEN.findall(expression)
    found = []
    for i in range(1, len(tokens) - 1):
        a, op, b = tokens[i - 1 : i + 2]
        if not (a.isdigit() and b.isdigit() and op in "+-*"):
            continue
        before = tokens[i - 2] if i > 1 else "("
        after = tokens[i + 2] if i + 2 < len(tokens) else ")"
        if before in "(+-*" if op == "*" else before in "(+" and after in ")+-":
            found.append((i, int(a), op, int(b)))
    return found


def put(expression: str, i: int, c: int) -> str:
    """The expression with c in place of the operation whose sign is token i."""
    tokens = TOKEN.findall(expression)
    return tidy("".join([*tokens[: i - 1], str(c), *tokens[i + 2 :]]))


def tidy(expression: str) -> str:
    """Without parentheses around a single number."""
    while (shorter := re.sub(r"\((\d+)\)", r"\1", expression)) != expression:
        expression = shorter
    return expression


def write_step(a: int, op: str, b: int, c: int, left: str) -> str:
    return f"{a}{op}{b}={c}" + ("" if left.isdigit() else f" -> {left}")


def solve(rng: random.Random, expression: str) -> list[str]:
    """A random valid solution; cut short where an operation leaves the allowed numbers."""
    steps = []
    while options := [(*place, c) for place in places(expression) if (c := result(*place[1:])) is not None]:
        i, a, op, b, c = rng.choice(options)
        expression = put(expression, i, c)
        steps.append(write_step(a, op, b, c, expression))
    return steps


@task
@dataclass(frozen=True, slots=True)
class Arithmetic(CheckedTask):
    """See the module. Every valid step leads on to the answer, so a step is reachable exactly when it is valid."""

    name = "arithmetic"
    title = "Arithmetic"
    blurb = "Evaluate the expression, one operation in each step."
    levels = tuple(LEVELS)
    examples = ("(3+4)*(12-5)", "what is 7×(2+5)+3?")
    self_recognising = True
    error_kinds = {"arithmetic": "wrong arithmetic", "numbers": "wrong numbers used"} | COMMON_ERRORS

    deeper: bool = False

    def problem(self, split: Split, level: int, index: int) -> Problem:
        self.check_place(split, level)
        expression = drawn(lambda rng: self.draw(rng, level), str, self.name, split, level, index)
        return _problem(expression, f"arithmetic/{split}/{level}/{index}", level)

    def draw(self, rng: random.Random, level: int) -> str:
        """A random expression of a level, with no needless parentheses."""
        if self.deeper:
            return deep_expression(rng, *DEEPER[level])
        count, largest = LEVELS[level]
        while (written := _grown(rng, count, largest)) is None:
            pass
        return written[0]

    def recognises(self, text: str) -> bool:
        """Nothing but an expression, with one operation at least, be it one that is not part of this task."""
        if len(text) > self.longest:
            return False
        typed = _expression(text)
        return not re.search(r"[^0-9\s+\-*/÷.,()]", typed) and re.search(r"[0-9][\s)]*[+\-*/÷]", typed) is not None

    def parse(self, text: str) -> Problem:
        self.check_length(text)
        example = f"type for example “{self.examples[0]}”"
        typed = _expression(text)
        if re.search(r"[/÷:]", typed):
            raise ProblemError(f"Division is not part of this task, only + − ×; {example}.")
        if re.search(r"\d\s+\d|\d[.,]\d|[^0-9\s+\-*()]", typed):
            raise ProblemError(f"An expression has only whole numbers, + − × and parentheses; {example}.")
        expression = tidy(re.sub(r"\s", "", typed))
        if not re.search(r"\d[^\d]", expression):
            raise ProblemError(f"There is nothing to evaluate; {example}.")
        if not _well_formed(expression):
            raise ProblemError(f"The parentheses or signs do not match up; {example}.")
        if len(re.findall(r"[+\-*]", expression)) > MOST_OPERATORS:
            raise ProblemError(f"At most {MOST_OPERATORS} operations; {example}.")
        numbers = re.findall(r"\d+", expression)
        steps = solve(random.Random(0), expression)
        beyond = not steps or " -> " in steps[-1] or int(steps[-1].rpartition("=")[2]) > LARGEST
        if beyond or any(len(n) > 2 or not int(n) for n in numbers):
            raise ProblemError(
                f"All numbers, the answer too, must be from 1 to {LARGEST}, and none on the way below 1; {example}."
            )
        return _problem(expression, None, None)

    def extract(self, problem: Problem, steps: Sequence[str]) -> str | None:
        """The number that the last step ends with."""
        m = STEP.fullmatch(steps[-1]) if steps else None
        return str(int(m[4])) if m and m[5] is None else None

    def grade(self, problem: Problem, steps: Sequence[str]) -> bool:
        return self.extract(problem, steps) == problem.answer

    def impossible(self, problem: Problem) -> None:
        """Every expression has a value."""

    def complete(self, problem: Problem, steps: Sequence[str], text: str) -> str:
        """What is left of the expression, and a right result, may be left out: "3+4" is enough."""
        m = STEP_TYPED.fullmatch(re.sub(r"\s", "", text).translate(TYPED).replace("→", "->"))
        if not m:
            raise ProblemError("This is no step: do one operation of the expression, for example “3+4=7”.")
        a, op, b = int(m[1]), m[2], int(m[3])
        expression = steps[-1].partition(" -> ")[2] if steps else _given(problem)
        at = next((i for i, *operation in places(expression) if operation == [a, op, b]), None)
        c = int(m[4]) if m[4] else result(a, op, b)
        if c is None:
            raise ProblemError(f"{a}{op}{b} is not a whole number from 1 to {LIMIT}, so it cannot be a step.")
        if m[5]:
            return write_step(a, op, b, c, m[5])
        if at is None:
            raise ProblemError(f"{a}{op}{b} cannot be done now: it is {expression.translate(SIGNS)}.")
        return write_step(a, op, b, c, put(expression, at, c))

    def check(self, problem: Problem, steps: Sequence[str]) -> list[StepTruth]:
        left = _given(problem)
        truths: list[StepTruth] = []
        for step in steps:
            if truths and not truths[-1].valid:
                truths.append(StepTruth(False, False, "It builds on a false step.", 0, "inherited"))
                continue
            wrong, reason, after = first_error(step, left)
            if wrong is not None:
                truths.append(StepTruth(False, False, reason, wrong, error_kind(step, left)))
                continue
            left = after
            truths.append(
                StepTruth(True, True, "It is solved." if left.isdigit() else "What is left is worth the same.")
            )
        return truths


def first_error(step: str, expression: str) -> tuple[int | None, str, str]:
    """The offset of the first character after which no valid step is left (None: valid), the reason, what is left."""
    options = {write_step(*move): move for move in moves(expression)}
    if step in options:
        return None, "", options[step][4]
    at = min(max((_shared(step, valid) for valid in options), default=0), len(step) - 1)
    return max(at, 0), _reason(step, expression), expression


def _reason(step: str, expression: str) -> str:
    m = STEP.fullmatch(step)
    if not m:
        return "This is not a step: write it like “3+4=7 -> 7*(2+5)”."
    a, op, b, c = int(m[1]), m[2], int(m[3]), m[4]
    shown = f"{a}{op}{b}".translate(SIGNS)
    same = [move for move in moves(expression) if move[:3] == (a, op, b)]
    if not same and _in_turn(a, op, b, expression):
        return f"{shown} is not a whole number from 1 to {LIMIT}."
    if not same:
        there = re.search(rf"(?<!\d){re.escape(m[1] + op + m[3])}(?!\d)", expression)
        why = "cannot be done yet" if there else "is not in the expression"
        return f"{shown} {why}: it is {expression.translate(SIGNS)}."
    if c != str(same[0][3]):
        return f"{shown} is {same[0][3]}, not {c}."
    left = same[0][4]
    if m[5] is None:
        return f"It is not finished: {left.translate(SIGNS)} is left."
    if left.isdigit():
        return "Nothing is left to evaluate."
    return f"What is left is {left.translate(SIGNS)}, not {m[5].translate(SIGNS)}."


def error_kind(step: str, expression: str) -> ErrorKind:
    """Which kind the error of a false step is. Right numbers that are only written otherwise are a matter of form."""
    m = STEP.fullmatch(step)
    if not m:
        return "format"
    a, op, b = int(m[1]), m[2], int(m[3])
    same = [move for move in moves(expression) if move[:3] == (a, op, b)]
    if not same:
        return "arithmetic" if _in_turn(a, op, b, expression) else "numbers"
    if int(m[4]) != same[0][3]:
        return "arithmetic"
    left = same[0][4]
    return "format" if m[5] is None or left.isdigit() or any(m[5] == move[4] for move in same) else "numbers"


def _in_turn(a: int, op: str, b: int, expression: str) -> bool:
    """May this operation be done next by the usual rules, whatever comes of it?"""
    return any(operation == [a, op, b] for _, *operation in places(expression))


def _shared(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


SIGN_ODDS = {"+": 1.0, "-": 1.5, "*": 3.0}
"""Products and differences are less often possible than sums, so they are drawn more often where they are."""


def deep_expression(rng: random.Random, operators: int, largest: int) -> str:
    """A random expression with this many operators. Signs are drawn among those that keep to the allowed numbers."""
    while (made := _deep(rng, operators, largest)) is None:
        pass
    return made[0]


def _deep(rng: random.Random, operators: int, largest: int) -> tuple[str, int, str] | None:
    """As `_grown`, which throws away nearly every expression as long as these."""
    if operators == 0:
        n = rng.randint(1, largest)
        return str(n), n, ""
    left_operators = rng.randrange(operators)
    left = _deep(rng, left_operators, largest)
    right = _deep(rng, operators - 1 - left_operators, largest) if left else None
    if left is None or right is None:
        return None
    signs = [op for op in "+-*" if (c := result(left[1], op, right[1])) is not None and c <= LARGEST]
    return _joined(left, rng.choices(signs, [SIGN_ODDS[op] for op in signs])[0], right) if signs else None


def _joined(left: tuple[str, int, str], op: str, right: tuple[str, int, str]) -> tuple[str, int, str]:
    """Two parts, each (text, value, its last operation), as one, with the parentheses that it needs."""
    value = result(left[1], op, right[1])
    assert value is not None
    a = f"({left[0]})" if op == "*" and left[2] in ("+", "-") else left[0]
    b = f"({right[0]})" if op in "*-" and right[2] in ("+", "-") else right[0]
    return a + op + b, value, op


def _grown(rng: random.Random, operators: int, largest: int) -> tuple[str, int, str] | None:
    """A random expression as (text, value, its last operation); None where a value leaves the allowed numbers."""
    if operators == 0:
        n = rng.randint(1, largest)
        return str(n), n, ""
    left_operators = rng.randrange(operators)
    left = _grown(rng, left_operators, largest)
    right = _grown(rng, operators - 1 - left_operators, largest)
    op = rng.choice("+-*")
    if left is None or right is None or (value := result(left[1], op, right[1])) is None or value > LARGEST:
        return None
    return _joined(left, op, right)


def _well_formed(expression: str) -> bool:
    """Numbers and operators alternate and the parentheses match."""
    flat = expression
    while (shorter := re.sub(r"\(\d+(?:[+\-*]\d+)*\)", "1", flat)) != flat:
        flat = shorter
    return re.fullmatch(r"\d+(?:[+\-*]\d+)*", flat) is not None


def _expression(text: str) -> str:
    """What was typed, without the words before it and the signs after it, in our own signs."""
    typed = re.sub(r"^\s*(evaluate|compute|calculate|what is|solve)\b", "", text, flags=re.IGNORECASE)
    return " ".join(typed.split()).rstrip(" =?.").translate(TYPED)


def _given(problem: Problem) -> str:
    return problem.prompt.removeprefix("Evaluate ").rstrip("\n")


def _problem(expression: str, id: str | None, level: int | None) -> Problem:
    text = f"Evaluate {expression}"
    answer = solve(random.Random(0), expression)[-1].rpartition("=")[2]
    return Problem(
        "arithmetic", id or f"arithmetic/own/{text}", text, text + "\n", level, answer, asked=INSTRUCTION + text
    )
