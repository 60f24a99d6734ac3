"""The Chroma folder of one build: its collections, written once by the builder and then only searched.

Vectors are always handed in, so Chroma never loads a model of its own; full records lie beside them as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from agent.domain.reference import Precedent, Profile
from agent.domain.taxonomy import PrecedentOutcome
from agent.errors import IndexUnavailable
from retrieval.documents import describe_precedent, describe_profile
from retrieval.embedder import Vectors
from retrieval.layout import REBUILD

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

PROFILES: Final = "profiles"
PRECEDENTS: Final = MappingProxyType({outcome: f"precedents_{outcome.value}" for outcome in PrecedentOutcome})
"""Outcome → its collection: asking each for its nearest is how outcomes are shown in equal number."""
COLLECTIONS: Final = (PROFILES, *PRECEDENTS.values())

_HNSW: Final = {"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200, "max_neighbors": 24}}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as it goes into a collection: what is embedded, and what comes back when it is found."""

    id: str
    text: str
    metadata: Mapping[str, str | int]


def profile_entry(profile: Profile) -> Entry:
    """A profile's entry of the collection ``profiles``."""
    return Entry(profile.profile_id, describe_profile(profile), {"record": profile.model_dump_json()})


def precedent_entry(precedent: Precedent) -> Entry:
    """A precedent's entry; what a search must be able to rule out stands beside the record."""
    metadata: dict[str, str | int] = {
        "record": precedent.model_dump_json(),
        "alert_id": precedent.alert_id.casefold(),
        "decided_at": _microseconds(precedent.decided_at),
    }
    return Entry(precedent.precedent_id, describe_precedent(precedent), metadata)


def others_before(alert_id: str, before: datetime) -> dict[str, Any]:
    """A Chroma filter for precedents of other alerts, decided before a moment."""
    return {"$and": [{"decided_at": {"$lt": _microseconds(before)}}, {"alert_id": {"$ne": alert_id.casefold()}}]}


class ChromaFolder:
    """A Chroma folder opened by this process; the caller sees to it that no other process has it open.

    Whatever Chroma raises becomes IndexUnavailable with the remedy.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        # chromadb takes over a second to import: only a process that has an index to open pays for it.
        import chromadb
        from chromadb.config import Settings

        self._folder = folder
        # Deaf to environment files, silent to the outside.
        quiet: dict[str, Any] = {
            "_env_file": None,
            "anonymized_telemetry": False,
            "chroma_otel_collection_endpoint": "",
        }
        with self._translated():
            self._client: Any = chromadb.PersistentClient(folder, settings=Settings(**quiet))
        try:
            self._collections = {name: self._collection(name, create) for name in COLLECTIONS}
        except IndexUnavailable:
            self.close()
            raise

    def add(self, name: str, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Append records with their vectors, one row each."""
        with self._translated():
            self._collections[name].add(
                ids=[entry.id for entry in entries],
                embeddings=vectors,
                documents=[entry.text for entry in entries],
                metadatas=[dict(entry.metadata) for entry in entries],
            )

    def count(self, name: str) -> int:
        """How many records a collection holds."""
        with self._translated():
            return self._collections[name].count()

    def query(
        self, name: str, vector: Vector, limit: int, where: dict[str, Any] | None = None
    ) -> list[tuple[str, float]]:
        """The nearest records' JSON with their cosine similarity, nearest first; ``limit`` ≥ 1."""
        with self._translated():
            answer = self._collections[name].query(
                query_embeddings=cast(Any, [vector]), n_results=limit, where=where, include=["metadatas", "distances"]
            )
            metadatas, distances = cast(Any, answer["metadatas"])[0], cast(Any, answer["distances"])[0]
            return [(row["record"], 1.0 - distance) for row, distance in zip(metadatas, distances, strict=True)]

    def fetch(self, name: str, ids: Sequence[str]) -> dict[str, tuple[str, Vector]]:
        """Records' JSON and vectors by id; ids it does not hold are absent."""
        with self._translated():
            answer = self._collections[name].get(ids=list(ids), include=["metadatas", "embeddings"])
            rows = zip(answer["ids"], cast(Any, answer["metadatas"]), cast(Any, answer["embeddings"]), strict=True)
            return {key: (row["record"], vector) for key, row, vector in rows}

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    def _collection(self, name: str, create: bool) -> Collection:
        with self._translated():
            opened = (
                self._client.create_collection(name, embedding_function=None, configuration=_HNSW)
                if create
                else self._client.get_collection(name, embedding_function=None)
            )
            return cast("Collection", opened)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a damaged folder raises errors of Rust, SQLite and Python alike
            raise IndexUnavailable(
                f"The reference index is damaged: Chroma cannot read {self._folder} ({error}). {REBUILD}"
            ) from error


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
