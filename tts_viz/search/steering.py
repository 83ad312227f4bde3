"""What a person may do to a search by hand: each function checks one wish against the tree and makes the event of it.

Knows nothing about sessions or pages; `Session.intervene` records the event and `follow_up` says what must be asked for because
of it. All raise `InterventionRefusedError` (KeyError for a node that is not there) and change nothing. Writing a step with the
task's help is in `solutions`: here a step is text.
"""

from __future__ import annotations

from dataclasses import replace

from tts_viz.core.events import (
    Decided,
    Event,
    Expanded,
    Finish,
    Intervention,
    MoreRequested,
    NodeId,
    Pinned,
    Pruned,
    ScoreOverridden,
    Undone,
)
from tts_viz.core.node import Node, in_order, place_of
from tts_viz.core.ops import Expand, Parallel, Score, Search, top
from tts_viz.core.tree import Tree
from tts_viz.errors import InterventionRefusedError

MOST_ASKED = 64
"""Children that can be asked for at a time."""

LONGEST_STEP = 2_000
"""Characters of a step by hand."""


# --- prune, pin, override -------------------------------------------------------------------------------------------


def prune(tree: Tree, id: NodeId) -> Pruned:
    """Give a branch up. What grew from it stays in the tree and no longer counts."""
    node = _step(tree, id)
    if not node.alive:
        raise InterventionRefusedError("This branch is given up already.")
    return Pruned((id,), pruned=True)


def restore(tree: Tree, id: NodeId) -> Pruned:
    """Take back every prune on the way to a node, whoever made it."""
    node = _step(tree, id)
    fallen = tuple(n.id for n in reversed(list(node.lineage())) if n.given_up)
    if not fallen:
        raise InterventionRefusedError("This branch was not pruned.")
    return Pruned(fallen, pruned=False)


def pin(tree: Tree, id: NodeId, pinned: bool = True) -> Pinned:
    """No decision prunes a pinned node. A node that is pruned must be restored first."""
    node = _step(tree, id)
    if node.pinned == pinned:
        raise InterventionRefusedError("It is pinned already." if pinned else "It is not pinned.")
    if pinned and not node.alive:
        raise InterventionRefusedError("This branch was given up: restore it, then pin it.")
    return Pinned(id, pinned)


def override(tree: Tree, id: NodeId, reward: float | None) -> ScoreOverridden:
    """Put one's own score, from 0 to 1, in place of the verifier's; None gives the verifier its word back."""
    node = _step(tree, id)
    if reward is None and node.override is None:
        raise InterventionRefusedError("The verifier’s own score counts here already.")
    if reward is not None and not 0 <= reward <= 1:
        raise InterventionRefusedError(f"A score is a number from 0 to 1; {reward:g} is not.")
    if reward is not None and reward == node.effective_reward:
        raise InterventionRefusedError(f"Its score is {reward:g} already.")
    return ScoreOverridden(id, reward)


# --- write, edit, ask for more ----------------------------------------------------------------------------------------


def write(tree: Tree, parent: NodeId, text: str, finish: Finish = "step") -> Expanded:
    """The next step after `parent`, in a person's own words."""
    node = _known(tree, parent)
    _check_growable(tree, node)
    return Expanded(parent, _free(node), _checked(text), finish=finish, by="user")


def edit(tree: Tree, id: NodeId, text: str, finish: Finish = "step") -> Expanded:
    """A new sibling that says what the node should have said; the node stays, and what follows it is stale."""
    node = _step(tree, id)
    if node.replaced:
        raise InterventionRefusedError("This step was edited already: edit the newer one.")
    if text.strip() == node.text.strip():
        raise InterventionRefusedError("The text is as it was.")
    assert node.parent is not None
    _check_growable(tree, node.parent)
    return Expanded(node.parent.id, _free(node.parent), _checked(text), finish=finish, replaces=id, by="user")


def ask(tree: Tree, id: NodeId, n: int, whole: bool = False) -> MoreRequested:
    """`n` more next steps from a node, or (`whole`) n more solutions from it on to their ends."""
    node = _known(tree, id)
    if not 1 <= n <= MOST_ASKED:
        raise InterventionRefusedError(f"Ask for 1 to {MOST_ASKED} at a time; {n} is not possible.")
    _check_growable(tree, node)
    return MoreRequested(id, n, whole)


# --- undo, redo -----------------------------------------------------------------------------------------------------


def undo(tree: Tree) -> Undone:
    """Take back the last thing done by hand that stands."""
    last = next((i for i in reversed(range(len(tree.interventions))) if not tree.interventions[i].undone), None)
    if last is None:
        raise InterventionRefusedError("There is nothing to undo.")
    return Undone(last)


def redo(tree: Tree) -> Undone:
    """Do again what was taken back last. Once something new was done by hand, nothing can be redone."""
    last = len(tree.interventions)
    while last > 0 and tree.interventions[last - 1].undone:
        last -= 1
    if last == len(tree.interventions):
        raise InterventionRefusedError("There is nothing to redo.")
    return Undone(last, redone=True)


# --- checked again where it is done ------------------------------------------------------------------------------------


def check(tree: Tree, event: Intervention | Undone) -> None:
    """Raises `InterventionRefusedError` unless the functions above would make this very event.

    For wishes that were made some time ago, and for files.
    """
    match event:
        case Pruned(nodes, pruned):
            made = prune(tree, nodes[-1]) if pruned else restore(tree, nodes[-1])
        case Pinned(node, pinned):
            made = pin(tree, node, pinned)
        case ScoreOverridden(node, reward):
            made = override(tree, node, reward)
        case MoreRequested():
            made = replace(ask(tree, event.node, event.n, event.whole), children=event.children)
        case Undone(redone=redone):
            made = redo(tree) if redone else undo(tree)
        case Expanded(replaces=None):
            made = write(tree, event.parent, event.text, event.finish)
        case Expanded():
            made = edit(tree, event.replaces or "", event.text, event.finish)
    if made != event:
        raise InterventionRefusedError("The search has moved on meanwhile: look again, and try again.")


# --- what follows -----------------------------------------------------------------------------------------------------


def follow_up(tree: Tree, event: Event) -> Search | None:
    """What must be asked for because of an event by hand, before the strategy goes on."""
    match event:
        case Expanded(by="user"):
            return _read(tree.nodes[event.node])
        case MoreRequested():
            return _grow(tree, tree.nodes[event.node], event.n, event.whole)
        case Undone(redone=True) if isinstance(intervention := tree.interventions[event.deed].intervention, Expanded):
            return _read(tree.nodes[intervention.node])
        case _:
            return None


def decide_anew(tree: Tree, event: Event) -> Decided | None:
    """The last decision about a node as it falls out now that its score is another; None if it falls out the same."""
    if not isinstance(event, ScoreOverridden):
        return None
    about = (d for d in reversed(tree.decisions) if event.node in d.kept or event.node in d.pruned)
    decision = next(about, None)
    if decision is None or decision.places is None:
        return None
    kept = best(tree, decision)
    rivals = [*decision.kept, *decision.pruned]
    if all(tree.nodes[id].pruned == (id not in kept) for id in rivals):
        return None
    scores = {id: s for id in rivals if (s := tree.score(tree.nodes[id])) is not None}
    lost = tuple(id for id in rivals if id not in kept)
    return Decided(kept, lost, scores, tree.settings.aggregation, decision.depth, decision.places, by="user")


def best(tree: Tree, decision: Decided) -> tuple[NodeId, ...]:
    """Who of a decision's rivals would be kept by the scores of now: the best, whoever is pinned or ended a solution."""
    rivals = in_order(n for id in (*decision.kept, *decision.pruned) if not (n := tree.nodes[id]).pruned_by_user)
    first = top(tree, rivals, decision.places or 0)
    return tuple(n.id for n in rivals if n in first or n.pinned or n.finished)


def _read(node: Node) -> Search:
    yield Score([node])


def _grow(tree: Tree, node: Node, n: int, whole: bool) -> Search:
    if whole:
        yield Parallel([_to_the_end(tree, node) for _ in range(n)])
        return
    grown = yield Expand([node], n)
    yield Score([child for child in grown if child.alive])


def _to_the_end(tree: Tree, node: Node) -> Search:
    while grown := (yield Expand([node])):
        node = grown[0]
        yield Score(grown)
        if not tree.is_open(node):
            return


# --- checks -----------------------------------------------------------------------------------------------------------


def _known(tree: Tree, id: NodeId) -> Node:
    if id not in tree.nodes:
        raise KeyError(id)
    return tree.nodes[id]


def _step(tree: Tree, id: NodeId) -> Node:
    node = _known(tree, id)
    if node.kind == "root":
        raise InterventionRefusedError("This is the problem itself: choose a step.")
    if node.kind == "rollout":
        raise InterventionRefusedError(
            "This is a look ahead, not a part of the search: choose the step that it begins at."
        )
    if node.kind == "attempt":
        raise InterventionRefusedError("This is the beginning of an attempt: choose one of its steps.")
    return node


def _check_growable(tree: Tree, node: Node) -> None:
    """Raises RefusedError where nothing can follow."""
    if node.kind == "rollout":
        raise InterventionRefusedError(
            "This is a look ahead, not a part of the search: choose the step that it begins at."
        )
    if node.finish != "step":
        ended = "The solution ends here" if node.finished else "This step was cut off at the token limit"
        raise InterventionRefusedError(f"{ended}, so nothing can follow: choose a step before it.")
    if not node.alive:
        raise InterventionRefusedError("This branch was given up: restore it first.")
    if node.depth >= tree.max_depth:
        raise InterventionRefusedError(f"The depth limit of {tree.max_depth} steps is reached, so nothing can follow.")


def one_line(text: str) -> str:
    """Raises `InterventionRefusedError` for a text that is empty or has several lines, which would be several steps."""
    text = text.strip()
    if not text:
        raise InterventionRefusedError("The step is empty: write what the next line of the solution should be.")
    if len(text.splitlines()) > 1:
        raise InterventionRefusedError("One step at a time: this has several lines.")
    return text


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise InterventionRefusedError("The step is empty: write what the next line of the solution should be.")
    if len(text) > LONGEST_STEP:
        raise InterventionRefusedError(f"A step has at most {LONGEST_STEP:,} characters; this one has {len(text):,}.")
    return text


def _free(parent: Node) -> NodeId:
    """The id of the next hand-written child."""
    taken = [place_of(c.id)[1] for c in parent.children if place_of(c.id)[0] == "u"]
    return f"{parent.id}.u{max(taken, default=-1) + 1}"
