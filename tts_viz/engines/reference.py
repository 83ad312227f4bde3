"""How a person names a model: `NAME`, or `NAME?key=value&key=value` to say what its files leave out or get wrong.

In a value, `\\n` is a newline, `\\t` a tab, `\\&` an ampersand and `\\\\` a backslash; any other backslash stands for itself,
so that `\\boxed{}` needs no care.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ESCAPES = {r"\n": "\n", r"\t": "\t", r"\&": "&", r"\\": "\\"}

OPTION = re.compile(r"(?:\\.|[^&\\]|\\$)+")
"""One `key=value`: up to the next ampersand that no backslash stands before."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`name` is an embedded model, a folder, a hub id or a server's `http://host/v1#model`; `options` override."""

    name: str
    options: dict[str, str] = field(default_factory=dict)

    def allow(self, *keys: str) -> None:
        """Raises ValueError, naming the `keys` that there are, where another one was given."""
        unknown = [key for key in self.options if key not in keys]
        if unknown:
            choices = f"choose from {', '.join(keys)}" if keys else "it takes none"
            raise ValueError(f"{self.name} has no option {unknown[0]!r}: {choices}")


def parse(text: str) -> Reference:
    """Raises ValueError, with what to write instead, where `text` is no reference."""
    name, asked, rest = text.strip().partition("?")
    if not name:
        raise ValueError(f"{text!r} names no model; write NAME or NAME?key=value&key=value")
    if asked and not rest:
        raise ValueError(f"{text!r} ends before its options; write {name}?key=value, or {name} alone")
    options: dict[str, str] = {}
    for option in OPTION.findall(rest):
        key, equals, value = option.partition("=")
        if not key or not equals:
            raise ValueError(f"{option!r} in {text!r} is no option; write key=value, joined by & (\\& inside a value)")
        if key in options:
            raise ValueError(f"{text!r} gives {key} twice; say it once")
        options[key] = re.sub(r"\\[nt&\\]", lambda found: ESCAPES[found[0]], value)
    return Reference(name, options)
