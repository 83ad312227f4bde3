"""Detects the kind of a server among all registered kinds."""

from __future__ import annotations

# isort: off
from tts_viz.engines.server import openai_protocol, vllm

# isort: on
from tts_viz.engines.server.client import Client
from tts_viz.engines.server.kinds import SERVERS, Card
from tts_viz.errors import EngineError

__all__ = ["SERVERS", "introduced", "openai_protocol", "vllm"]


async def introduced(client: Client) -> Card:
    """The server's card, cached by the client. Its kind is the one in the model's name, else the last registered one that
    recognises the server. So dialects take precedence over the protocol, and kinds of other packages over ours."""
    return await client.once(lambda: _introduced(client))


async def _introduced(client: Client) -> Card:
    candidates = [SERVERS.named(client.kind)] if client.kind else reversed(list(SERVERS.values()))
    for kind in candidates:
        if card := await kind.introduction(client):
            return card
    raise EngineError(client.says(f"is not of the kind {client.kind or ', '.join(SERVERS)}."))
