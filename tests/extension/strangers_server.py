"""A server of another protocol: it counts on its fingers."""

from collections.abc import Sequence

from pydantic import BaseModel

from tts_viz.engines.server.client import Client, UnknownPathError
from tts_viz.engines.server.kinds import SERVERS, Card, NextToken, TextRequest, TokenLabels, WrittenText
from tts_viz.errors import EngineError


class Info(BaseModel):
    longest: int


class Generated(BaseModel):
    said: str


class Fingers:
    async def introduction(self, client: Client) -> Card | None:
        try:
            return Card(self, (await client.get("/fingers", Info)).longest)
        except UnknownPathError:
            return None

    async def write(self, client: Client, ask: TextRequest) -> WrittenText:
        answer = await client.post("/say", {"after": ask.prompt, "until": ask.stops}, Generated)
        return WrittenText(answer.said, "ended", read=1, written=len(answer.said))

    async def labels(self, client: Client, tokens: Sequence[int]) -> TokenLabels:
        raise EngineError(client.says("scores nothing."))

    async def next_token(self, client: Client, tokens: Sequence[int], among: Sequence[int]) -> NextToken:
        raise EngineError(client.says("scores nothing."))


SERVERS.add("fingers", Fingers())
