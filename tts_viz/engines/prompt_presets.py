"""Prompt styles of well-known model families, chosen by the model's name. Options in the name override them.

Sources: the model cards of Qwen2.5-Math, Qwen2.5, Qwen3, Llama-3.2 and DeepSeek-R1-Distill.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jinja2 import TemplateError

from tts_viz.engines.base import SampleRequest
from tts_viz.engines.prompting import OPTIONS, THOUGHT_BEGINS, PromptStyle

PLAIN = PromptStyle()
CHAT = PromptStyle(chat=True, delimiter="\n\n", boxed=True, step_tokens=512)

EXAMPLE = SampleRequest("What is 1 + 1?", (), 0.0, 0, 1)
"""A request for testing a chat template."""

BOX = "Please reason step by step, and put your final answer within \\boxed{}."

THINKER = PromptStyle(True, None, "\n\n", boxed=True, thinks=True, step_tokens=1024)

PRESETS: dict[str, tuple[str, PromptStyle]] = {
    "thinking": (r"thinking|qwq|reasoning", THINKER),
    "qwen2.5-math": (r"qwen2\.5-math", PromptStyle(True, BOX, "\n\n", boxed=True, step_tokens=512)),
    "r1-distill": (r"r1-distill", THINKER),
    "qwen3": (r"qwen3", CHAT),
    "qwen2.5-instruct": (r"qwen2\.5-.*instruct", CHAT),
    "llama-3.2-instruct": (r"llama-3\.\d-.*instruct", CHAT),
}
"""name: (pattern of the model's name, style). The first match counts."""


def prompt_style(name: str, tokenizer: Any, options: Mapping[str, str]) -> PromptStyle:
    """The style for the model's name, changed by `options`: `preset`, and the fields of a style.

    `tokenizer`: None if unknown. Raises ValueError for invalid options, and for a style that the tokenizer's chat template
    does not support.
    """
    found = preset_of(name, tokenizer, options.get("preset"))
    return _fitted(found.with_options({key: options[key] for key in OPTIONS if key in options}), tokenizer)


def preset_of(name: str, tokenizer: Any, preset: str | None = None) -> PromptStyle:
    """The preset by name, else by the model's name if the tokenizer has a chat template. Raises ValueError."""
    if preset is not None:
        if preset not in PRESETS:
            raise ValueError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
        return PRESETS[preset][1]
    if not getattr(tokenizer, "chat_template", None):
        return PLAIN
    last = name.rstrip("/").rpartition("/")[2].lower()
    return next((style for looks, style in PRESETS.values() if re.search(looks, last)), CHAT)


def _fitted(style: PromptStyle, tokenizer: Any) -> PromptStyle:
    """The style adapted to the tokenizer's chat template: `thinks` is set if the template opens a thought.

    Raises ValueError for a chat style without a chat template, or with one that does not accept the style.
    """
    if not style.chat:
        return style
    if tokenizer is None:
        raise ValueError(
            "a chat is written here, by the model's tokenizer: add ?tokenizer=FOLDER_OR_HUB_ID, or say chat=no"
        )
    if not getattr(tokenizer, "chat_template", None):
        raise ValueError("its tokenizer has no chat template: say chat=no")
    try:
        opening = style.opening(tokenizer, EXAMPLE)
    except TemplateError as error:
        if style.system is not None and _accepted(replace(style, system=None), tokenizer):
            raise ValueError("its chat template takes no system prompt: leave out system=, or say chat=no") from error
        raise ValueError(f"its chat template does not take a question ({error}): say chat=no") from error
    return replace(style, thinks=style.thinks or opening.rstrip().endswith(THOUGHT_BEGINS))


def _accepted(style: PromptStyle, tokenizer: Any) -> bool:
    try:
        style.opening(tokenizer, EXAMPLE)
    except TemplateError:
        return False
    return True
