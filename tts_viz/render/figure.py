"""Scene → a plotly figure, for Python and notebooks: the same shapes and colours as on the page (`browser/tree_draw.js`).

Depth increases to the right. Colour is the score; hovering over a node shows its text, scores and the exact checker's
result. Knows nothing about searches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from tts_viz.core.events import NodeId
from tts_viz.render.scene import Scene, SceneNode, Status


@dataclass(frozen=True, slots=True)
class Look:
    """How nodes of one status are drawn, and what the legend calls them."""

    name: str
    symbol: str
    size: float
    opacity: float = 1.0


LOOKS: dict[Status, Look] = {
    "root": Look("the problem", "circle", 12),
    "attempt": Look("attempt", "hexagon2-open", 12),
    "kept": Look("kept", "circle", 10),
    "open": Look("open", "triangle-right", 11),
    "stuck": Look("dead end", "line-ns-open", 12),
    "finished": Look("solution", "diamond", 13),
    "rollout": Look("look ahead", "circle-open", 7),
    "pruned": Look("pruned", "square", 7, 0.45),
    "stale": Look("stale", "circle-open-dot", 7, 0.45),
    "more": Look("more that were pruned", "circle-cross-open", 9),
}

CHOSEN = Look("chosen", "star", 19)

INK = "#808890"
"""For lines and text: readable on white and on black."""

UNSCORED = "#B9BEC4"
FALSE, LOST = "#D55E00", "#8C6BB1"

WIDTH = 70
"""Characters per line of the hover text."""

PIECES = 12
"""Straight segments per curve from a parent to its child."""


def figure(scene: Scene, title: str = "") -> go.Figure:
    """The scene as a plotly figure. `title` and all texts of the scene are plain text."""
    at = {node.id: (float(node.depth), place) for node, place in zip(scene.nodes.values(), scene.places().values())}
    chosen = set(scene.chosen_path)
    drawn = go.Figure([*_edges(scene, at, chosen), *_nodes(scene, at), *_marks(scene, at)])
    places = [y for _, y in at.values()]
    drawn.update_layout(
        title={"text": _plain(title), "font": {"size": 15}, "x": 0, "xref": "paper"} if title else None,
        font={"color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 20, "r": 20, "t": 50 if title else 20, "b": 40},
        height=min(1200, max(360, 22 * (max(places) - min(places)) + 140)),
        legend={"orientation": "h", "y": -0.08, "yanchor": "top", "x": 0},
        hovermode="closest",
        hoverlabel={"align": "left"},
        coloraxis={"colorscale": "Cividis", "cmin": 0, "cmax": 1, "colorbar": {"title": "score", "thickness": 12}},
    )
    drawn.update_xaxes(title="step", dtick=1, showgrid=False, zeroline=False)
    drawn.update_yaxes(visible=False, autorange="reversed")
    for mark in scene.marks:
        drawn.add_vline(mark.depth - 0.5, line={"dash": "dot", "color": INK}, annotation_text=_plain(mark.label))
    return drawn


Places = dict[NodeId, tuple[float, float]]


def _edges(scene: Scene, at: Places, chosen: set[NodeId]) -> list[go.Scatter]:
    kinds: dict[str, list[SceneNode]] = {"dead": [], "rollout": [], "kept": [], "chosen": []}
    for node in scene.nodes.values():
        if node.parent is not None:
            dead = node.status in ("pruned", "stale", "more")
            fate = "rollout" if node.status == "rollout" else "dead" if dead else "kept"
            kinds["chosen" if node.id in chosen else fate].append(node)
    lines: dict[str, dict[str, Any]] = {
        "dead": {"width": 0.7},
        "rollout": {"width": 1, "dash": "dot"},
        "kept": {"width": 1.3},
        "chosen": {"width": 3.2},
    }
    return [
        go.Scatter(
            **_curves(nodes, at), mode="lines", line={"color": INK, **lines[kind]}, hoverinfo="skip", showlegend=False
        )
        for kind, nodes in kinds.items()
        if nodes
    ]


def _curves(nodes: Iterable[SceneNode], at: Places) -> dict[str, list[float | None]]:
    """An S from each node's parent to the node."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for node in nodes:
        assert node.parent is not None
        (x0, y0), (x1, y1) = at[node.parent], at[node.id]
        for t in (k / PIECES for k in range(PIECES + 1)):
            xs.append(x0 + (x1 - x0) * t)
            ys.append(y0 + (y1 - y0) * t * t * (3 - 2 * t))
        xs.append(None)
        ys.append(None)
    return {"x": xs, "y": ys}


def _nodes(scene: Scene, at: Places) -> list[go.Scatter]:
    """One plotly trace per status, so that the legend can hide it."""
    groups = [(look, [n for n in scene.nodes.values() if n.status == status]) for status, look in LOOKS.items()]
    traces: list[go.Scatter] = []
    for look, nodes in groups:
        scored = [n for n in nodes if n.score is not None and n.id != scene.chosen]
        others = [n for n in nodes if n.score is None and n.id != scene.chosen]
        traces += [_dots(some, at, look, group is scored) for group in (scored, others) if (some := group)]
    best = [scene.nodes[scene.chosen]] if scene.chosen else []
    return [*traces, *(_dots([n], at, CHOSEN, n.score is not None) for n in best)]


def _dots(nodes: list[SceneNode], at: Places, look: Look, scored: bool) -> go.Scatter:
    colour: dict[str, Any] = (
        {"color": [n.score for n in nodes], "coloraxis": "coloraxis"} if scored else {"color": UNSCORED}
    )
    if look is LOOKS["root"]:
        colour = {"color": INK}
    return go.Scatter(
        **_xy(nodes, at),
        mode="markers",
        name=look.name,
        legendgroup=look.name,
        marker={"symbol": look.symbol, "size": look.size, "opacity": look.opacity, **colour},
        customdata=[n.id for n in nodes],
        text=[_hover(n) for n in nodes],
        hovertemplate="%{text}<extra></extra>",
    )


def _marks(scene: Scene, at: Places) -> list[go.Scatter]:
    """A cross over a false step, a bar where the goal was lost, a ring around what was pinned."""
    nodes = scene.nodes.values()
    marks = (
        ("false step", [n for n in nodes if n.truth == "false"], "x-thin", 8, FALSE),
        ("goal lost here", [n for n in nodes if n.truth == "lost"], "line-ew", 14, LOST),
        ("pinned", [n for n in nodes if n.pinned], "circle-open", 17, INK),
        ("right path lost here", [n for n in nodes if n.lost_here], "circle-open", 21, FALSE),
    )
    return [
        go.Scatter(
            **_xy(found, at),
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": size, "color": colour, "line": {"color": colour, "width": 2.2}},
            hoverinfo="skip",
        )
        for name, found, symbol, size, colour in marks
        if found
    ]


def _xy(nodes: Iterable[SceneNode], at: Places) -> dict[str, list[float]]:
    places = [at[n.id] for n in nodes]
    return {"x": [x for x, _ in places], "y": [y for _, y in places]}


def _hover(node: SceneNode) -> str:
    lines = [piece for line in node.text.splitlines() for piece in wrap(line, WIDTH)]
    known = {"score": node.score, "this step": None if node.reward == node.score else node.reward}
    scores = ", ".join(f"{what} {value:.2f}" for what, value in known.items() if value is not None)
    about = [LOOKS[node.status].name, scores, node.reason]
    return "<br>".join([f"<b>{_plain(line)}</b>" for line in lines] + [_plain(one) for one in about if one])


def _plain(text: str) -> str:
    """Escaped, since plotly interprets tags and TeX in text; text of models and people is plain."""
    return escape(text).replace("$", "&#36;")
