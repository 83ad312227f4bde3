"""A real HTTP server on this machine that speaks as much of OpenAI's protocol and of vLLM's as is asked of it here.

Its models know no more than a hash: the next step depends on the prompt and the seed, a score on the tokens up to there.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.engines.local.tokenizer import BOS_ID, EOS_ID, encode, tokenizer

NEWLINE = encode("\n")[0]
DEPTH = 3


@dataclass(frozen=True)
class Asked:
    path: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """`body` is sent as JSON unless it is bytes; status 0 hangs up."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Server:
    """`answer` says what is answered; it may block, and is called from many threads. All that was asked is kept."""

    def __init__(self, model: str = "tiny", owner: str = "vllm", context: int | None = 1024) -> None:
        self.model, self.owner, self.context = model, owner, context
        self.answer: Callable[[Asked], Reply] = self.sense
        self.asked: list[Asked] = []
        self.now = self.most = 0
        self._lock = threading.Lock()
        self._port = 0
        self._open: set[socket.socket] = set()
        self.start()

    def start(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                server._open.add(self.connection)

            def finish(self) -> None:
                server._open.discard(self.connection)
                super().finish()

            def do_GET(self) -> None:
                self._reply(server._answered(Asked(self.path, {}, dict(self.headers))))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._reply(server._answered(Asked(self.path, body, dict(self.headers))))

            def _reply(self, reply: Reply) -> None:
                if not reply.status:
                    self.close_connection = True
                    return
                raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for key, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Listening(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # whoever asked has hung up

        self._http = Listening(("127.0.0.1", self._port), Handler)
        self._port = self._http.server_port
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """As when a machine goes down: nothing listens any more, and open connections break."""
        self._http.shutdown()
        self._http.server_close()
        for one in list(self._open):
            with suppress(OSError):  # it was closed from the other end
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def name(self) -> str:
        return f"{self.base}#{self.model}"

    def to(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def _answered(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return self.answer(asked)
        finally:
            with self._lock:
                self.now -= 1

    def sense(self, asked: Asked) -> Reply:
        """What a server in good health would say."""
        match asked.path:
            case "/v1/models":
                card = {"id": self.model, "owned_by": self.owner, "max_model_len": self.context}
                return Reply({"object": "list", "data": [card]})
            case "/v1/completions":
                return Reply(self.completion(asked.body))
            case "/pooling":
                vectors = [[1 - p, p] for p in map(chance, prefixes(asked.body["input"]))]
                return Reply({"data": [{"index": 0, "data": vectors}], "usage": usage(asked.body["input"], 0)})
        return Reply({"error": {"message": "Not Found"}}, 404)

    def completion(self, body: dict[str, Any]) -> dict[str, Any]:
        """As vLLM does: with the stop string where it is to be included, and with it and the end among the tokens."""
        text = written(body["prompt"], body["seed"])
        return said(
            body, text, ended=(body["prompt"].count("\n" if isinstance(body["prompt"], str) else NEWLINE)) >= DEPTH
        )


def written(prompt: str | Sequence[int], seed: int) -> str:
    """The step after a prompt."""
    digest = hashlib.blake2b(json.dumps([prompt, seed]).encode()).digest()
    return f"{digest[0] % 20}+{digest[1] % 20}={digest[2] % 20}"


def said(body: dict[str, Any], written: str, ended: bool, **more: Any) -> dict[str, Any]:
    """A completion of one step, which ends the solution or goes on."""
    tokens = [*encode(written), EOS_ID if ended else NEWLINE]
    choice = {
        "index": 0,
        "text": written + "\n" * (not ended and body.get("include_stop_str_in_output", False)),
        "finish_reason": "stop",
        "stop_reason": None if ended else "\n",
        "token_ids": tokens if body.get("return_token_ids") else None,
        "logprobs": {"tokens": [tokenizer().decode([t]) for t in tokens], "token_logprobs": [-0.5] * len(tokens)},
    }
    return {"choices": [choice | more], "usage": usage(body["prompt"], len(tokens))}


def usage(prompt: str | Sequence[int], completion: int) -> dict[str, Any]:
    return {"prompt_tokens": len(prompt), "completion_tokens": completion, "total_tokens": len(prompt) + completion}


def prefixes(tokens: Sequence[int]) -> list[list[int]]:
    return [list(tokens[: i + 1]) for i in range(len(tokens))]


def chance(tokens: Sequence[int]) -> float:
    """What the scripted verifier thinks of a text that ends here."""
    digest = hashlib.blake2b(json.dumps(list(tokens)).encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32


def opening(prompt: str) -> list[int]:
    return [BOS_ID, *encode(prompt)]
