"""Where a model on a server is: `http://host:8000/v1#model`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """`base` is what the protocol's paths are appended to, `model` the name under which the server offers the model."""

    base: str
    model: str


def is_server(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def parse_address(name: str) -> Address:
    """Raises ValueError; a name with a password in it is not repeated in the message."""
    base, _, model = name.partition("#")
    try:
        parts = urlsplit(base)
        said, host, _ = parts.username is not None, parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{error}; write http://host:8000/v1#model") from None
    if said:
        raise ValueError("a server's name must hold no password: put the key into the variable TTS_VIZ_API_KEY")
    if not host or not model:
        raise ValueError("write a server's model as http://host:8000/v1#model")
    return Address(base.rstrip("/"), model)
