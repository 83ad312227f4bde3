"""A piece of the page whose HTML is made in Python (see `markup`) and whose `data-node` buttons can be clicked."""

from __future__ import annotations

from typing import Any

import gradio as gr

FORWARD_CLICKS = """
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-node]');
  if (target) trigger('click', {id: target.dataset.node});
});
"""


class Panel(gr.HTML):
    """`click` carries {id} of the node whose button was pressed."""

    def __init__(self, value: Any = "", **kwargs: Any) -> None:
        super().__init__(value, js_on_load=FORWARD_CLICKS, apply_default_css=False, **kwargs)
