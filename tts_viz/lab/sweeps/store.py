"""A sweep's table on disk: one Parquet file with a row per solution; the file's metadata says how it was made.

Votes, aggregations and smaller budgets are computed from it later. Knows nothing about running searches.

Columns. `run` is the run's number in the spec; then its arm, budget, task, level, problem and seed. `place`: the index of
the solution in its run, in the order of requests for independent samples or chains, else in the order of finishing; null in
the single row of a run without solutions. `ended`: false for an independent sample that did not finish (other unfinished
solutions have no row). `rewards`, `valid`, `reachable` and `values` have one entry per step: the verifier's score, the exact
checker's result for the step and for the goal, and the share of continuations that were right (null if none were sampled).
`repeats`: the number of steps with the text of an earlier step. `generations`: those spent when it finished. `generated`,
`read`, `verified` (tokens), `policy_flops`, `verifier_flops` and `seconds` count its own steps; reading the problem, once per
run, is in `prompt_read` and `prompt_verified`. `total_…` is the cost of the whole run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tts_viz.analysis.judge import Judge
from tts_viz.core.budget import Cost
from tts_viz.core.events import Event, Expanded, NoCandidate, NodeId
from tts_viz.core.node import Node
from tts_viz.core.tree import Tree
from tts_viz.errors import SweepFileError
from tts_viz.lab.sweeps.spec import PlannedRun, Spec
from tts_viz.lab.sweeps.spec import parse as parse_spec
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES, make
from tts_viz.strategies.old_parameters import upgraded
from tts_viz.tasks import get_task
from tts_viz.tasks.base import Problem, Split

VERSION = 2
"""In version 1, the spec has the knobs of the first release."""

KEY = b"tts_viz"

DIGITS = 4
"""Decimals of a stored score."""

TOTALS: dict[str, str] = {
    "generated": "generated",
    "read": "prefilled",
    "verified": "verifier_tokens",
    "policy_flops": "policy_flops",
    "verifier_flops": "verifier_flops",
    "seconds": "seconds",
}
"""column: field of `Cost`"""

_text = pa.dictionary(pa.int32(), pa.string())
_cost = {
    "generated": pa.int32(),
    "read": pa.int32(),
    "verified": pa.int32(),
    "policy_flops": pa.float64(),
    "verifier_flops": pa.float64(),
    "seconds": pa.float32(),
}

SCHEMA = pa.schema(
    {
        "run": pa.int32(),
        "arm": _text,
        "budget": pa.int16(),
        "task": _text,
        "level": pa.int8(),
        "problem": _text,
        "seed": pa.int32(),
        "place": pa.int16(),
        "chain": pa.int16(),
        "attempt": pa.int16(),
        "ended": pa.bool_(),
        "answer": pa.string(),
        "right": pa.bool_(),
        "rewards": pa.list_(pa.float32()),
        "valid": pa.list_(pa.bool_()),
        "reachable": pa.list_(pa.bool_()),
        "values": pa.list_(pa.float32()),
        "steps": pa.int16(),
        "repeats": pa.int16(),
        "generations": pa.int16(),
        **_cost,
        "prompt_read": pa.int16(),
        "prompt_verified": pa.int16(),
        "total_generations": pa.int32(),
        **{f"total_{name}": kind for name, kind in _cost.items()},
    }
)


# --- rows ---------------------------------------------------------------------------------------------------------


def ends(tree: Tree, strategy: str) -> list[Node | None]:
    """The ends of a run's solutions, in order of `place`; None for a sample without a single step."""
    if STRATEGIES[strategy].independent:
        samples = make(strategy, tree.settings.parameters).generations
        return [_end(tree.nodes.get(f"0.{i}")) for i in range(samples)]
    if STRATEGIES[strategy].chains:
        return [end for c in tree.root.children if c.kind == "attempt" for end in _chain_ends(c)]
    done = sorted(tree.finished(), key=lambda n: n.born)
    return [*done]


def _chain_ends(start: Node) -> Iterator[Node | None]:
    attempt: Node | None = start
    while attempt:
        end = _end(attempt)
        yield None if end is attempt else end
        attempt = next((c for c in end.children if c.kind == "attempt"), None) if end else None


def _end(node: Node | None) -> Node | None:
    """The end of the line of steps from this node."""
    while node and (after := next((c for c in node.children if c.kind == "step"), None)):
        node = after
    return node


def rows(
    run: PlannedRun, session: Session, parameters: tuple[int, int], values: Mapping[NodeId, float] | None = None
) -> list[dict[str, Any]]:
    """A row for each solution of a finished run. `parameters`: the number of parameters of the policy and the verifier;
    `values`: each step's share of right continuations."""
    tree, judge = session.tree, Judge.of(session.tree)
    truths = judge.truths(tree)
    prompts = _prompts(tree)
    given = session.tree.started
    shared = {
        "run": run.number, "arm": run.arm.name, "budget": run.n, "task": run.task, "level": run.level,
        "problem": given.problem["id"] if given else "", "seed": run.seed,
        "prompt_read": prompts[0].tokens, "prompt_verified": prompts[1].tokens, "total_generations": tree.generations,
        **{f"total_{name}": getattr(tree.spent, field) for name, field in TOTALS.items()},
    }  # fmt: skip
    spent = _generations(session.trace, tree)
    entry = STRATEGIES[run.arm.strategy]
    found: list[dict[str, Any]] = []
    for place, end in enumerate(ends(tree, run.arm.strategy)):
        path = end.path() if end else []
        cost = _own(path, prompts, parameters)
        answer, right = judge.verdict(end) if end and end.finished else (None, None)
        texts = [n.text for n in path]
        scored = bool(path) and all(n.reward is not None for n in path)
        found.append(
            shared
            | {name: getattr(cost, field) for name, field in TOTALS.items()}
            | {
                "place": place,
                "chain": _chain(end) if entry.chains else None,
                "attempt": len(end.earlier()) if end and entry.chains else None,
                "ended": bool(end and end.finished),
                "answer": answer,
                "right": bool(right),
                "rewards": [round(n.reward, DIGITS) for n in path if n.reward is not None] if scored else None,
                "valid": [truths[n.id].valid for n in path] if judge.checks else None,
                "reachable": [truths[n.id].reachable for n in path] if judge.checks else None,
                "values": [values.get(n.id) for n in path] if values else None,
                "steps": len(path),
                "repeats": len(texts) - len(set(texts)),
                "generations": place + 1 if entry.independent else spent.get(end.id if end else "", 0),
            }
        )
    return found or [shared]


def _chain(end: Node | None) -> int | None:
    if end is None:
        return None
    first = [*end.earlier(), end][0].start
    return int(first.id.rpartition("a")[2])


@dataclass(frozen=True, slots=True)
class _Prompt:
    """How many tokens of the problem a model read, and the node whose cost includes them."""

    tokens: int = 0
    node: NodeId = ""


def _prompts(tree: Tree) -> tuple[_Prompt, _Prompt]:
    """The prompt costs of the policy and the verifier."""
    first = [n for n in tree.nodes.values() if n.kind == "step" and n.depth == 1 and not n.earlier()]
    if not first:
        return _Prompt(), _Prompt()
    reader = max(first, key=lambda n: n.cost.prefilled)
    # Besides a step's own tokens, a verifier reads a separator for every node, and the prompt for one node. Equal steps are
    # read once.
    beside = {n.id: n.cost.verifier_tokens - len(n.tokens) for n in first if n.cost.verifier_tokens}
    judge = max(beside, key=lambda id: beside[id], default="")
    apart = min((b for id, b in beside.items() if id != judge), default=0)
    verified = max(0, beside[judge] - apart) if judge else 0
    return _Prompt(reader.cost.prefilled, reader.id), _Prompt(verified, judge)


def _own(path: Sequence[Node], prompts: tuple[_Prompt, _Prompt], parameters: tuple[int, int]) -> Cost:
    """The cost of a solution's steps, without reading the problem."""
    cost = sum((n.cost for n in path), Cost())
    for prompt, size, tokens, flops in zip(
        prompts, parameters, ("prefilled", "verifier_tokens"), ("policy_flops", "verifier_flops")
    ):
        if any(n.id == prompt.node for n in path):
            cost += Cost(**{tokens: -prompt.tokens, flops: -2.0 * size * prompt.tokens})
    return cost


def _generations(trace: Sequence[Event], tree: Tree) -> dict[NodeId, int]:
    """For each node, the generations spent when it arrived."""
    sampled, most, found = Counter[int](), 0, dict[NodeId, int]()
    for event in trace:
        if isinstance(event, Expanded | NoCandidate) and event.cost.policy_calls:
            depth = tree.charged_depth(tree.nodes[event.parent], event.node_kind)
            sampled[depth] += 1
            most = max(most, sampled[depth])
        if isinstance(event, Expanded):
            found[event.node] = most
    return found


def table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), SCHEMA)


# --- files --------------------------------------------------------------------------------------------------------


def write(path: Path, table: pa.Table, about: Mapping[str, Any]) -> None:
    """Write the file atomically, so that it is never incomplete. `about` is plain data."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_bytes(packed(table, about))
    beside.replace(path)


def packed(table: pa.Table, about: Mapping[str, Any]) -> bytes:
    """The bytes of a sweep's file."""
    metadata = json.dumps({"version": VERSION, **about}, ensure_ascii=False)
    out = BytesIO()
    pq.write_table(
        table.replace_schema_metadata({KEY: metadata.encode()}), out, compression="zstd", compression_level=12
    )
    return out.getvalue()


def read(path: Path | BytesIO) -> tuple[pa.Table, dict[str, Any]]:
    """The table and its metadata. Raises `SweepFileError`, and OSError if there is no such file."""
    try:
        found = pq.read_table(path)
        about = json.loads((found.schema.metadata or {})[KEY])
    except (pa.ArrowInvalid, KeyError, ValueError):
        raise SweepFileError(
            f"{path} is not a sweep; make one with `python -m tts_viz sweep SPEC --out {path}`"
        ) from None
    if about.get("version") == 1:
        about["version"] = VERSION
        for arm in about.get("spec", {}).get("arm", []):
            arm["knobs"] = upgraded(str(arm.get("strategy")), arm.get("knobs", {}))
    elif about.get("version") != VERSION:
        raise SweepFileError(f"{path} was written by another version; make it anew")
    return found.cast(SCHEMA), about


def models_of(path: Path) -> tuple[str, ...]:
    """The names of a sweep's models, without reading its table. Raises `SweepFileError` and OSError."""
    try:
        return tuple(json.loads((pq.read_schema(path).metadata or {})[KEY])["models"])
    except (pa.ArrowInvalid, KeyError, ValueError):
        raise SweepFileError(
            f"{path} is not a sweep; make one with `python -m tts_viz sweep SPEC --out {path}`"
        ) from None


class Sweep:
    """A sweep read from disk: `solutions` (a data frame with the columns above), its `spec`, and the metadata `about` it."""

    def __init__(self, path: Path | BytesIO) -> None:
        """Raises `SweepFileError`, `SweepSpecError` and OSError."""
        found, self.about = read(path)
        self.spec: Spec = parse_spec(self.about["spec"])
        solutions = found.to_pandas()
        whole = [name for name in solutions if pd.api.types.is_integer_dtype(solutions[name])]
        self.solutions: pd.DataFrame = solutions.astype(dict.fromkeys(whole, "int64"))

    def parameters(self, model: str) -> int:
        return int(self.about["models"][model]["parameters"])


def problem_of(run: PlannedRun, split: Split) -> Problem:
    """The run's problem."""
    return get_task(run.task).problem(split, run.level, run.index)
