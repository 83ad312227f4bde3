"""Buttons that save the run as a file, as a gradio component. The file is made here and put together in the browser, so that
nothing is written on the host."""

from __future__ import annotations

from typing import Any

import gradio as gr

BUTTONS = """
<div class="saver" role="group" aria-label="Save the run">Save the run:
  <button type="button" data-save="html"
    title="One file that needs nothing else: the tree, with every moment of the search">Web page</button>
  <button type="button" data-save="csv" title="One row a step, for spreadsheets and data frames">Table (CSV)</button>
  <button type="button" data-save="jsonl"
    title="Everything that happened, one event a line: python -m tts_viz open reads it">Trace (JSONL)</button>
</div>
"""

SAVE = """
element.addEventListener('click', (event) => {
  const kind = event.target.closest('[data-save]')?.dataset.save;
  if (kind) trigger('save', { kind });
});
let last = '';
watch('value', () => {
  if (!props.value || props.value === last) return;
  last = props.value;
  const { name, type, text } = JSON.parse(props.value);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
"""


class SaveButtons(gr.HTML):
    """`save` carries {kind}; its value is the file as JSON: name, type, text and a number that makes it new."""

    EVENTS = ["save"]  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("", html_template=BUTTONS, js_on_load=SAVE, apply_default_css=False, **kwargs)
