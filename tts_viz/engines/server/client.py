"""The client of one server: concurrent requests, retries, and clear messages for failures.

All clients run in one thread with its own event loop, so that connections stay open whichever loop calls. The key comes
from the environment, and is sent only in the requests' header.
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
"""Sent to servers without keys: the openai client requires a key, and would otherwise use OpenAI's variable."""

CONNECT = 5.0
"""Timeout of a connection in seconds."""

LONGEST = 200
"""Most characters of a server's message that are repeated in ours."""

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
    """`at_once`: most concurrent requests; `timeout`: seconds for each; `tries`: how often one is sent at most; `kind`: the
    name of the kind of server, "" to detect it.

    A request is retried if the server could not be reached, timed out, or answered 408, 409, 429 or 5xx. The delay is what
    the server asked for, else 0.5, 1, 2, 4 and at most 8 seconds, minus random jitter.
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
        # These come from OpenAI's environment variables and must not be sent to other servers.
        self._client.organization = self._client.project = None
        self._slots = asyncio.Semaphore(at_once)
        self._introducing = asyncio.Lock()
        self._introduction: Any = None
        self._cached: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"The server {self.address.base}"

    async def each(
        self, ask: Callable[[RequestBody], Awaitable[ResponseBody]], requests: Sequence[RequestBody]
    ) -> list[ResponseBody]:
        """The answers to all requests, sent concurrently. The first failure cancels the others and is raised."""

        async def gather_all() -> list[ResponseBody]:
            tasks = [asyncio.ensure_future(ask(request)) for request in requests]
            try:
                return await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(gather_all(), _loop()))

    async def once(self, make: Callable[[], Awaitable[T]]) -> T:
        """The result of `make`, cached once it has succeeded. Call this and the methods below only within `each`."""
        async with self._introducing:
            if self._introduction is None:
                self._introduction = await make()
            return self._introduction

    async def get(self, path: str, shape: type[Shape]) -> Shape:
        """The answer of a path, validated against `shape` and cached. Raises EngineError."""
        if path not in self._cached:
            self._cached[path] = await self._validated_answer(lambda: self._client.get(path, cast_to=object), shape)
        return self._cached[path]

    async def post(self, path: str, body: dict[str, Any], shape: type[Shape]) -> Shape:
        """The answer of a path or a whole URL, validated against `shape`. Raises EngineError."""
        async with self._slots:
            return await self._validated_answer(lambda: self._client.post(path, body=body, cast_to=object), shape)

    async def _validated_answer(self, ask: Callable[[], Awaitable[object]], shape: type[Shape]) -> Shape:
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
            raise EngineError(self._invalid_answer(f"{where}: {first['msg']}" if where else first["msg"])) from None
        except (openai.OpenAIError, ValueError) as error:
            raise EngineError(self._invalid_answer(type(error).__name__)) from None

    @property
    def _times(self) -> str:
        return "once" if self.tries == 1 else f"{self.tries} times"

    def _invalid_answer(self, what: str) -> str:
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
        """A message about this server, with the key removed."""
        key = self._client.api_key
        return f"{self} {what}" if key == NO_KEY else f"{self} {what}".replace(key, "…")


class UnknownPathError(EngineError):
    """The server does not have the path, or the model."""
