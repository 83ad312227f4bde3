"""A sweep as NumPy arrays: its arms, and each solution's score under every aggregation.

Derived arrays are cached as long as the sweep exists, since several figures use them. Knows nothing about votes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tts_viz.core.aggregation import STEP_AGGREGATIONS
from tts_viz.lab.sweeps.spec import Arm, parameters
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.strategies import STRATEGIES

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
T = TypeVar("T")

AXES: dict[str, str] = {
    "generations": "generations",
    "tokens": "tokens, read or written by either model",
    "flops": "FLOPs, verifier included",
    "seconds": "seconds",
}
"""The four measures of a search's cost, and their units."""

PARTS: dict[str, tuple[str, ...]] = {
    "generations": ("generations",),
    "tokens": ("generated", "read", "verified"),
    "flops": ("policy_flops", "verifier_flops"),
    "seconds": ("seconds",),
}
"""axis: the columns that add up to it"""


FASTER: dict[str, Callable[[Floats, Ints, Ints], Floats]] = {
    "last": lambda flat, starts, sizes: flat[starts + sizes - 1],
    "min": lambda flat, starts, sizes: np.minimum.reduceat(flat, starts),
    "product": lambda flat, starts, sizes: np.multiply.reduceat(flat, starts),
    "mean": lambda flat, starts, sizes: np.add.reduceat(flat, starts) / sizes,
}
"""Step aggregations vectorised over all lists. Any other is computed list by list: same result, only slower."""


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """An arm of the sweep, with all its budgets and seeds.

    `default`: uses the spec's own policy, verifier, temperature and aggregation, so that it is comparable with others.
    """

    name: str
    strategy: str
    policy: str
    verifier: str
    budgets: tuple[int, ...]
    length: int | None
    rollouts: int
    default: bool

    @property
    def independent(self) -> bool:
        return STRATEGIES[self.strategy].independent

    @property
    def chains(self) -> bool:
        return STRATEGIES[self.strategy].chains is not None

    @property
    def greedy(self) -> bool:
        return STRATEGIES[self.strategy].greedy

    @property
    def verified(self) -> bool:
        return STRATEGIES[self.strategy].verified


class SweepArrays:
    """See the module. Rows are in the order of `sweep.solutions`; problems are numbered as in `problems`."""

    def __init__(self, sweep: Sweep) -> None:
        # Do not hold the sweep itself, so that it can be freed.
        self.spec, self.about = sweep.spec, sweep.about
        self.table: pd.DataFrame = sweep.solutions
        self._kept: dict[Hashable, Any] = {}
        self.run = self.whole("run")
        self.place = self.whole("place")
        self.arm = self.table["arm"].astype(str).to_numpy()
        self.budget = self.whole("budget")
        problem = self.table["problem"].astype(str).to_numpy()
        names, first, self.problem = np.unique(problem, return_index=True, return_inverse=True)
        # In the order of the spec, by task and level.
        order = np.argsort(first)
        self.problem = np.argsort(order)[self.problem]
        self.problems: NDArray[Any] = names[order]
        self.task = self.table["task"].astype(str).to_numpy()[first[order]]
        self.level = self.whole("level")[first[order]]
        self.right = self.table["right"].fillna(False).to_numpy(dtype=bool)
        self.kinds = {kind.name: kind for kind in _kinds(sweep)}
        self._rows = {
            str(name): np.asarray(rows) for name, rows in self.table.groupby("arm", observed=True).indices.items()
        }

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """The cached result of `make`."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def whole(self, column: str) -> Ints:
        """A column of integers; 0 where missing."""
        return self.kept(("whole", column), lambda: self.table[column].fillna(0).to_numpy(dtype=np.intp))

    @property
    def chain(self) -> Ints:
        """Each row's chain of revisions in its run; −1 if it is in none."""
        return self.kept("chain", lambda: self.table["chain"].fillna(-1).to_numpy(dtype=np.intp))

    def rows(self, arm: str, budget: int | None = None) -> Ints:
        """The rows of an arm; with `budget`, only those run at that budget."""
        rows = self._rows.get(arm, np.empty(0, dtype=np.intp))
        return rows if budget is None else rows[self.budget[rows] == budget]

    @property
    def answer(self) -> Ints:
        """Equal answers to one problem have equal numbers; −1 is no answer."""
        return self.kept("answer", self._answers)

    def _answers(self) -> Ints:
        codes, names = pd.factorize(self.table["answer"])
        numbered, _ = pd.factorize(self.problem * (len(names) + 1) + codes)
        return np.where(codes < 0, -1, numbered)

    def score(self, aggregation: str) -> Floats:
        """Each row's score, aggregated from its steps' scores; NaN if the verifier did not read it."""
        return self.kept(("score", aggregation), lambda: reduced(self.rewards, aggregation))

    @property
    def rewards(self) -> Ragged:
        return self.kept("rewards", lambda: Ragged.of(self.table["rewards"].to_numpy()))

    def of_task(self, task: str) -> NDArray[np.bool_]:
        """A mask of the problems of this task; "all" means every task."""
        return (self.task == task) | (task == "all")

    def column(self, name: str) -> Ragged:
        """A column of lists, as ragged arrays."""
        return self.kept(("ragged", name), lambda: Ragged.of(self.table[name].to_numpy()))

    def cost(self, rows: Ints, axis: str, verified: bool = True) -> Floats:
        """The cost of these rows' own steps, in tokens, FLOPs or seconds. `verified`: with the verifier (always in seconds)."""
        return self._cost("", axis, verified)[rows]

    def total(self, rows: Ints, axis: str) -> Floats:
        """The cost of these rows' whole runs."""
        return self._cost("total_", axis, True)[rows]

    def _cost(self, prefix: str, axis: str, verified: bool) -> Floats:
        parts = [prefix + part for part in PARTS[axis] if verified or not part.startswith("verifie")]
        return self.kept(("cost", *parts), lambda: self.table[parts].fillna(0).to_numpy(dtype=float).sum(axis=1))

    def prompt(self, rows: Ints, axis: str, verified: bool = True) -> Floats:
        """The cost of reading the problem, once, in the runs of these rows."""
        read = self.whole("prompt_read")[rows].astype(float)
        by_verifier = self.whole("prompt_verified")[rows].astype(float) * verified
        if axis == "tokens":
            return read + by_verifier
        if axis == "flops":
            policy, verifier = self._parameters
            return 2.0 * (policy[rows] * read + verifier[rows] * by_verifier)
        return np.zeros(len(rows))

    @property
    def _parameters(self) -> tuple[Floats, Floats]:
        """The number of parameters of each row's policy and verifier."""

        def make() -> tuple[Floats, Floats]:
            policy, verifier = np.zeros(len(self.run)), np.zeros(len(self.run))
            for name, kind in self.kinds.items():
                rows = self.rows(name)
                policy[rows], verifier[rows] = self.parameters(kind.policy), self.parameters(kind.verifier)
            return policy, verifier

        return self.kept("parameters", make)

    def parameters(self, model: str) -> int:
        return int(self.about["models"][model]["parameters"])


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of different lengths, concatenated: `flat[starts[i] : starts[i] + sizes[i]]` is list `i`; missing ones are empty."""

    flat: Floats
    starts: Ints
    sizes: Ints

    @classmethod
    def of(cls, lists: Iterable[Any]) -> Ragged:
        some = [() if one is None or isinstance(one, float) else one for one in lists]
        sizes = np.array([len(one) for one in some], dtype=np.intp)
        flat = np.concatenate([np.asarray(one, dtype=float) for one in some if len(one)] or [np.empty(0)])
        return cls(flat, np.cumsum(sizes) - sizes, sizes)

    def __getitem__(self, i: int) -> Floats:
        return self.flat[self.starts[i] : self.starts[i] + self.sizes[i]]

    def entries(self, rows: Ints) -> tuple[Ints, Ints, Ints]:
        """For every entry of these rows: the row, its depth from 0, and its index in `flat`."""
        sizes = self.sizes[rows]
        row = np.repeat(rows, sizes)
        depth = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return row, depth, self.starts[row] + depth


def reduced(lists: Ragged, aggregation: str) -> Floats:
    """`aggregation.steps` of every list; NaN for an empty list."""
    some = np.flatnonzero(lists.sizes)
    found = np.full(len(lists.sizes), np.nan)
    if not len(some):
        return found
    starts, sizes = lists.starts[some], lists.sizes[some]
    if aggregation in FASTER:
        found[some] = FASTER[aggregation](lists.flat, starts, sizes)
    else:
        of, flat = STEP_AGGREGATIONS.named(aggregation).of, lists.flat.tolist()
        found[some] = [of(flat[start : start + size]) for start, size in zip(starts.tolist(), sizes.tolist())]
    return found


_ARRAYS: WeakKeyDictionary[Sweep, SweepArrays] = WeakKeyDictionary()


def sweep_arrays(sweep: Sweep) -> SweepArrays:
    """The sweep as arrays, cached as long as the sweep exists."""
    if sweep not in _ARRAYS:
        _ARRAYS[sweep] = SweepArrays(sweep)
    return _ARRAYS[sweep]


def _kinds(sweep: Sweep) -> list[ArmSummary]:
    spec = sweep.spec
    named: dict[str, list[Arm]] = {}
    for arm in spec.arms:
        named.setdefault(arm.name, []).append(arm)
    found = []
    for name, arms in named.items():
        arm = arms[0]
        policy, verifier = spec.models(arm)
        like_the_spec = (arm.temperature in (None, spec.temperature), arm.aggregation in (None, spec.aggregation))
        found.append(
            ArmSummary(
                name, arm.strategy, policy, verifier, tuple(sorted({b for a in arms for b in a.budgets})),
                _chain_length(arm), arm.rollouts,
                (policy, verifier) == (spec.policy, spec.verifier) and all(like_the_spec),
            )
        )  # fmt: skip
    return found


def _chain_length(arm: Arm) -> int | None:
    """The length of its chains at its largest budget; None without chains."""
    chains = STRATEGIES[arm.strategy].chains
    return int(parameters(arm.strategy, arm.knobs, max(arm.sizes))[chains.length]) if chains else None
