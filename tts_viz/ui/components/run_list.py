"""The list of runs as a gradio component: HTML from `run_list` whose buttons and names can be used."""

from __future__ import annotations

from typing import Any, Literal

import gradio as gr

from tts_viz.ui.components.events import Payload

HEAR = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-do]');
  if (!button) return;
  if (button.dataset.do === 'link') {
    const link = new URL(location.href);
    link.search = `?run=${button.dataset.run}`;
    navigator.clipboard?.writeText(link.href).then(() => { button.textContent = 'Copied'; }, () => prompt('Link', link.href));
    return;
  }
  const wish = { open: 'open', left: 'compare', right: 'compare' }[button.dataset.do] ?? 'act';
  trigger(wish, { do: button.dataset.do, run: button.dataset.run });
});
element.addEventListener('change', (event) => {
  if (event.target.matches('.name')) trigger('act', { do: 'rename', run: event.target.dataset.run, name: event.target.value });
});
"""


class RunWish(Payload):
    """What to do with which run; `name` is its new one."""

    do: Literal["open", "left", "right", "star", "rename", "delete", "restore"]
    run: str
    name: str = ""


class RunList(gr.HTML):
    """`open`, `compare` and `act` carry a `RunWish`."""

    EVENTS = ["open", "compare", "act"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("", js_on_load=HEAR, apply_default_css=False, **kwargs)
