"""A shelf whose builds are collections of a Chroma server, shared by many processes.

    triage-<shelf>                   an empty collection whose metadata are the current build's name and manifest
    triage-<collection>-<build>      the collections of a build

A build is new collections; one call then replaces the pointer's metadata, and the old collections go. A reader that
meets a vanished collection rereads the pointer once; one that loses the server connects anew.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from agent.errors import IndexUnavailable, RetrievalError
from retrieval.chroma.client import ChromaClient, CollectionGone, ServerLost
from retrieval.chroma.collections import Collections
from retrieval.chroma.connection import Connection
from retrieval.chroma.shelf import OpenBuild, ShelfKind, ShelfManifest, check_compatible, check_counts
from retrieval.embedding.embedder import Embedder
from retrieval.layout import REBUILD, is_build_name, name_build

_PREFIX: Final = "triage-"
_AnswerT = TypeVar("_AnswerT")


class ServerDraft:
    """A build in the making: collections that the pointer does not name yet."""

    base = None

    def __init__(self, shelf: ServerShelf, client: ChromaClient) -> None:
        self._shelf = shelf
        self._client = client
        self._build = name_build()
        self.collections = Collections.create(client, shelf.inside_names(self._build))

    def publish(self, manifest: ShelfManifest) -> None:
        """Replace the pointer in one call; the collections of other builds go afterwards."""
        metadata = {"build": self._build, "manifest": manifest.model_dump_json()}
        with self._client.translated():
            pointer = self._client.client.get_or_create_collection(
                self._shelf.pointer_name, embedding_function=None, metadata=metadata
            )
            pointer.modify(metadata=metadata)


class ServerShelf:
    """Builds of one kind in a Chroma server; any number of processes may search and one build at a time."""

    def __init__(self, kind: ShelfKind, embedder: Embedder, connection: Connection) -> None:
        """Nothing is connected yet; the caller closes the connection."""
        self.kind = kind
        self.pointer_name = f"{_PREFIX}{kind.name}"
        self._embedder = embedder
        self._connection = connection
        self._open: tuple[ChromaClient, OpenBuild] | None = None
        self._lock = threading.Lock()

    @property
    def place(self) -> str:
        """The server, for people."""
        return self._connection.name

    def inside_names(self, build: str) -> dict[str, str]:
        """Our collections' names → theirs in the server, for a build."""
        return {name: f"{_PREFIX}{name}-{build}" for name in self.kind.collections}

    def read_manifest(self) -> ShelfManifest | None:
        """The current build's manifest, as the server's pointer has it now."""

        def read(client: ChromaClient) -> ShelfManifest | None:
            pointer = self._read_pointer(client)
            return None if pointer is None else pointer[1]

        return self._persist(read)

    def find_sound(self) -> ShelfManifest | None:
        """The current build's manifest, if opening its collections finds no fault; raises ServerLost."""
        self._forget()
        try:
            return self.ask(lambda build: build.manifest)
        except ServerLost:
            raise
        except RetrievalError:
            return None

    def ask(self, question: Callable[[OpenBuild], _AnswerT]) -> _AnswerT | None:
        """Ask the current build, again after a lost server or a build that was replaced."""

        def ask_once(client: ChromaClient) -> _AnswerT | None:
            build = self._opened(client)
            while build is not None:
                try:
                    return question(build)
                except ServerLost:
                    raise
                except IndexUnavailable:  # a collection that goes in the middle of a search fails in several ways
                    self._forget()
                    newer = self._opened(client)
                    if newer is not None and newer.manifest == build.manifest:
                        raise
                    build = newer
            return None

        return self._persist(ask_once)

    @contextlib.contextmanager
    def draft(self, *, copied: bool) -> Iterator[ServerDraft]:  # noqa: ARG002 a server cannot copy
        """New collections, always begun empty; the caller holds the lock of building."""
        client = self._connection.client()
        self._sweep(client)
        try:
            yield ServerDraft(self, client)
        finally:
            with contextlib.suppress(IndexUnavailable):  # the next build sweeps again
                self._sweep(client)

    def measure(self) -> int | None:
        """Bytes of the shared server's folder, both shelves and its log included; None for another server."""
        return self._connection.measure()

    def close(self) -> None:
        """Forget the build; the connection is the caller's."""
        self._forget()

    def _persist(self, ask: Callable[[ChromaClient], _AnswerT]) -> _AnswerT:
        """Ask, and when the server is lost connect anew, a few times within seconds; then ServerLost."""

        def attempt() -> _AnswerT:
            client = self._connection.client()
            try:
                return ask(client)
            except ServerLost:
                self._connection.drop(client)
                raise

        persistent = Retrying(
            retry=retry_if_exception_type(ServerLost),
            stop=stop_after_attempt(self._connection.attempts),
            wait=wait_exponential(multiplier=0.2, max=2.0),
            reraise=True,
        )
        try:
            return persistent(attempt)
        except ServerLost:
            self._connection.give_up()
            raise

    def _opened(self, client: ChromaClient) -> OpenBuild | None:
        with self._lock:
            if self._open is None or self._open[0] is not client:
                build = self._open_current(client)
                if build is None:
                    return None
                self._open = (client, build)
            return self._open[1]

    def _forget(self) -> None:
        with self._lock:
            self._open = None

    def _open_current(self, client: ChromaClient) -> OpenBuild | None:
        """The build that the pointer names; a pointer that moves while its collections are opened is followed."""
        seen: str | None = None
        while True:
            pointer = self._read_pointer(client)
            if pointer is None:
                return None
            build, manifest = pointer
            check_compatible(manifest, self._embedder, self.place)
            try:
                opened = Collections.open(client, self.inside_names(build))
                check_counts(manifest, opened, self.place)
            except ServerLost:
                raise
            except IndexUnavailable as error:
                if build == seen:
                    raise IndexUnavailable(str(error)) from error
                seen = build
                continue
            return OpenBuild(manifest, opened, lambda: None)

    def _read_pointer(self, client: ChromaClient) -> tuple[str, ShelfManifest] | None:
        try:
            with client.translated():
                metadata: dict[str, Any] = (
                    client.client.get_collection(self.pointer_name, embedding_function=None).metadata or {}
                )
        except CollectionGone:
            return None
        try:
            return str(metadata["build"]), ShelfManifest.model_validate_json(str(metadata["manifest"]))
        except (KeyError, ValidationError) as error:
            raise IndexUnavailable(
                f"The reference index is damaged: the manifest in {self.pointer_name} at {self.place} is malformed. "
                f"{REBUILD}"
            ) from error

    def _sweep(self, client: ChromaClient) -> None:
        """Delete the collections of builds that are not current, whoever left them; the pointer stays."""
        with contextlib.suppress(IndexUnavailable):
            pointer = self._read_pointer(client)
            kept = set() if pointer is None else set(self.inside_names(pointer[0]).values())
            with client.translated():
                standing = [collection.name for collection in client.client.list_collections()]
            for name in standing:
                if name not in kept and self._is_ours(name):
                    with contextlib.suppress(CollectionGone), client.translated():
                        client.client.delete_collection(name)

    def _is_ours(self, name: str) -> bool:
        heads = [f"{_PREFIX}{own}-" for own in self.kind.collections]
        return any(name.startswith(head) and is_build_name(name.removeprefix(head)) for head in heads)
