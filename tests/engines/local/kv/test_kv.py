"""The forest of kept keys and values, and the passes that fill it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.engines.local.models import llama, qwen
from tests.work import lines_run
from tts_viz.engines.local.kv import segments
from tts_viz.engines.local.kv.reader import Reader
from tts_viz.engines.local.kv.segments import Forest, Segment


def paths(rng: random.Random, many: int) -> list[list[tuple[int, ...]]]:
    """Paths that share beginnings, with segments of one to nine tokens."""
    found: list[list[tuple[int, ...]]] = [[]]
    while len(found) <= many:
        segment = tuple(rng.randrange(4, 30) for _ in range(rng.choice((1, 1, 2, 5, 9))))
        found.append([*rng.choice(found[-9:]), segment])
    return found[1:]


@torch.inference_mode()
def whole(model: Any, path: list[tuple[int, ...]]) -> torch.Tensor:
    tokens = [token for segment in path for token in segment]
    return model.model(input_ids=torch.tensor([tokens])).last_hidden_state[0, -1]


@pytest.mark.parametrize("model", [llama(), llama(attention="eager"), qwen()], ids=["sdpa", "eager", "qwen"])
@pytest.mark.parametrize(
    ("limit", "row_bytes", "scores"),
    [(1 << 30, 512 << 20, 1 << 26), (20_000, 512 << 20, 1 << 26), (0, 512 << 20, 1 << 26), (1 << 30, 1, 1 << 26),
     (1 << 30, 512 << 20, 1)],
    ids=["kept", "some", "forgotten", "one by one", "query by query"],
)  # fmt: skip
def test_every_way_of_reading_ends_where_the_whole_text_does(
    model: Any, limit: int, row_bytes: int, scores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_viz.engines.local.kv.attention.MOST_SCORES", scores)
    rng = random.Random(0)
    forest = Forest(limit)
    reader = Reader(model, forest, row_bytes)
    known = paths(rng, 30)
    for _ in range(3):
        forest.tick()
        chosen = rng.sample(known, 12)
        ends = [forest.find(path) for path in chosen]
        with torch.inference_mode():
            reader.read(ends)
        for path, end in zip(chosen, ends):
            assert end.tail is not None
            assert torch.allclose(end.tail, whole(model, path), atol=1e-4)
            assert all(s.known == len(s.tokens) for s in end.path())
        forest.forget()


def test_each_token_is_read_once_on_the_account_of_the_first_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    forest = Forest(1 << 30)
    reader = Reader(llama(), forest)
    passes: list[tuple[int, ...]] = []
    forward = reader.forward

    def counting(tokens: Any, counts: Any, cache: Any) -> Any:
        passes.append(tuple(counts.tolist()))
        return forward(tokens, counts, cache)

    monkeypatch.setattr(reader, "forward", counting)
    prompt, a, b, c = (5, 6, 7), (8, 9), (10,), (11, 12, 13)
    with torch.inference_mode():
        counts = reader.read([forest.find(p) for p in ([prompt, a, b], [prompt, a, c], [prompt, a], [prompt, c, b])])
    assert [(c.tokens, c.again) for c in counts] == [(6, 0), (3, 0), (0, 0), (4, 0)]
    assert passes == [(6,), (3, 4)]  # a whole path is one row; who shares its beginning waits
    assert sum(map(sum, passes)) == 13


def test_a_long_text_does_not_make_short_ones_read_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    forest = Forest(1 << 30)
    reader = Reader(llama(), forest)
    shapes: list[tuple[int, ...]] = []
    forward = reader.forward

    def noting(tokens: Any, counts: Any, cache: Any) -> Any:
        shapes.append(tuple(tokens.shape))
        return forward(tokens, counts, cache)

    monkeypatch.setattr(reader, "forward", noting)
    with torch.inference_mode():
        reader.read([forest.find([(i,)]) for i in range(4, 34)] + [forest.find([(5, 6) * 50])])
    assert shapes == [(30, 1), (1, 100)]


def filled(forest: Forest, path: list[tuple[int, ...]], tokens: int, search: str = "") -> Segment:
    segment = forest.find(path, search)
    forest.hold(segment, [(torch.zeros(1, tokens, 1), torch.zeros(1, tokens, 1))], None)
    return segment


def test_the_least_recently_used_are_forgotten_first_and_never_the_path_of_a_live_one() -> None:
    forest = Forest(limit=1000)  # a token is 8 bytes here
    forest.tick()
    old = filled(forest, [(1,), (2,)], 50)
    trunk = filled(forest, [(3,)], 40)
    forest.tick()
    live = filled(forest, [(3,), (4,)], 45)
    forest.forget()
    assert not old.kv
    assert trunk.kv and live.kv
    assert forest.find([(3,), (4,)]) is live
    assert forest.known([(1,), (2,)]) is old and old.lost and not live.lost


def test_the_batch_at_work_is_never_forgotten() -> None:
    forest = Forest(limit=0)
    forest.tick()
    live = filled(forest, [(3,), (4,)], 45)
    forest.forget()
    assert live.kv
    forest.tick()
    forest.forget()
    assert not live.kv


def test_what_was_forgotten_is_known_to_be_read_again() -> None:
    forest = Forest(1 << 30)
    reader = Reader(llama(), forest)
    prompt, a, b = (5, 6, 7), (8, 9), (10,)
    with torch.inference_mode():
        reader.read([forest.find([prompt, a, b])])
        forest.lose(forest.find([prompt, a]))
        (read,) = reader.read([forest.find([prompt, a, b, (11, 12)])])
        assert (read.tokens, read.again) == (5, 3)
        (read,) = reader.read([forest.find([prompt, a, b, (13,)])])
        assert (read.tokens, read.again) == (1, 0)


def test_so_many_forgotten_segments_are_kept_in_mind_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_viz.engines.local.kv.segments.MOST_LOST", 2)
    forest = Forest(limit=0)
    for token in range(4):
        filled(forest, [(token,)], 9, search=str(token))
    forest.tick()
    live = filled(forest, [(9,)], 9, search="live")
    forest.forget()
    assert forest.known([(1,)], "1") is None and forest.known([(9,)], "live") is live
    assert list(forest.roots) == ["live"]


@pytest.mark.parametrize("raised", [torch.OutOfMemoryError("CUDA"), RuntimeError("can't allocate memory")])
def test_where_memory_runs_out_half_as_many_are_read_at_once(
    raised: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = llama()
    forest = Forest(1 << 30)
    reader = Reader(model, forest)
    forward, before = reader.forward, reader.row_bytes

    def small(tokens: Any, counts: Any, cache: Any) -> Any:
        if len(tokens) > 2:
            raise raised
        return forward(tokens, counts, cache)

    monkeypatch.setattr(reader, "forward", small)
    chosen = [[(5, 6), (token,)] for token in range(7, 14)]
    forest.tick()
    ends = [forest.find(path) for path in chosen]
    with torch.inference_mode():
        reader.read(ends)
    for path, end in zip(chosen, ends):
        assert end.tail is not None and torch.allclose(end.tail, whole(model, path), atol=1e-4)
    assert reader.row_bytes < before


def grown(branches: int) -> Forest:
    """Searches of ten steps each, a token of 8 bytes a step, read one after the other."""
    forest = Forest(limit=1 << 40)
    for branch in range(branches):
        forest.tick()
        for step in range(1, 11):
            filled(forest, [(i,) for i in range(step)], 1, search=str(branch))
    forest.tick()
    return forest


@pytest.mark.parametrize("what", ["nothing", "a branch", "a search"])
def test_to_forget_costs_what_is_forgotten_not_what_is_kept(what: str) -> None:
    def work(forest: Forest) -> Callable[[], object]:
        branch = forest.known([(0,), (1,)], "7")
        assert branch and branch.kv
        return {
            "nothing": forest.forget,
            "a branch": lambda: forest.lose(branch),
            "a search": lambda: forest.close("7"),
        }[what]

    few, many = (lines_run(work(grown(branches)), segments) for branches in (20, 400))
    assert few == many


def test_a_fifth_is_forgotten_at_a_fixed_price_a_segment() -> None:
    def price(branches: int) -> float:
        forest = grown(branches)
        held = len(forest._by_use)
        lines = lines_run(lambda: forest.forget(forest.size - 1), segments)
        gone = held - len(forest._by_use)
        assert 0.15 < gone / held < 0.25
        return lines / gone

    assert price(400) == pytest.approx(price(20), rel=0.1)


def test_what_is_held_is_what_the_segments_hold_however_it_comes_and_goes() -> None:
    rng, forest = random.Random(0), Forest(limit=400)
    for _ in range(600):
        path = [(rng.randrange(3),) for _ in range(rng.randint(1, 4))]
        match rng.randrange(5):
            case 0:
                forest.tick()
            case 1:
                forest.forget()
                assert forest.size <= 400 or all(s.used == forest._clock for s in everything(forest) if s.kv)
            case 2 if found := forest.known(path, "a"):
                forest.lose(found)
            case 3 if rng.random() < 0.05:
                forest.close("a")
            case _:
                for depth in range(1, len(path) + 1):  # as a reader does: a step is read after those before it
                    filled(forest, path[:depth], rng.randint(1, 9), rng.choice("ab"))
        held = [s for s in everything(forest) if s.kv]
        assert forest.size == sum(k.nbytes + v.nbytes for s in held for k, v in s.kv)
        assert set(forest._by_use) == set(held)
        assert {s for s in everything(forest) if s.lost} == set(forest._lost)


def everything(forest: Forest) -> list[Segment]:
    found = list(forest.roots.values())
    for segment in found:
        found.extend(segment.children.values())
    return found
