"""The manners of well-known families of models, found by a model's name. What a name's options say goes before them.

Sources: the model cards of Qwen2.5-Math, Qwen2.5, Qwen3, Llama-3.2 and DeepSeek-R1-Distill.
"""

from __future__ import annotations

import re
from typing import Any

from tts_viz.engines.prompting import PromptStyle

PLAIN = PromptStyle()
CHAT = PromptStyle(chat=True, delimiter="\n\n", boxed=True, step_tokens=512)

BOX = "Please reason step by step, and put your final answer within \\boxed{}."

PRESETS: dict[str, tuple[str, PromptStyle]] = {
    "qwen2.5-math": (r"qwen2\.5-math", PromptStyle(True, BOX, "\n\n", boxed=True, step_tokens=512)),
    "r1-distill": (r"r1-distill", PromptStyle(True, None, "\n\n", boxed=True, thinks=True, step_tokens=1024)),
    "qwen3": (r"qwen3", CHAT),
    "qwen2.5-instruct": (r"qwen2\.5-.*instruct", CHAT),
    "llama-3.2-instruct": (r"llama-3\.\d-.*instruct", CHAT),
}
"""name: (what a model's name looks like, its manner). The first that fits is taken."""


def prompt_style_of(name: str, tokenizer: Any, preset: str | None = None) -> PromptStyle:
    """By name; a tokenizer with a chat template is for chats, another one is not. Raises ValueError."""
    if preset is not None:
        if preset not in PRESETS:
            raise ValueError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
        return PRESETS[preset][1]
    if not getattr(tokenizer, "chat_template", None):
        return PLAIN
    last = name.rstrip("/").rpartition("/")[2].lower()
    return next((manner for looks, manner in PRESETS.values() if re.search(looks, last)), CHAT)


def check_chat(manner: PromptStyle, tokenizer: Any) -> None:
    """Raises ValueError where a chat is wanted and the tokenizer has no template for it."""
    if manner.chat and not getattr(tokenizer, "chat_template", None):
        raise ValueError("its tokenizer has no chat template: say chat=no")
