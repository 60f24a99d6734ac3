"""One process's connection to a Chroma server: made when first needed, and made anew when lost."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Final

from retrieval.chroma.client import ChromaClient, connect_to
from retrieval.chroma.place import ChromaPlace
from retrieval.chroma.server import SharedServer
from retrieval.layout import measure_folder

_ATTEMPTS: Final = 5
_SECONDS_LOST: Final = 10.0
"""How long a server that did not come back is asked only once a time: a whole dossier must not wait for each part."""


class Connection:
    """One process's connection to a Chroma server, made when first needed and made anew when lost."""

    def __init__(self, place: ChromaPlace, root: Path) -> None:
        """``place`` is ``shared`` (a server of this machine for the index at ``root``) or ``http``."""
        self._place = place
        self._shared = SharedServer(root) if place.kind == "shared" else None
        self._client: ChromaClient | None = None
        self._lost_until = 0.0
        self._lock = threading.Lock()

    @property
    def attempts(self) -> int:
        """How often a question is worth asking now."""
        return 1 if time.monotonic() < self._lost_until else _ATTEMPTS

    def give_up(self) -> None:
        """Remember that the server did not come back."""
        self._lost_until = time.monotonic() + _SECONDS_LOST

    @property
    def name(self) -> str:
        """The server, for people."""
        return str(self._place) if self._shared is None else f"the shared server of {self._shared.folder}"

    def client(self) -> ChromaClient:
        """The client, connected; raises ServerLost when the server does not answer, IndexUnavailable if none starts."""
        with self._lock:
            if self._client is None:
                self._client = connect_to(self._place if self._shared is None else self._shared.join())
            return self._client

    def drop(self, client: ChromaClient) -> None:
        """Forget a client whose server does not answer, unless another thread has done so already."""
        with self._lock:
            if self._client is client:
                self._client = None
                _close_quietly(client)

    def measure(self) -> int | None:
        """Bytes of the shared server's folder; None for somebody else's server."""
        return None if self._shared is None else measure_folder(self._shared.folder)

    def close(self) -> None:
        """Disconnect; the last to use a shared server ends it."""
        with self._lock:
            client, self._client = self._client, None
            if client is not None:
                _close_quietly(client)
            if self._shared is not None:
                self._shared.leave()


def _close_quietly(client: ChromaClient) -> None:
    with contextlib.suppress(Exception):  # the server is gone or goes: there is nothing left to lose
        client.close()
