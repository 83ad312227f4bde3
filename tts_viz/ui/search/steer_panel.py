"""Controls that act on the selected step: prune, pin, score, write, try more, undo, fork.

Each button posts a wish to the run, which grants it as soon as no round is under way, or refuses it with a reason. The
answer is shown beside the buttons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from tts_viz.errors import InterventionRefusedError
from tts_viz.search import steering
from tts_viz.search.wishes import AskMore, ByHand, Edit, OverrideScore, Pin, Prune, Redo, Restore, Undo, Write
from tts_viz.strategies import STRATEGIES
from tts_viz.strategies.defaults import BASELINE
from tts_viz.ui.runs.view import View
from tts_viz.ui.search.run_bar import RunBar

CHOOSE = "Click a step in the tree first: this acts on the one that is selected."
RUN = "There is nothing to act on yet: run a search first."


@dataclass(frozen=True, slots=True)
class SteerPanel:
    """The components. The search tab connects `fork`, because it starts a run."""

    prune: gr.Button
    restore: gr.Button
    pin: gr.Button
    unpin: gr.Button
    text: gr.Textbox
    filled: gr.State
    """The text that a selection filled into `text`, to tell it from text that the visitor typed, which is never replaced."""
    write: gr.Button
    edit: gr.Button
    score: gr.Slider
    override: gr.Button
    own: gr.Button
    count: gr.Number
    whole: gr.Checkbox
    more: gr.Button
    reply: gr.HTML
    strategy: gr.Dropdown
    seed: gr.Number
    fork: gr.Button


def build_steer_panel() -> SteerPanel:
    def button(label: str, id: str, **more: Any) -> gr.Button:
        return gr.Button(label, size="sm", elem_id=id, min_width=70, **more)

    with gr.Accordion("Steer: act on the selected step", open=False, elem_id="hands"):
        with gr.Row(equal_height=True):
            prune, restore = button("Prune", "prune"), button("Restore", "restore")
            pin, unpin = button("Pin", "pin"), button("Unpin", "unpin")
        text = gr.Textbox(
            label="A step in your own words", placeholder="25*2=50", max_lines=2, max_length=2000, elem_id="step-text",
            info="The part from “left” on is optional. The step is checked and scored before the search goes on.",
        )  # fmt: skip
        with gr.Row(equal_height=True):
            write, edit = button("Write as next step", "write-step"), button("Replace this step", "edit-step")
        score = gr.Slider(
            0, 1, 0.5, step=0.01, label="Your score", elem_id="override-score",
            info="Takes the place of the verifier’s; the decision about this step is made anew.",
        )  # fmt: skip
        with gr.Row(equal_height=True):
            override, own = button("Score it so", "override"), button("Verifier’s own", "override-off")
        with gr.Row(equal_height=True):
            count = gr.Number(
                4, label="Try more", precision=0, minimum=1, maximum=steering.MOST_ASKED, elem_id="more-n"
            )
            whole = gr.Checkbox(False, label="to the end", elem_id="more-whole", min_width=80)
            more = button("Try", "more")
        reply = gr.HTML("", elem_id="steer-reply", apply_default_css=False)
        with gr.Accordion("Fork: another run from this moment on", open=False):
            strategy = gr.Dropdown(
                [(entry.title, name) for name, entry in STRATEGIES.items()], value=BASELINE, label="Strategy",
                filterable=False, elem_id="fork-strategy",
            )  # fmt: skip
            seed = gr.Number(1, label="Seed", precision=0, minimum=0, maximum=2**31, elem_id="fork-seed")
            fork = button("Fork here", "fork", variant="primary")
    return SteerPanel(
        prune, restore, pin, unpin, text, gr.State(""), write, edit, score, override, own, count, whole, more, reply,
        strategy, seed, fork,
    )  # fmt: skip


def wire_steer_panel(
    panel: SteerPanel, bar: RunBar, view_of: Callable[[gr.Request], View | None], say: Callable[[str], str]
) -> None:
    """Let every button post its wish; the view shows the answer. `say` formats a message for when there is no view yet."""
    event: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

    def on(button: gr.Button, make: Callable[..., ByHand], *inputs: Component) -> None:
        """Let the button post a wish about the selected step."""

        def clicked(request: gr.Request, *values: Any) -> Any:
            view = view_of(request)
            if view is None:
                return say(RUN)
            if (node := view.selected) is None:
                view.refuse("steer", CHOOSE)
            else:
                view.steer("steer", lambda: make(view, node, *values))
            return gr.skip()

        button.click(clicked, list(inputs), panel.reply, trigger_mode="multiple", **event)

    def on_bar(button: gr.Button, wish: ByHand) -> None:
        def clicked(request: gr.Request) -> Any:
            view = view_of(request)
            if view is None:
                return say(RUN)
            view.steer("bar", lambda: wish)
            return gr.skip()

        button.click(clicked, None, bar.reply, trigger_mode="multiple", **event)

    on(panel.prune, lambda view, node: Prune(node))
    on(panel.restore, lambda view, node: Restore(node))
    on(panel.pin, lambda view, node: Pin(node))
    on(panel.unpin, lambda view, node: Pin(node, pinned=False))
    on(panel.write, lambda view, node, text: Write(node, *view.written(node, text)), panel.text)
    on(panel.edit, _edit, panel.text)
    on(panel.override, lambda view, node, score: OverrideScore(node, float(score)), panel.score)
    on(panel.own, lambda view, node: OverrideScore(node, None))
    on(panel.more, _more, panel.count, panel.whole)
    on_bar(bar.undo, Undo())
    on_bar(bar.redo, Redo())


def filled(typed: str | None, before: str | None, view: View) -> tuple[Any, Any, Any]:
    """Updates after a selection: the step's text, unless the visitor typed something; the text filled in; the step's score."""
    node = view.tree.nodes.get(view.selected or "")
    if node is None or node.kind != "step":
        return gr.skip(), gr.skip(), gr.skip()
    score = gr.skip() if node.effective_reward is None else round(node.effective_reward, 2)
    if (typed or "").strip() not in ("", before):
        return gr.skip(), gr.skip(), score
    return node.text, node.text, score


def _edit(view: View, node: str, text: str) -> Edit:
    before = node.rpartition(".")[0]
    if not before:
        raise InterventionRefusedError("This is the problem itself: choose a step.")
    return Edit(node, *view.written(before, text))


def _more(view: View, node: str, count: Any, whole: Any) -> AskMore:
    if count is None or count != int(count):
        raise InterventionRefusedError("Say how many more to try, as a whole number.")
    return AskMore(node, int(count), bool(whole))
