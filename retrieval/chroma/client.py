"""Opening Chroma, on a folder or over HTTP; whatever it raises becomes one of our errors, with the remedy.

Deaf to environment files and silent to the outside; vectors are always handed in, so Chroma never loads a model.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agent.errors import IndexUnavailable
from retrieval.chroma.place import ChromaPlace
from retrieval.layout import REBUILD

if TYPE_CHECKING:
    from chromadb.config import Settings

_SECONDS_TO_CONNECT: Final = 5.0
_SECONDS_TO_ANSWER: Final = 60.0


class ServerLost(IndexUnavailable):
    """The Chroma server cannot be reached, or stopped answering."""


class CollectionGone(IndexUnavailable):
    """A collection is not there: a newer build took its place, or somebody deleted it."""


class ChromaClient:
    """A Chroma client and what to say when it fails."""

    def __init__(self, client: Any, place: str, *, remote: bool) -> None:
        """``place`` is the folder or address as shown in sentences."""
        self.client = client
        self.place = place
        self._remote = remote

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what Chroma raises inside into ServerLost, CollectionGone or IndexUnavailable."""
        from chromadb.errors import ChromaError, NotFoundError  # loaded already: it made the client

        try:
            yield
        except IndexUnavailable:
            raise
        except NotFoundError as error:
            raise CollectionGone(
                f"The reference index is damaged: {self.place} lacks a collection ({error}). {REBUILD}"
            ) from error
        except Exception as error:  # a damaged folder raises errors of Rust, SQLite and Python alike
            if self._remote and not isinstance(error, ChromaError):
                raise ServerLost(lost_sentence(self.place, error)) from error
            raise IndexUnavailable(
                f"The reference index is damaged: Chroma cannot read {self.place} ({error}). {REBUILD}"
            ) from error

    def close(self) -> None:
        """Let go of the files or the connections."""
        self.client.close()


def open_folder(folder: Path) -> ChromaClient:
    """Chroma in this process, on a folder that no other process has open; made when it does not exist."""
    # chromadb takes over a second to import: only a process that searches or builds with it pays for it.
    import chromadb

    try:
        client = chromadb.PersistentClient(folder, settings=_quiet_settings())
    except Exception as error:  # a damaged folder raises errors of Rust, SQLite and Python alike
        raise IndexUnavailable(
            f"The reference index is damaged: Chroma cannot open {folder} ({error}). {REBUILD}"
        ) from error
    return ChromaClient(client, str(folder), remote=False)


def connect_to(place: ChromaPlace) -> ChromaClient:
    """A client of the server at an address (``kind`` ``http``). Raises ServerLost when it does not answer."""
    check_heartbeat(place)
    import chromadb  # late, as above

    try:
        client = chromadb.HttpClient(place.host, place.port, ssl=place.encrypted, settings=_quiet_settings())
    except Exception as error:  # chromadb raises ValueError, httpx its own
        raise ServerLost(lost_sentence(str(place), error)) from error
    # chromadb waits for ever; its HTTP session is the only place where that can be changed.
    with suppress(AttributeError):
        client._server._session.timeout = _SECONDS_TO_ANSWER  # type: ignore[attr-defined]
    return ChromaClient(client, str(place), remote=True)


def check_heartbeat(place: ChromaPlace) -> None:
    """Raise ServerLost unless a Chroma server answers at the address within seconds."""
    kind = http.client.HTTPSConnection if place.encrypted else http.client.HTTPConnection
    connection = kind(place.host, place.port, timeout=_SECONDS_TO_CONNECT)
    try:
        connection.request("GET", "/api/v2/heartbeat")
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise ServerLost(lost_sentence(str(place), f"it answers {answer.status} {answer.reason}"))
    except (OSError, http.client.HTTPException) as error:
        raise ServerLost(lost_sentence(str(place), error)) from error
    finally:
        connection.close()


def lost_sentence(place: str, reason: object) -> str:
    """What to tell when the server at an address cannot be reached."""
    return (
        f"The Chroma server at {place} cannot be reached ({str(reason) or type(reason).__name__}). "
        "Start it, or correct TRIAGE_CHROMA (embedded, shared, or http://host:port)."
    )


def _quiet_settings() -> Settings:
    from chromadb.config import Settings  # late, as above

    quiet: dict[str, Any] = {"_env_file": None, "anonymized_telemetry": False, "chroma_otel_collection_endpoint": ""}
    return Settings(**quiet)
