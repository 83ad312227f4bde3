"""Scene → a tree in plain text, for terminals and tests."""

from __future__ import annotations

from tts_viz.render.scene import Scene, SceneNode

TRUTH = {"unknown": "", "valid": "✓", "false": "✗", "lost": "!", "doomed": "·"}

STATUS = {"open": "…", "pruned": "pruned", "finished": "solution", "stuck": "dead end", "rollout": "look ahead"}


def text(scene: Scene) -> str:
    """One line per node: score, truth (✓ true, ✗ false, ! goal lost here, · lost before), step, status; ★ marks the best."""
    children: dict[str | None, list[SceneNode]] = {}
    for node in scene.nodes.values():
        children.setdefault(node.parent, []).append(node)
    chosen = set(scene.chosen_path)
    lines = [f"{mark.label}, from step {mark.depth} on" for mark in scene.marks]
    stack = [(node, "", "") for node in children.get(None, [])]
    while stack:
        node, lead, below = stack.pop()
        lines.append(lead + _line(node, node.id in chosen, scene.chosen == node.id))
        kids = children.get(node.id, [])
        for kid in reversed(kids):
            last = kid is kids[-1]
            stack.append((kid, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  ")))
    return "\n".join(lines)


def _line(node: SceneNode, on_path: bool, end: bool) -> str:
    if node.status in ("root", "more"):
        return node.label
    score = " ·  " if node.score is None else f"{node.score:.2f}"
    status = "best solution" if end else "best" if on_path else STATUS.get(node.status, "")
    parts = [score, TRUTH[node.truth], node.label or "(empty)", f"[{status}]" if status else "", "★" if on_path else ""]
    return " ".join(filter(None, parts))
