"""The lines amount to the scene, say each change once, and are few; a text of them stays as short as its scene is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.javascript import javascript
from tests.render.growth import beam, tree_search, truths
from tests.render.reading import fold
from tts_viz.core.events import Event
from tts_viz.core.tree import Tree
from tts_viz.render.scene import Mark, Scene, SceneNode, scene
from tts_viz.render.wire import SLACK, STATUS, TRUTH, Lines, Stream


@st.composite
def scenes(draw: st.DrawFn) -> list[Scene]:
    """Moments of something like a search: nodes come, change in every way, and sometimes go."""
    nodes: dict[str, SceneNode] = {"0": SceneNode("0", None, 0, "question", "root")}
    moments = []
    score = st.none() | st.integers(0, 1000).map(lambda n: n / 1000)
    status, truth = st.sampled_from(list(STATUS.values())), st.sampled_from(list(TRUTH.values()))
    looks = st.tuples(st.text(max_size=5), status, score, score, truth, st.sampled_from(["", "25·3 is 75"]))
    for _ in range(draw(st.integers(1, 5))):
        for _ in range(draw(st.integers(0, 5))):
            parent = nodes[draw(st.sampled_from(list(nodes)))]
            key = draw(st.sampled_from(["0", "1", "2", "r0", "u0", "+", "07"]))
            if (id := f"{parent.id}.{key}") not in nodes:
                nodes[id] = SceneNode(id, parent.id, parent.depth + 1, *draw(looks))
        for id in draw(st.lists(st.sampled_from(list(nodes)), max_size=3)):
            nodes[id] = SceneNode(id, nodes[id].parent, nodes[id].depth, *draw(looks))
        if draw(st.integers(0, 5)) == 0:
            gone = draw(st.sampled_from(list(nodes)))
            if gone != "0":
                nodes = {id: n for id, n in nodes.items() if not f"{id}.".startswith(f"{gone}.")}
        marks = tuple(draw(st.lists(st.builds(Mark, st.integers(0, 9), st.text(max_size=4)), max_size=2)))
        chosen = draw(st.none() | st.sampled_from(list(nodes)))
        moments.append(Scene(dict(nodes), chosen, marks, draw(st.sampled_from(["last", "min"]))))
    return moments


@settings(deadline=None)
@given(scenes())
def test_folding_the_lines_gives_the_scene_at_every_moment(moments: list[Scene]) -> None:
    stream, lines, kept = Stream("run"), Lines("run"), ""
    for moment in moments:
        before, after = stream.text, stream.send(moment)
        assert after.startswith(before) or json.loads(after)["all"]
        kept += lines.next(moment)
        assert fold(after) == fold(kept) == moment


def test_every_line_names_the_run_and_the_first_is_complete() -> None:
    stream = Stream("k3")
    grow(stream, beam())
    said = [json.loads(line) for line in stream.text.splitlines()]
    assert all(s["run"] == "k3" for s in said)
    assert [s.get("all") for s in said] == [1, *[None] * (len(said) - 1)]
    moment = fold(stream.text)
    assert fold(Stream("k3").send(moment)) == moment


def test_nothing_is_said_twice() -> None:
    stream = Stream("run")
    tree = grow(stream, beam())
    before = stream.text
    assert stream.send(scene(tree, truths(tree))) == before


def test_a_step_to_show_is_named_once_and_only_when_it_is_there() -> None:
    stream = Stream("run")
    tree = grow(stream, beam())
    now = scene(tree, truths(tree))
    last = list(now.nodes)[-1]
    before = stream.send(now, "0.99.99")
    assert "show" not in before
    after = stream.send(now, last)
    assert json.loads(after.removeprefix(before)) == {"run": "run", "show": [len(now.nodes) - 1, 1]}
    assert stream.send(now, last) == after
    assert fold(after) == now


@pytest.mark.parametrize(
    "search", [lambda: beam(256, 4, 20), lambda: tree_search(5000, 30)], ids=["beam search", "tree search"]
)
def test_thirty_updates_of_a_tree_of_five_thousand_cost_at_most_250_kb(
    search: Callable[[], Iterator[list[Event]]],
) -> None:
    rounds = list(search())
    # The beam's rounds come in threes (grown, scored, decided), seen together more often than not.
    size = -(-len(rounds) // 30)
    stream = Stream("2f6c1d0e9b7a4853")
    tree = grow(stream, [list(chain(*rounds[i : i + size])) for i in range(0, len(rounds), size)])
    assert len(tree.nodes) >= 5000
    assert len(stream.text.encode()) <= 250_000


def grow(stream: Stream, rounds: Iterable[list[Event]]) -> Tree:
    tree = Tree()
    for events in rounds:
        for event in events:
            tree.apply(event)
        stream.send(scene(tree, truths(tree)))
    return tree


def test_looking_back_makes_the_text_shorter_not_longer() -> None:
    events = list(chain(*beam(32, 4, 8)))
    stream, tree = Stream("run"), Tree.fold(events)
    stream.send(scene(tree, truths(tree)))
    for end in range(len(events) - 5, len(events) - 505, -5):
        tree = Tree.fold(events[:end])
        now = scene(tree, truths(tree))
        assert len(stream.send(now)) <= 2 * len(Stream("run").send(now)) + SLACK
        assert fold(stream.text) == now


def test_whatever_changes_to_and_fro_the_text_stays_about_as_long_as_its_scene() -> None:
    tree = Tree.fold(chain(*beam()))
    one = scene(tree, truths(tree))
    other = replace(one, nodes={id: node._replace(pinned=True) for id, node in one.nodes.items()})
    stream, longest = Stream("run"), 2 * len(Stream("run").send(other)) + SLACK
    sent = 0
    for turn in range(1000):
        before, now = stream.text, (one, other)[turn % 2]
        text = stream.send(now)
        sent += len(text) - len(before) if text.startswith(before) else len(text)
        assert len(text) <= longest
        assert fold(text) == now
    assert sent < 2 * 1000 * len(Lines("run").next(one))


SEEN = """(texts) => {
  const scene = makeScene();
  return texts.map((text) => {
    scene.take(text);
    const seen = (n) => [n.id, n.parent?.id ?? null, n.depth, n.text, n.status, n.score, n.reward, n.truth, n.reason,
      n.pinned, n.lostHere];
    return [scene.chosen?.id ?? null, scene.aggregation, scene.nodes.map(seen)];
  });
}"""


def test_the_browser_reads_the_same_scenes_also_after_a_look_back_and_where_it_missed_some() -> None:
    rounds = list(beam(8, 2, 4, lookahead=1))
    stream, said = Stream("run"), []
    for end in [*range(1, len(rounds) + 1), 5, 3, 4, 1, len(rounds)]:
        tree = Tree.fold(chain(*rounds[:end]))
        drawn = scene(tree, truths(tree), list(tree.nodes)[-1])
        said.append((stream.send(drawn), drawn))
    for heard in (said, said[::2], said[::-1], said[1::3]):
        theirs = javascript(
            "import { makeScene } from 'tts_viz/render/browser/tree_fold.js';", SEEN, [text for text, _ in heard]
        )
        assert theirs == [[s.chosen, s.aggregation, [list(node) for node in s.nodes.values()]] for _, s in heard]
