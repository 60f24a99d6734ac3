"""A shelf: the builds of one kind of reference entries in Chroma, of which one is current.

Two kinds of shelf behave alike: ``FolderShelf`` has its builds in folders that one process at a time has open,
``ServerShelf`` in a Chroma server's collections.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from pydantic import Field

from agent.domain.alert import Moment
from agent.domain.base import Frozen, Phrase
from agent.errors import IndexMismatch, IndexUnavailable
from retrieval.chroma import collections
from retrieval.chroma.collections import Collections
from retrieval.embedding.embedder import Embedder
from retrieval.layout import REBUILD, FileHashes

SCHEMA_VERSION: Final = 2
"""Raised whenever documents, collections or the files of a build change their meaning."""

_AnswerT = TypeVar("_AnswerT")


@dataclass(frozen=True, slots=True)
class ShelfKind:
    """What stands on a shelf."""

    name: str
    """``profiles`` or ``precedents``."""
    collections: tuple[str, ...]


PROFILES: Final = ShelfKind("profiles", (collections.PROFILES,))
PRECEDENTS: Final = ShelfKind("precedents", tuple(collections.PRECEDENTS.values()))


class ShelfManifest(Frozen):
    """What a build was made with and holds; checked whenever it is opened."""

    schema_version: int
    embedder: Phrase
    fingerprint: Phrase
    dimension: int = Field(ge=1)
    generation: int = Field(ge=0)
    """The store's counter of these entries that the build reflects."""
    counts: dict[Phrase, int]
    """Entries per collection."""
    replaced: int = Field(default=0, ge=0)
    """Entries deleted since the graph of neighbours was last made from nothing: it never shrinks by itself."""
    files: FileHashes = Field(default_factory=dict)
    built_at: Moment

    @property
    def count(self) -> int:
        """All entries."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class OpenBuild:
    """A finished build, open to be searched."""

    manifest: ShelfManifest
    collections: Collections
    release: Callable[[], None]
    """Lets go of it."""

    def close(self) -> None:
        """Let go of it."""
        self.release()


class Draft(Protocol):
    """A build in the making; nobody sees it before it is published."""

    @property
    def collections(self) -> Collections:
        """Where its entries go."""

    @property
    def base(self) -> ShelfManifest | None:
        """The build that it began as a copy of, or None where it began empty."""

    def publish(self, manifest: ShelfManifest) -> None:
        """Finish it and make it the current build, in one step; ``manifest.files`` are filled in here."""


class Shelf(Protocol):
    """The builds of one kind of entries, wherever Chroma lives."""

    @property
    def kind(self) -> ShelfKind:
        """What stands on it."""

    @property
    def place(self) -> str:
        """The folder or address, for people."""

    def read_manifest(self) -> ShelfManifest | None:
        """The current build's, or None when nothing was built yet; raises RetrievalError."""

    def find_sound(self) -> ShelfManifest | None:
        """The current build's manifest if a new build may go on from it: whole, and of this embedder; else None.

        Raises ServerLost when it cannot be looked at.
        """

    def ask(self, question: Callable[[OpenBuild], _AnswerT]) -> _AnswerT | None:
        """Open the current build as far as needed and ask; None when nothing was built yet. Raises RetrievalError.

        The question must not change anything: it may be asked again of a newer build or a restarted server.
        """

    def draft(self, *, copied: bool) -> AbstractContextManager[Draft]:
        """A new build, begun as a copy of the current one where that is possible; gone on leaving unless published."""

    def measure(self) -> int | None:
        """Bytes on disk; None where they lie in somebody else's server."""

    def close(self) -> None:
        """Let go of whatever is open; a later question opens it again."""


def check_compatible(manifest: ShelfManifest, embedder: Embedder, place: str) -> None:
    """Raise IndexMismatch, naming both embedders, unless these vectors can be compared with the embedder's."""
    expected = {
        "schema version": (manifest.schema_version, SCHEMA_VERSION),
        "embedder": (manifest.embedder, embedder.model_id),
        "dimension": (manifest.dimension, embedder.dimension),
        "fingerprint": (manifest.fingerprint, embedder.fingerprint),
    }
    for what, (built, wanted) in expected.items():
        if built != wanted:
            of_theirs, of_ours = ("", "") if what == "embedder" else (manifest.embedder, embedder.model_id)
            raise IndexMismatch(
                f"The reference index in {place} was built with {what} {built}{_by(of_theirs)}, not "
                f"{wanted}{_by(of_ours)}. {REBUILD}"
            )


def _by(embedder: str) -> str:
    return f" (embedder {embedder})" if embedder else ""


def check_counts(manifest: ShelfManifest, opened: Collections, place: str) -> None:
    """Raise IndexUnavailable unless every collection holds as many entries as the build wrote."""
    for name, held in opened.count().items():
        expected = manifest.counts.get(name)
        if held != expected:
            raise IndexUnavailable(
                f"The reference index is damaged: {name} in {place} has {held} entries, not {expected}. {REBUILD}"
            )
