"""Decide whether two mathematical answers are equal: math-verify in a process of its own, killed if it takes too long.

Computer algebra on a model's text can run for hours or fill the memory (9^{9^{9^9}}), in C code that no signal interrupts,
and math-verify's own time limits work only in the main thread, where graders do not run. So a worker process answers
questions, one per line, and a timer kills it if a question takes too long. A new worker starts when needed. This file
contains both sides: the worker is this module run as a script.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import subprocess
import sys
import threading
from typing import Any

LIMIT = 5.0
"""Time limit for one question, in seconds."""

MEMORY = 4 << 30
"""Limit on the worker's address space in bytes, on systems that support it."""


class Comparer:
    """Parses and compares answers. Thread-safe; questions are answered one at a time."""

    def __init__(self, limit: float = LIMIT) -> None:
        self.limit = limit
        self._worker: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def canonical(self, text: str) -> str | None:
        """The last expression in a text, as a string that is the same for equal answers as far as sympy can tell.

        None if there is none, or if parsing it takes too long.
        """
        return self._ask("canonical", text)

    def same(self, reference: str, answer: str) -> bool:
        """Does the last expression of `answer` equal that of `reference`? False if the comparison takes too long."""
        return bool(self._ask("same", reference, answer))

    def close(self) -> None:
        with self._lock:
            if self._worker:
                self._end(self._worker)

    def _ask(self, question: str, *texts: str) -> Any:
        with self._lock:
            worker = self._worker or self._start()
            assert worker.stdin is not None
            assert worker.stdout is not None
            try:
                worker.stdin.write(json.dumps([question, *texts]) + "\n")
                worker.stdin.flush()
                answer = worker.stdout.readline()
            except BrokenPipeError:
                answer = ""
            if not answer:
                self._end(worker)
                return None
            return json.loads(answer)

    def _start(self) -> subprocess.Popen[str]:
        """-P keeps this folder's modules from hiding the worker's libraries."""
        command = [sys.executable, "-P", __file__, str(self.limit)]
        pipe = subprocess.PIPE
        self._worker = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
        )
        return self._worker

    def _end(self, worker: subprocess.Popen[str]) -> None:
        self._worker = None
        worker.kill()
        worker.communicate()


# --- the worker ---------------------------------------------------------------------------------------------------


def work(limit: float) -> None:
    """Answer questions until the input ends. The timer is a C thread, so it can end the process without the GIL."""
    from math_verify import parse, verify  # seconds of imports, before the first timer starts

    _bound_memory()
    for line in sys.stdin:
        faulthandler.dump_traceback_later(limit, exit=True)
        question, *texts = json.loads(line)
        answer = None
        # If anything goes wrong inside the algebra, the text counts as unreadable.
        with contextlib.suppress(Exception):
            # No time limit from math-verify; the timer replaces it.
            first, *others = [parse(text, parsing_timeout=0) for text in texts]
            if question == "same":
                answer = bool(first and others[0]) and verify(first, others[0], timeout_seconds=None)
            elif first:
                answer = canonical(first[0])
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps(answer), flush=True)


def canonical(answer: Any) -> str:
    """A string for a sympy object, or for the plain text that math-verify returns if it found no mathematics."""
    import sympy

    match answer:
        case str():
            return " ".join(answer.lower().split())
        case sympy.Equality() if answer.lhs.is_Symbol:
            return canonical(answer.rhs)
        case sympy.Tuple():
            return f"({', '.join(map(canonical, answer))})"
        case sympy.FiniteSet():
            return f"{{{', '.join(sorted(map(canonical, answer)))}}}"
        case sympy.Symbol():
            return str(answer).lower() if len(str(answer)) > 1 else str(answer)
    simple = sympy.simplify(answer)
    if isinstance(simple, sympy.Expr):
        exact = sympy.nsimplify(simple, rational=True) if simple.has(sympy.Float) else simple
        simple = sympy.cancel(exact)  # one form for every way to write a rational function
    return str(simple)


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    work(float(sys.argv[1]))
