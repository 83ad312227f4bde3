"""Which kind of server one is, of all that are known."""

from __future__ import annotations

# isort: off
from tts_viz.engines.server import openai_protocol, vllm

# isort: on
from tts_viz.engines.server.client import Client
from tts_viz.engines.server.kinds import SERVERS, Card
from tts_viz.errors import EngineError

__all__ = ["SERVERS", "introduced", "openai_protocol", "vllm"]


async def introduced(client: Client) -> Card:
    """Asked until it has answered once. The last registered kind that recognises its server is taken, so that a dialect goes
    before the protocol, and another package's kind before ours; or the one that the model's name says."""
    return await client.once(lambda: _introduced(client))


async def _introduced(client: Client) -> Card:
    asked = [SERVERS.named(client.kind)] if client.kind else reversed(list(SERVERS.values()))
    for kind in asked:
        if card := await kind.introduction(client):
            return card
    raise EngineError(client.says(f"is not of the kind {client.kind or ', '.join(SERVERS)}."))
