"""Attempts that go wrong the way small models do: a false result, a number lost in copying, a fudged ending.

They stand in for a policy's own errors before there is a policy, and add to them afterwards. After a slip the
attempt goes on as if nothing had happened, as a policy would.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tts_viz.tasks import arithmetic, countdown, word_facts
from tts_viz.tasks.calculation import LARGEST, result


def countdown_attempt(rng: random.Random, target: int, left: tuple[int, ...], slips: float) -> list[str]:
    """Steps from the numbers left, each slipping with probability `slips`; it may also be true and miss the target."""
    steps: list[str] = []
    while len(left) > 1 and (options := countdown.moves(left)):
        if len(left) == 2:
            right = [o for o in options if o[3] == target]
            options = right or options
        a, op, b, c, after = rng.choice(options)
        if rng.random() < slips or (len(left) == 2 and c != target and rng.random() < 0.7):
            a, op, b, c, after = _countdown_slip(rng, target, left, (a, op, b, c, after))
        steps.append(countdown.write_step(a, op, b, c, after))
        left = tuple(after)
    return steps


def _countdown_slip(
    rng: random.Random, target: int, left: Sequence[int], move: tuple[int, str, int, int, tuple[int, ...]]
) -> tuple[int, str, int, int, tuple[int, ...]]:
    a, op, b, c, after = move
    rest = list(after)
    rest.remove(c)
    if len(left) == 2 and c != target and rng.random() < 0.8:
        return a, op, b, target, (target,)
    kind = rng.random()
    if kind < 0.6 or not rest:
        wrong = _near(rng, c, LARGEST)
        return a, op, b, wrong, tuple(sorted([*rest, wrong]))
    at = rng.randrange(len(rest))
    if kind < 0.8:
        rest[at] = _near(rng, rest[at], LARGEST)
    elif kind < 0.9 and len(rest) > 1:
        rest[at] = rest[at - 1]
    else:
        a = _near(rng, a, LARGEST)
        c = result(a, op, b) or c
    return a, op, b, c, tuple(sorted([*rest, c]))


def arithmetic_attempt(rng: random.Random, expression: str, slips: float) -> list[str]:
    """Steps of an evaluation, each slipping with probability `slips`."""
    steps: list[str] = []
    while options := arithmetic.moves(expression):
        a, op, b, c, after = rng.choice(options)
        if rng.random() < slips:
            if rng.random() < 0.65 or after.isdigit():
                wrong = _near(rng, c, arithmetic.LARGEST)
                after = _first(after, c, wrong)
                c = wrong
            else:
                after = _miscopied(rng, after)
        steps.append(arithmetic.write_step(a, op, b, c, after))
        expression = after
    return steps


def _miscopied(rng: random.Random, expression: str) -> str:
    tokens = arithmetic.TOKEN.findall(expression)
    numbers = [i for i, t in enumerate(tokens) if t.isdigit()]
    signs = [i for i, t in enumerate(tokens) if t in "+-*"]
    kind = rng.random()
    if kind < 0.5:
        at = rng.choice(numbers)
        tokens[at] = str(_near(rng, int(tokens[at]), arithmetic.LARGEST))
    elif kind < 0.75:
        tokens[rng.choice(signs)] = rng.choice("+-*")
    else:
        at = rng.choice(signs)
        if at > 0 and tokens[at - 1].isdigit() and tokens[at + 1].isdigit():
            del tokens[at : at + 2]
    return arithmetic.tidy("".join(tokens))


def _first(expression: str, old: int, new: int) -> str:
    tokens = arithmetic.TOKEN.findall(expression)
    tokens[tokens.index(str(old))] = str(new)
    return "".join(tokens)


def _near(rng: random.Random, n: int, largest: int) -> int:
    """Another number that is easily taken for n: one or ten off, a digit changed, two digits swapped."""
    while True:
        kind = rng.random()
        if kind < 0.5:
            m = n + rng.choice((-1, 1, -2, 2, -10, 10))
        elif kind < 0.9:
            digits = list(str(n))
            digits[rng.randrange(len(digits))] = rng.choice("0123456789")
            m = int("".join(digits))
        else:
            m = int(str(n)[::-1])
        if m != n and 1 <= m <= largest:
            return m


def word_attempt(rng: random.Random, story: word_facts.Story, known: Mapping[str, int], slips: float) -> list[str]:
    """Steps to the answer of a word problem, each slipping with probability `slips`."""
    steps, found, needed = [], dict(known), story.needed()
    while story.asked not in found:
        ready = story.ready(found)
        fact = rng.choice([f for f in ready if f.who in needed])
        a, sign, b = fact.operands(found)
        c = result(a, sign, b)
        if c is None or rng.random() < slips:
            fact, (a, sign, b, c) = _word_slip(rng, fact, ready, found, (a, sign, b, c))
        steps.append(f"{fact.say()}: {a}{sign}{b}={c}")
        found[fact.who] = c
    return steps


def _word_slip(
    rng: random.Random,
    fact: word_facts.Fact,
    ready: Sequence[word_facts.Fact],
    known: Mapping[str, int],
    worked: tuple[int, str, int, int | None],
) -> tuple[word_facts.Fact, tuple[int, str, int, int]]:
    """The step with a false result, another's number, a false fact, or one that the answer does not need."""
    a, sign, b, c = worked
    kind = rng.random()
    if kind < 0.3:
        a = rng.choice(list(known.values())) if rng.random() < 0.7 else _near(rng, a, LARGEST)
    elif kind < 0.45 and fact.n:
        fact = replace(fact, n=_near(rng, fact.n, LARGEST))
        b = fact.n
    elif kind < 0.6:
        fact = replace(fact, of=tuple(rng.choice(list(known)) for _ in fact.of))
        a, sign, b = fact.operands(known)
    elif kind < 0.7 and len(ready) > 1:
        fact = rng.choice([f for f in ready if f.who != fact.who])
        a, sign, b = fact.operands(known)
    elif c is not None:
        return fact, (a, sign, b, _near(rng, c, LARGEST))
    return fact, (a, sign, b, result(a, sign, b) or rng.randint(1, LARGEST))
