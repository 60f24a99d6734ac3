"""The two shelves of an index, profiles and precedents, wherever Chroma lives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from retrieval.chroma.connection import Connection
from retrieval.chroma.folders import FolderShelf
from retrieval.chroma.place import ChromaPlace
from retrieval.chroma.remote import ServerShelf
from retrieval.chroma.shelf import PRECEDENTS, PROFILES, Shelf
from retrieval.embedding.embedder import Embedder


class Shelves:
    """Profiles and precedents in Chroma; nothing is opened or started before the first question."""

    profiles: Shelf
    precedents: Shelf

    def __init__(self, root: Path, place: ChromaPlace, embedder: Embedder) -> None:
        """``root`` is the index's folder."""
        self._connection: Connection | None = None
        if place.kind == "embedded":
            self.profiles = FolderShelf(root / PROFILES.name, PROFILES, embedder)
            self.precedents = FolderShelf(root / PRECEDENTS.name, PRECEDENTS, embedder)
        else:
            self._connection = Connection(place, root)
            self.profiles = ServerShelf(PROFILES, embedder, self._connection)
            self.precedents = ServerShelf(PRECEDENTS, embedder, self._connection)

    def __iter__(self) -> Iterator[Shelf]:
        return iter((self.profiles, self.precedents))

    def close(self) -> None:
        """Let go of everything; the last user of a shared server ends it. A second call does nothing."""
        for shelf in self:
            shelf.close()
        if self._connection is not None:
            self._connection.close()
