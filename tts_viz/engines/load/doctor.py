"""The format doctor: which format a verifier was found to have, and whether its scores in that format make sense.

A process reward model that is fed in a slightly wrong format returns garbage without an error. So two canned solutions of
one problem, a right one and one with a false step, are scored and the scores are checked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal, Protocol, runtime_checkable

import torch

from tts_viz.engines.base import ScoreRequest, Verifier
from tts_viz.engines.load.verifier import load_prm, on_server
from tts_viz.engines.local.verifier import TransformersVerifier
from tts_viz.engines.model_spec import parse_model_spec
from tts_viz.engines.prm.base import PRMFormat
from tts_viz.engines.prm.formats import DetectedFormat
from tts_viz.engines.server.address import is_server
from tts_viz.engines.tokens import Tokens, encoded
from tts_viz.errors import EngineError

CheckVerdict = Literal["ok", "doubt", "bad"]


@runtime_checkable
class Formatted(Verifier, Protocol):
    """A verifier that reads steps in one of the registered formats, in this process or on a server."""

    format: PRMFormat


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    verdict: CheckVerdict
    said: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`found`: (property, value) as text; `checks` in the order they were made."""

    verifier: str
    found: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> CheckVerdict:
        """The worst verdict of all checks."""
        worse: tuple[CheckVerdict, ...] = ("bad", "doubt", "ok")
        return next(v for v in worse if v == "ok" or any(c.verdict == v for c in self.checks))


@dataclass(frozen=True, slots=True)
class Canned:
    """A problem with a right solution, and one whose step number `slip` (from 0) is the first false one."""

    prompt: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    slip: int


WORDS = Canned(
    "A box holds 3 red and 4 blue marbles. Anna takes 2 of them out. How many marbles are left in the box?",
    (
        "At first there are 3 + 4 = 7 marbles in the box.",
        "After Anna has taken 2 out, 7 - 2 = 5 are left.",
        "The answer is \\boxed{5}.",
    ),
    (
        "At first there are 3 + 4 = 7 marbles in the box.",
        "After Anna has taken 2 out, 7 - 2 = 9 are left.",
        "The answer is \\boxed{9}.",
    ),
    1,
)

PUZZLE = Canned(
    "Make 24 from 1 3 8\n", ("8*3=24 left 1 24", "24*1=24 left 24"), ("8*3=25 left 1 25", "25-1=24 left 24"), 0
)
"""For verifiers whose tokenizer has no words, such as the embedded one."""

CLOSE = {torch.float32: 1e-3, torch.float64: 1e-3}
"""Allowed difference between rewards read step by step and in one pass; 0.03 in half precision."""


def examine(name: str, device: str = "auto") -> Diagnosis:
    """Raises ValueError for a verifier that cannot be loaded or is no model, and EngineError for a server that fails."""
    if name == "oracle" or name.startswith("noisy:"):
        raise ValueError(f"{name} is no model: there is nothing to examine")
    return diagnose(*(on_server(name) if is_server(name) else load_prm(parse_model_spec(name), device)))


def diagnose(verifier: Formatted, found: DetectedFormat) -> Diagnosis:
    """Raises EngineError for a server that fails, because it cannot be examined without an answer."""
    format = verifier.format
    here = verifier if isinstance(verifier, TransformersVerifier) else None
    tokenizer = format.tokenizer
    canned = WORDS if _knows_words(tokenizer) else PUZZLE
    separator = _separator(format)
    facts = (
        ("format", f"{found.format}, since {found.why}"),
        *(_model(here) if here else [("model", "on a server")]),
        ("after each step", f"{_named(tokenizer, separator)}" if separator else "nothing"),
    )
    try:
        right, wrong = (_rewards(verifier, canned, steps) for steps in (canned.right, canned.wrong))
    except EngineError as error:
        if not here:
            raise
        return Diagnosis(verifier.name, facts, (Check("the canned solutions can be read", "bad", str(error)),))
    checks = (
        _check_score_count(canned, right, wrong),
        _check_separator(format, separator, found.entry.tag),
        *([_check_incremental(here, canned, right)] if here else []),
        _check_tokenization(format, canned, tokenizer),
        _check_scores(canned, right, wrong),
    )
    return Diagnosis(verifier.name, facts, checks)


def _model(verifier: TransformersVerifier) -> list[tuple[str, str]]:
    model = verifier.model
    kind = f"{type(model).__name__}, {verifier.parameters:,} parameters, {str(model.dtype).removeprefix('torch.')}"
    return [("model", kind), ("head", _head(model)), ("context", f"{verifier.reader.context:,} tokens")]


def _rewards(verifier: Verifier, canned: Canned, steps: tuple[str, ...]) -> list[float]:
    """One reward a step, each requested on its own as in a search."""
    requests = [ScoreRequest(canned.prompt, steps[: k + 1], 1) for k in range(len(steps))]
    return [
        reward for request in requests for answer in asyncio.run(verifier.score([request])) for reward in answer.rewards
    ]


def _check_score_count(canned: Canned, right: list[float], wrong: list[float]) -> Check:
    steps = len(canned.right) + len(canned.wrong)
    detail = f"{len(right) + len(wrong)} scores for {steps} steps: {_listed(right)}; with a false step {_listed(wrong)}"
    return Check("one score from 0 to 1 for each step", "ok" if len(right) + len(wrong) == steps else "bad", detail)


def _check_separator(format: PRMFormat, separator: Tokens, tag: bool) -> Check:
    name = "the model can see where a step ends"
    if not separator and not format.closing():
        return Check(name, "bad", "nothing stands after a step; set the separator, as in ?separator=\\n")
    if len(separator) > 2 and tag:
        detail = (
            f"the separator is {len(separator)} tokens, {_named(format.tokenizer, separator)}: was the model trained with it? "
            "The score is read at the last of them"
        )
        return Check(name, "doubt", detail)
    return Check(name, "ok", f"by {_named(format.tokenizer, separator or format.closing())}")


def _check_incremental(verifier: TransformersVerifier, canned: Canned, parts: list[float]) -> Check:
    """Compares the rewards with those of a forward pass of the bare model over the whole text."""
    format, model = verifier.format, verifier.model
    pieces = format.pieces(canned.prompt, canned.prompt.strip(), canned.right)
    read = []
    with torch.inference_mode():
        for k in range(1, len(pieces)):
            ids = [t for piece in pieces[: k + 1] for t in piece] + [*format.closing()]
            hidden = verifier.reader.backbone(input_ids=torch.tensor([ids], device=model.device)).last_hidden_state
            read += format.rewards(model, hidden[0, -1:])
    difference = max(abs(a - b) for a, b in zip(parts, read))
    verdict: CheckVerdict = "ok" if difference <= CLOSE.get(model.dtype, 0.03) else "bad"
    return Check("read in parts as read whole", verdict, f"the scores differ by at most {difference:.1g}")


def _check_tokenization(format: PRMFormat, canned: Canned, tokenizer: Any) -> Check:
    """Does tokenizing step by step give the same tokens as tokenizing the whole text?"""
    name = "steps cut into tokens as the whole text is"
    pieces = [t for piece in format.pieces(canned.prompt, canned.prompt.strip(), canned.right) for t in piece]
    text = tokenizer.decode(pieces, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    if encoded(tokenizer, text) == tuple(pieces):
        return Check(name, "ok", "all tokens are the same")
    return Check(name, "ok", "they are not, so steps are always cut one by one: a score never depends on what follows")


def _check_scores(canned: Canned, right: list[float], wrong: list[float]) -> Check:
    good, false = right[canned.slip], wrong[canned.slip]
    detail = f"step {canned.slip + 1}: {good:.3f} where it is right, {false:.3f} where it is false"
    return Check("the right solution outscores the wrong one", "ok" if good > false else "bad", detail)


def _separator(format: PRMFormat) -> Tokens:
    """The tokens after every step: the common suffix of two different steps."""
    one, other = (format.pieces("?", "?", [text])[1][::-1] for text in ("1+2=3", "50"))
    return tuple(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other)))[::-1]


def _head(model: Any) -> str:
    head = getattr(model, "score", None) or getattr(model, "v_head", None)
    if head is None:
        return "the language model's own"
    layers = [layer for layer in head.modules() if isinstance(layer, torch.nn.Linear)]
    return " → ".join(f"{layer.in_features} × {layer.out_features}" for layer in layers)


def _named(tokenizer: Any, tokens: Tokens) -> str:
    pieces = ", ".join(f"{tokenizer.decode([t])!r} ({t})" for t in tokens)
    return f"{pieces}: {len(tokens)} token{'s' * (len(tokens) > 1)}"


def _knows_words(tokenizer: Any) -> bool:
    text = WORDS.prompt
    return "".join(tokenizer.decode(list(encoded(tokenizer, text))).split()) == "".join(text.split())


def _listed(rewards: list[float]) -> str:
    return " ".join(f"{r:.3f}" for r in rewards)
