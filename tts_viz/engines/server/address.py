"""The address of a model on a server: `http://host:8000/v1#model`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """`base` is the URL to which the protocol's paths are appended, `model` the model's name on the server."""

    base: str
    model: str


def is_server(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def parse_address(name: str) -> Address:
    """Raises ValueError; the message does not repeat a name that contains a password."""
    base, _, model = name.partition("#")
    try:
        parts = urlsplit(base)
        has_user, host, _ = parts.username is not None, parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{error}; write http://host:8000/v1#model") from None
    if has_user:
        raise ValueError("a server's name must hold no password: put the key into the variable TTS_VIZ_API_KEY")
    if not host or not model:
        raise ValueError("write a server's model as http://host:8000/v1#model")
    return Address(base.rstrip("/"), model)
