"""Cassette: model calls recorded below every client library, and replayed without key, network or cost.

A file of JSON Lines, one call a line: ``key``, ``status``, ``body`` (of the response), ``seconds`` and a ``label``.
The key is a hash of path, canonical request body and epoch; the request itself, which holds the article, is not kept.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Self

import httpx2
from pydantic import ValidationError

from agent.domain.base import Frozen
from agent.errors import ConfigError
from evals.running.disk import force_to_disk

Mode = Literal["record", "replay"]
_PASSING: Final = frozenset({408, 409, 425, 429})
"""Statuses, beside those of the server's own faults, after which the same call may well succeed."""


class RecordingInvalid(ConfigError):
    """A file cannot be read as a recording."""


class RecordingMissing(ConfigError):
    """A replay asked for a call that was not recorded."""


class RecordedCall(Frozen):
    """One response, and what it answered."""

    key: str
    status: int
    body: str
    seconds: float
    label: str


@dataclass(slots=True)
class Tally:
    """The calls that one sample made through a cassette."""

    case_id: str
    epoch: int
    seconds: float = 0.0
    missing: list[str] = field(default_factory=list)


_tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def count_calls(case_id: str, epoch: int) -> Iterator[Tally]:
    """Calls within the block are those of this sample. Raises RecordingMissing at its end when one was not recorded."""
    tally = Tally(case_id, epoch)
    token = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(token)
    if tally.missing:
        raise RecordingMissing(
            f"Case {case_id}, epoch {epoch}: a call is not in the recording ({tally.missing[0][:12]}): the prompt or "
            "alert changed: record again. Nothing was sent."
        )


class Cassette(httpx2.AsyncBaseTransport):
    """A transport between a model's client and the network; give it to ``httpx2.AsyncClient(transport=…)``.

    Recording, a call that the file already holds is answered from it, so that a recording that was killed goes on
    where it was. Replaying, a call that it does not hold is refused, whatever else happens: nothing reaches the
    network. Use it as a context manager.
    """

    def __init__(self, path: Path, mode: Mode, *, network: httpx2.AsyncBaseTransport | None = None) -> None:
        """``network`` is where a recording asks. Raises RecordingInvalid for a file that cannot be read."""
        self._path = path
        self._mode = mode
        self._network = network
        self._calls = read_recording(path, required=mode == "replay")
        self._part = path.with_name(f"{path.name}.part")
        if self._part.exists():
            self._calls |= read_recording(self._part, required=True, torn=True)
        self._file: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Put what was recorded in order into the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._mode == "record" and self._part.exists():
            write_recording(self._path, self._calls.values())
            self._part.unlink()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        tally = _tally.get() or Tally("(no case)", 0)
        key = identify_request(request.url.path, await request.aread(), tally.epoch)
        call = self._calls.get(key)
        if self._mode == "record" and (call is None or _may_pass(call.status)):
            call = await self._ask(request, key, tally)
        if call is None:
            tally.missing.append(key)
            # A refusal that no client repeats; the sample's own block then raises RecordingMissing.
            refusal = {"error": {"message": "not in the recording", "type": "not_recorded", "code": "not_recorded"}}
            return httpx2.Response(400, json=refusal, request=request)
        tally.seconds += call.seconds
        headers = {"content-type": "application/json"}
        return httpx2.Response(call.status, headers=headers, content=call.body.encode(), request=request)

    async def aclose(self) -> None:
        """Close the way to the network."""
        if self._network is not None:
            await self._network.aclose()

    async def _ask(self, request: httpx2.Request, key: str, tally: Tally) -> RecordedCall:
        begun = time.monotonic()
        self._network = self._network or httpx2.AsyncHTTPTransport()
        response = await self._network.handle_async_request(request)
        body = (await response.aread()).decode("utf-8", "replace")
        await response.aclose()
        call = RecordedCall(
            key=key,
            status=response.status_code,
            body=body,
            seconds=round(time.monotonic() - begun, 3),
            label=f"{tally.case_id}#{tally.epoch}",
        )
        self._keep(call)
        return call

    def _keep(self, call: RecordedCall) -> None:
        """Durable when this returns: the call may have cost money."""
        if self._file is None:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._part, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.write(self._file, call.model_dump_json().encode() + b"\n")
        os.fdatasync(self._file)
        self._calls[call.key] = call


def identify_request(path: str, body: bytes, epoch: int) -> str:
    """What makes two requests the same: path, body as canonical JSON, and the epoch, so that repeats stay repeats."""
    asked = json.loads(body) if body else {}
    canonical = json.dumps([path, asked, epoch], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def read_recording(path: Path, *, required: bool, torn: bool = False) -> dict[str, RecordedCall]:
    """The calls of a recording by key; of two with one key the later. Raises RecordingInvalid.

    A file that is not there is an empty recording unless ``required``. With ``torn`` the last line may be cut.
    """
    try:
        raw = path.read_bytes()
        lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).split(b"\n")
    except FileNotFoundError:
        if required:
            raise RecordingInvalid(f"There is no recording {path}. Make one with --record.") from None
        return {}
    except (OSError, EOFError) as error:
        raise RecordingInvalid(f"{path} cannot be read as a recording: {error}.") from error
    calls = {}
    for number, line in enumerate(lines[:-1] if torn else lines, start=1):
        if line:
            try:
                call = RecordedCall.model_validate_json(line)
            except ValidationError as error:
                raise RecordingInvalid(f"{path}, line {number}: not a recorded call.") from error
            calls[call.key] = call
    return calls


def write_recording(path: Path, calls: Iterable[RecordedCall]) -> None:
    """Write a recording in one step, in an order that tells nothing of who answered first; ``.gz`` is compressed."""
    ordered = sorted(calls, key=lambda call: (call.label, call.key))
    raw = "".join(call.model_dump_json() + "\n" for call in ordered).encode()
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
    force_to_disk(draft)
    os.replace(draft, path)


def _may_pass(status: int) -> bool:
    return status in _PASSING or status >= 500
