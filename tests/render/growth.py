"""Trees that grow like real ones, as traces: a beam search on countdown-like steps, and a tree search."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict

from tts_viz.core.events import Decided, Event, Expanded, Scored, Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.tasks.base import Problem, StepTruth

QUESTION = "Make 57 from 2 3 14 25"


def started() -> Started:
    return Started(QUESTION, Settings("beam", {"n": 16, "m": 4}), problem=asdict(Problem("", "", QUESTION, QUESTION)))


def step(rng: random.Random) -> str:
    a, b = rng.randint(1, 99), rng.randint(1, 99)
    return f"{a}+{b}={a + b} left {' '.join(str(rng.randint(1, 99)) for _ in range(rng.randint(1, 4)))}"


def beam(n: int = 16, m: int = 4, depth: int = 6, seed: int = 0, lookahead: int = 0) -> Iterator[list[Event]]:
    """Rounds of a beam search: grown, scored, then pruned."""
    rng = random.Random(seed)
    yield [started()]
    frontier, width = ["0"], n
    for level in range(1, depth + 1):
        grown, events = [], []
        for parent in frontier:
            for k in range(width):
                grown.append(f"{parent}.{k}")
                finish = "eos" if level == depth else "step"
                events.append(Expanded(parent, grown[-1], step(rng), finish=finish))
        yield events
        scored: list[Event] = []
        for id in grown:
            at = id
            for _ in range(lookahead):
                scored.append(Expanded(at, f"{at}.r0", step(rng), node_kind="rollout"))
                at = f"{at}.r0"
        yield [*scored, *(Scored(id, (rng.random(),)) for id in grown)]
        scores = {id: rng.random() for id in grown}
        ranked = sorted(grown, key=lambda id: -scores[id])
        frontier, lost = ranked[: max(1, n // m)], ranked[max(1, n // m) :]
        yield [Decided(tuple(frontier), tuple(lost), scores, "last", level)]
        width = m


def tree_search(nodes: int, rounds: int, seed: int = 0) -> Iterator[list[Event]]:
    """Rounds of a tree search that expands, again and again, some promising leaf into four scored children."""
    rng = random.Random(seed)
    yield [started()]
    leaves, depth, made = ["0"], {"0": 0}, 0
    for turn in range(rounds):
        events: list[Event] = []
        while made < nodes * (turn + 1) // rounds:
            at = leaves.pop(min(int(rng.expovariate(0.15)), len(leaves) - 1))
            for k in range(4):
                id = f"{at}.{k}"
                depth[id] = depth[at] + 1
                events += [
                    Expanded(at, id, step(rng), finish="eos" if depth[id] >= 12 else "step"),
                    Scored(id, (rng.random(),)),
                ]
                if depth[id] < 12:
                    leaves.append(id)
            made += 4
            rng.shuffle(leaves)
        yield events


def truths(tree: Tree, seed: int = 0) -> dict[str, StepTruth]:
    """A made-up checker's word on every step: some false, some that lose the goal."""
    said: dict[str, StepTruth] = {}
    for node in tree.nodes.values():
        if node.parent is None:
            continue
        chance = random.Random(f"{seed} {node.id}").random()
        above = said.get(node.parent.id)
        reachable = chance > 0.25 and (above is None or above.reachable)
        said[node.id] = StepTruth(chance > 0.12, reachable, "25·3 is 75, not 85" if chance <= 0.12 else "no way to 57")
    return said
