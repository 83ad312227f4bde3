"""A model's name with options: `NAME?key=value&key=value`.

NAME is an embedded model, a folder, a hub id, or a server (`http://host/v1#model`). Values are percent-decoded, and
`\\n` in them means a newline, so that a delimiter can be typed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class ModelSpec:
    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    def refuse_others(self, known: Collection[str]) -> None:
        """Raises ValueError, naming the known options, for any other option."""
        for key in self.options:
            if key not in known:
                raise ValueError(f"{self.name} has no option {key!r}; there are {', '.join(sorted(known))}")


def parse_model_spec(text: str) -> ModelSpec:
    """Raises ValueError for an empty name, and for options that are malformed or repeated."""
    name, mark, rest = text.strip().partition("?")
    if not name:
        raise ValueError(f"{text!r} names no model; write NAME or NAME?key=value")
    options: dict[str, str] = {}
    for part in rest.split("&") if mark else ():
        key, equals, value = part.partition("=")
        if not key or not equals:
            raise ValueError(f"{part!r} in {text!r} must be written as key=value")
        if key in options:
            raise ValueError(f"{text!r} says {key} twice")
        options[key] = unquote(value).replace("\\n", "\n")
    return ModelSpec(name, options)
