"""How a policy is prompted, and where its steps and its solutions end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tts_viz.core.events import Finish
from tts_viz.engines.base import SampleRequest
from tts_viz.engines.tokens import Tokens, encoded
from tts_viz.tasks.revision_prompt import MOST_ATTEMPTS, revision_prompt

AGAIN = "That is wrong. Find the mistake, and solve the problem again from the beginning."
"""The user's turn after each earlier attempt in a chat; models trained here get the attempts in their prompt."""

BOXED = re.compile(r"\\boxed\s*\{")
THOUGHT_BEGINS, THOUGHT_ENDS = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class PromptStyle:
    """`chat`: use the tokenizer's chat template, with this `system` prompt (None: the template's own).

    A step ends at the `delimiter`. A solution ends at the end-of-text token, before one of the `stop` strings, or, if
    `boxed`, with the step that has an answer in a box. If the model `thinks` first, or opens a thought in its text, only
    boxes after the thought count.
    """

    chat: bool = False
    system: str | None = None
    delimiter: str = "\n"
    stop: tuple[str, ...] = ()
    boxed: bool = False
    thinks: bool = False
    step_tokens: int = 96

    def with_options(self, options: Mapping[str, str]) -> PromptStyle:
        """The style changed by options given as text; several stop strings are separated by |. Raises ValueError."""
        changes: dict[str, Any] = {}
        for key, value in options.items():
            if key in ("chat", "boxed", "thinks"):
                if value not in ("yes", "no"):
                    raise ValueError(f"{key}={value} must be yes or no")
                changes[key] = value == "yes"
            elif key == "stop":
                changes[key] = tuple(part for part in value.split("|") if part)
            elif key == "step_tokens":
                if not (value.isdecimal() and 1 <= int(value) <= 32_768):
                    raise ValueError(f"step_tokens={value} must be a whole number from 1 to 32768")
                changes[key] = int(value)
            else:
                changes[key] = value
        if not changes.get("delimiter", self.delimiter):
            raise ValueError("the delimiter between steps must not be empty")
        return replace(self, **changes)

    def opening(self, tokenizer: Any, request: SampleRequest) -> str:
        """The text before the first step; a chat's special tokens are spelled out in it."""
        if not self.chat:
            return revision_prompt(request.prompt, request.earlier)
        turns = [] if self.system is None else [("system", self.system)]
        turns.append(("user", request.asked or request.prompt.strip()))
        for attempt in request.earlier[-MOST_ATTEMPTS:]:
            turns += [("assistant", self.delimiter.join(attempt)), ("user", AGAIN)]
        messages = [{"role": role, "content": text} for role, text in turns]
        # Templates without the switch `enable_thinking` ignore it.
        return tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=self.thinks
        )

    def begun(self, tokenizer: Any, text: str) -> Tokens:
        """The tokens of an opening. A chat template writes the beginning-of-text token itself."""
        first = tokenizer.bos_token_id
        return (() if first is None or self.chat else (first,)) + encoded(tokenizer, text)

    def watched(self) -> frozenset[str]:
        """The last characters of all strings that end a step: only a token that contains one of them can end a step."""
        return frozenset(end[-1] for end in (self.delimiter, *self.stop))

    def cut(self, text: str, thinking: bool = False) -> tuple[str, Finish] | None:
        """The step in `text` and how it ended; None if it has not ended yet.

        Delimiters before the first word are skipped. `thinking`: the model was inside a thought before this step.
        """
        found = [(at, True) for end in self.stop if (at := text.find(end)) >= 0]
        begins = len(text) - len(text.lstrip())
        if (at := text.find(self.delimiter, begins)) >= 0:
            found.append((at, False))
        if not found:
            return None
        at, stopped = min(found)
        step = text[:at].strip()
        return step, "eos" if stopped or self.answers(step, thinking) else "step"

    def answers(self, step: str, thinking: bool = False) -> bool:
        """Does this step end the solution with an answer in a closed box?"""
        if not self.boxed:
            return False
        _, ended, after = step.rpartition(THOUGHT_ENDS)
        if (thinking and not ended) or THOUGHT_BEGINS in after:
            return False
        return any(_closes(after, box.end()) for box in BOXED.finditer(after))

    def thinking(self, steps: tuple[str, ...]) -> bool:
        """Is the model inside a thought after these steps?"""
        text = "\n".join(steps)
        return text.rfind(THOUGHT_BEGINS) > text.rfind(THOUGHT_ENDS) or (self.thinks and THOUGHT_ENDS not in text)


OPTIONS = tuple(field.name for field in fields(PromptStyle))


def _closes(text: str, at: int) -> bool:
    """Is the brace that was opened just before `at` closed?"""
    depth = 1
    for character in text[at:]:
        depth += (character == "{") - (character == "}")
        if not depth:
            return True
    return False
