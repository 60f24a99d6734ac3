"""A real HTTP server on 127.0.0.1 that speaks OpenAI's chat-completions protocol and misbehaves as scripted.

``python -m agent.llm.scripted_server --port 8001 --script script.yaml`` serves until interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agent.llm.behaviours import MODEL, Behaviour, load_behaviours

_DRIPPED_BYTES = 10


@dataclass(frozen=True)
class LoggedRequest:
    """A request as it came: its path, headers (lower-cased names) and JSON body, and the monotonic time in seconds."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float


Responder = Callable[[LoggedRequest], Behaviour]
"""What an endpoint does with one request; called in the server's own thread."""


class ScriptedServer:
    """A context manager. Chat completions are answered from ``script`` in order, its last entry repeating, or by it.

    It runs in a thread with an event loop of its own, so that it goes on while its client blocks. ``requests`` logs
    the chat completions asked for, ``port`` 0 takes a free one.
    """

    def __init__(self, script: Sequence[Behaviour] | Responder, port: int = 0) -> None:
        if not script:
            raise ValueError("a script needs at least one behaviour")
        self.requests: list[LoggedRequest] = []
        self._respond = script if callable(script) else self._in_order(script)
        self._port = port
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="scripted-server", daemon=True)

    @property
    def base_url(self) -> str:
        """The address for a client's ``base_url``."""
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def wait(self) -> None:
        """Block until the server ends."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as exc:  # the port is taken: tell the thread that waits
            self._failure = exc
            self._started.set()
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._converse, "127.0.0.1", self._port)
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        conversations = asyncio.all_tasks() - {asyncio.current_task()}
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive until either side closes it."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answer_one(reader, writer):
                pass
        writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): rest.strip() for name, _, rest in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        if method == "GET" and path.endswith("/models"):
            return await self._send(_model_list(), reader, writer)
        if method == "POST" and path.endswith("/chat/completions"):
            self.requests.append(LoggedRequest(path, headers, json.loads(raw), time.monotonic()))
            return await self._send(self._respond(self.requests[-1]), reader, writer)
        return await self._send(Behaviour(b'{"error": {"message": "no such path"}}', status=404), reader, writer)

    def _in_order(self, script: Sequence[Behaviour]) -> Responder:
        listed = list(script)
        return lambda _: listed[min(len(self.requests), len(listed)) - 1]

    async def _send(self, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Carry out one behaviour; whether the connection stays open."""
        await asyncio.sleep(behaviour.latency_s)
        if behaviour.ending == "close":
            return False
        if behaviour.ending == "hang":
            await reader.read()  # until the client gives up
            return False
        headers = {"Content-Type": "application/json", **behaviour.headers, "Content-Length": str(len(behaviour.body))}
        lines = [f"HTTP/1.1 {behaviour.status} {HTTPStatus(behaviour.status).phrase}"]
        lines += [f"{name}: {part}" for name, part in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if behaviour.ending == "cut":
            writer.write(behaviour.body[: len(behaviour.body) // 2])
            await writer.drain()
            return False
        if behaviour.ending == "drip":
            for start in range(0, len(behaviour.body), _DRIPPED_BYTES):
                writer.write(behaviour.body[start : start + _DRIPPED_BYTES])
                await writer.drain()
                await asyncio.sleep(behaviour.drip_s)
            return True
        writer.write(behaviour.body)
        await writer.drain()
        return True


def _model_list() -> Behaviour:
    models = [{"id": MODEL, "object": "model", "created": 1, "owned_by": "scripted"}]
    return Behaviour(json.dumps({"object": "list", "data": models}).encode())


def main() -> None:
    """Serve a script from the command line."""
    parser = argparse.ArgumentParser(description="Serve scripted chat completions on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--script", type=Path, required=True, help="YAML or JSON list of 'reply:' and 'fault:' entries")
    options = parser.parse_args()
    with (
        ScriptedServer(load_behaviours(options.script), options.port) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(f"{server.base_url} answers from {options.script}", flush=True)
        server.wait()


if __name__ == "__main__":
    main()
