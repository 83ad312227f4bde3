"""One operation on two whole numbers, by the rules that puzzles share. Knows nothing about any puzzle."""

from __future__ import annotations

LARGEST = 99


def result(a: int, op: str, b: int) -> int | None:
    """a op b (one of + - * /) if it is a whole number from 1 to `LARGEST`; else None."""
    match op:
        case "+":
            c = a + b
        case "-":
            c = a - b
        case "*":
            c = a * b
        case _:
            c = a // b if b and a % b == 0 else 0
    return c if 1 <= c <= LARGEST else None
