"""The forest of kept keys and values, and the passes that fill it."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

from tests.engines.models import llama, qwen
from tts_viz.engines.kv import reader as reading
from tts_viz.engines.kv.forest import Forest, Segment
from tts_viz.engines.kv.reader import Reader


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
    ("limit", "row_bytes"),
    [(1 << 30, reading.ROW_BYTES), (20_000, reading.ROW_BYTES), (0, reading.ROW_BYTES), (1 << 30, 1)],
    ids=["kept", "some", "forgotten", "one by one"],
)
def test_every_way_of_reading_ends_where_the_whole_text_does(
    model: Any, limit: int, row_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROW_BYTES", row_bytes)
    rng = random.Random(0)
    forest = Forest(limit)
    reader = Reader(model, forest)
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
    assert counts == [6, 3, 0, 4]
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


def filled(segment: Segment, tokens: int) -> Segment:
    segment.kv = [(torch.zeros(1, tokens, 1), torch.zeros(1, tokens, 1))]
    return segment


def test_the_least_recently_used_are_forgotten_first_and_never_the_path_of_a_live_one() -> None:
    forest = Forest(limit=1000)  # a token is 8 bytes here
    forest.tick()
    old = filled(forest.find([(1,), (2,)]), 50)
    trunk = filled(forest.find([(3,)]), 40)
    forest.tick()
    live = filled(forest.find([(3,), (4,)]), 45)
    forest.forget()
    assert not old.kv
    assert trunk.kv and live.kv
    assert forest.find([(3,), (4,)]) is live
    assert forest.find([(1,), (2,)]) is not old


def test_the_batch_at_work_is_never_forgotten() -> None:
    forest = Forest(limit=0)
    forest.tick()
    live = filled(forest.find([(3,), (4,)]), 45)
    forest.forget()
    assert live.kv
    forest.tick()
    forest.forget()
    assert not live.kv
