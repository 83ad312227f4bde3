"""One server, and how it is talked to: several requests at once, with patience, and with plain words when that fails.

All servers are talked to from one thread with an event loop of its own, so that connections stay open whichever loop asks.
The key comes from the environment, and goes into the requests' header only.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import openai
from pydantic import BaseModel, ValidationError

from tts_viz.engines.server.address import Address
from tts_viz.errors import EngineError

KEY = "TTS_VIZ_API_KEY"

NO_KEY = "EMPTY"
"""What servers without keys are told; the client insists on one, and would look for OpenAI's."""

CONNECT = 5.0
"""Seconds within which a server that is there takes a connection."""

LONGEST = 200
"""Characters of a server's own words that are repeated."""

RequestBody = TypeVar("RequestBody")
ResponseBody = TypeVar("ResponseBody")
Shape = TypeVar("Shape", bound=BaseModel)
T = TypeVar("T")

_starting = threading.Lock()


@cache
def _started() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="servers", daemon=True).start()
    return loop


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:
        return _started()


class Client:
    """`at_once`: requests under way together; `timeout`: seconds for one of them; `tries`: how often it is sent at most;
    `kind`: the name of the kind of server, "" where it is to be found out.

    A request is sent again, after half a second, then one, two, four and at most eight, less some by chance, where the server
    could not be reached, took too long, or answered 408, 409, 429 or 5xx; or after as long as it asked for.
    """

    def __init__(
        self, address: Address, at_once: int = 32, timeout: float = 60.0, tries: int = 4, kind: str = ""
    ) -> None:
        self.address, self.timeout, self.tries, self.kind = address, timeout, tries, kind
        self._client = openai.AsyncOpenAI(
            api_key=os.environ.get(KEY, "").strip() or NO_KEY,
            base_url=address.base,
            timeout=openai.Timeout(timeout, connect=min(CONNECT, timeout)),
            max_retries=tries - 1,
        )
        # These come from OpenAI's own variables, and are no business of other servers.
        self._client.organization = self._client.project = None
        self._room = asyncio.Semaphore(at_once)
        self._introducing = asyncio.Lock()
        self._known: Any = None
        self._got: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"The server {self.address.base}"

    async def each(
        self, ask: Callable[[RequestBody], Awaitable[ResponseBody]], requests: Sequence[RequestBody]
    ) -> list[ResponseBody]:
        """The answers to all requests, asked together. At the first that fails, the others are dropped, and it is raised."""

        async def all_of_them() -> list[ResponseBody]:
            tasks = [asyncio.ensure_future(ask(request)) for request in requests]
            try:
                return await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(all_of_them(), _loop()))

    async def once(self, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` finds out about the server, until it has succeeded once. Only within `each`, as are all that follow."""
        async with self._introducing:
            if self._known is None:
                self._known = await make()
            return self._known

    async def get(self, path: str, shape: type[Shape]) -> Shape:
        """The answer of a path, checked to be of a shape, and remembered once there is one. Raises EngineError."""
        if path not in self._got:
            self._got[path] = await self._asked(lambda: self._client.get(path, cast_to=object), shape)
        return self._got[path]

    async def post(self, path: str, body: dict[str, Any], shape: type[Shape]) -> Shape:
        """The answer of a path, or of a whole URL, checked to be of a shape. Raises EngineError."""
        async with self._room:
            return await self._asked(lambda: self._client.post(path, body=body, cast_to=object), shape)

    async def _asked(self, ask: Callable[[], Awaitable[object]], shape: type[Shape]) -> Shape:
        try:
            return shape.model_validate(await ask())
        except openai.APITimeoutError:
            raise EngineError(
                self.says(
                    f"did not answer within {self.timeout:g} seconds, asked {self._times}. It may have too much to do: "
                    "a smaller N asks for less at once."
                )
            ) from None
        except openai.APIConnectionError as error:
            why = f" ({type(error.__cause__).__name__})" if error.__cause__ else ""
            raise EngineError(self.says(f"cannot be reached{why}, tried {self._times}. Is it running?")) from None
        except openai.APIStatusError as error:
            raise self._refusal(error) from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise EngineError(self._garbage(f"{where}: {first['msg']}" if where else first["msg"])) from None
        except (openai.OpenAIError, ValueError) as error:
            raise EngineError(self._garbage(type(error).__name__)) from None

    @property
    def _times(self) -> str:
        return "once" if self.tries == 1 else f"{self.tries} times"

    def _garbage(self, what: str) -> str:
        return self.says(
            f"gave an answer that makes no sense ({what}). Does the address lead to a server of language models?"
        )

    def _refusal(self, error: openai.APIStatusError) -> EngineError:
        code, words = error.status_code, f"{error.status_code}: {self._words(error)}"
        if code in (401, 403):
            return EngineError(self.says(f"wants another key ({code}). Set {KEY}, and start this program again."))
        if code in (404, 405, 501):
            return UnknownPathError(self.says(f"does not know what was asked for ({words})."))
        if code == 429 or code >= 500:
            return EngineError(self.says(f"failed, asked {self._times} ({words})."))
        return EngineError(self.says(f"refused a request ({words})."))

    def _words(self, error: openai.APIStatusError) -> str:
        words = " ".join(error.message.partition(" - ")[2].split())
        return words[:LONGEST] or "no reason given"

    def says(self, what: str) -> str:
        """With whatever a server repeats of the key left out."""
        key = self._client.api_key
        return f"{self} {what}" if key == NO_KEY else f"{self} {what}".replace(key, "…")


class UnknownPathError(EngineError):
    """The server has no such path, or no such model there."""
