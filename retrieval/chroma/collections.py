"""The collections of one build in Chroma: ids, the embedded texts and their vectors; the store keeps the records.

A search gives ids. What they stand for is asked of the store, so what was removed there never comes out of an index
that was built before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from agent.domain.reference import Precedent, Profile
from agent.domain.taxonomy import PrecedentOutcome
from retrieval.chroma.client import ChromaClient
from retrieval.documents import describe_precedent, describe_profile
from retrieval.embedding.embedder import Vectors

PROFILES: Final = "profiles"
PRECEDENTS: Final = MappingProxyType({outcome: f"precedents_{outcome.value}" for outcome in PrecedentOutcome})
"""Outcome → its collection: asking each for its nearest is how outcomes are shown in equal number."""

_HNSW: Final = {"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200, "max_neighbors": 24}}
_PAGE: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Vector = NDArray[np.float32]
"""Shape (dimension,), length 1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One profile or precedent as it goes into a collection."""

    id: str
    collection: str
    text: str
    """What is embedded."""
    metadata: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Near:
    """An entry found by its vector."""

    id: str
    similarity: float
    """Cosine with the vector asked for; 1 is equal."""
    vector: Vector


def profile_entry(profile: Profile) -> Entry:
    """A profile's entry of the collection ``profiles``."""
    return Entry(profile.profile_id, PROFILES, describe_profile(profile))


def precedent_entry(precedent: Precedent) -> Entry:
    """A precedent's entry in the collection of its outcome, with whose alert it was and when it was decided."""
    metadata: dict[str, str | int] = {
        "alert_id": precedent.alert_id.casefold(),
        "decided_at": (precedent.decided_at - _EPOCH) // timedelta(microseconds=1),
    }
    return Entry(precedent.precedent_id, PRECEDENTS[precedent.outcome], describe_precedent(precedent), metadata)


class Collections:
    """The collections of one build, by our names for them; every method raises as ``ChromaClient.translated``."""

    def __init__(self, chroma: ChromaClient, opened: Mapping[str, Any]) -> None:
        """``opened``: our name → Chroma's collection."""
        self._chroma = chroma
        self._opened = opened
        with chroma.translated():
            self._batch: int = chroma.client.get_max_batch_size()

    @staticmethod
    def create(chroma: ChromaClient, names: Mapping[str, str]) -> Collections:
        """New collections; ``names``: our name → the name in Chroma."""
        with chroma.translated():
            make = chroma.client.create_collection
            opened = {
                name: make(inside, embedding_function=None, configuration=_HNSW) for name, inside in names.items()
            }
        return Collections(chroma, opened)

    @staticmethod
    def open(chroma: ChromaClient, names: Mapping[str, str]) -> Collections:
        """The collections of a finished build; raises CollectionGone when one is not there."""
        with chroma.translated():
            find = chroma.client.get_collection
            opened = {name: find(inside, embedding_function=None) for name, inside in names.items()}
        return Collections(chroma, opened)

    def count(self) -> dict[str, int]:
        """Entries per collection."""
        with self._chroma.translated():
            return {name: int(collection.count()) for name, collection in self._opened.items()}

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Put entries, one row of vectors each, into their collections; their ids must be new there."""
        for name, collection in self._opened.items():
            rows = [row for row, entry in enumerate(entries) if entry.collection == name]
            for start in range(0, len(rows), self._batch):
                batch = rows[start : start + self._batch]
                with self._chroma.translated():
                    collection.add(
                        ids=[entries[row].id for row in batch],
                        embeddings=vectors[batch],
                        documents=[entries[row].text for row in batch],
                        metadatas=[dict(entries[row].metadata) or None for row in batch],
                    )

    def delete(self, ids: Sequence[str]) -> None:
        """Take entries out of whichever collection has them; ids that none has are no fault."""
        for collection in self._opened.values():
            with self._chroma.translated():
                if held := collection.get(ids=list(ids), include=[])["ids"]:
                    collection.delete(ids=held)

    def fetch(self, ids: Sequence[str]) -> dict[str, tuple[Entry, Vector]]:
        """Entries with their vectors by id; ids that no collection has are absent."""
        found: dict[str, tuple[Entry, Vector]] = {}
        if not ids:
            return found  # Chroma takes no empty list
        for name, collection in self._opened.items():
            with self._chroma.translated():
                answer = collection.get(ids=list(ids), include=["documents", "metadatas", "embeddings"])
                rows = zip(answer["ids"], answer["documents"], answer["metadatas"], answer["embeddings"], strict=True)
                for key, text, metadata, vector in rows:
                    found[key] = (Entry(key, name, text, dict(metadata or {})), np.asarray(vector, np.float32))
        return found

    def ids(self, name: str) -> Iterator[str]:
        """All ids of a collection, page by page."""
        start = 0
        while True:
            with self._chroma.translated():
                page = cast(list[str], self._opened[name].get(limit=_PAGE, offset=start, include=[])["ids"])
            yield from page
            if len(page) < _PAGE:
                return
            start += _PAGE

    def find_near(self, name: str, vector: Vector, limit: int) -> list[Near]:
        """The entries of a collection nearest to a vector, nearest first; ``limit`` ≥ 1."""
        with self._chroma.translated():
            answer = self._opened[name].query(
                query_embeddings=[vector], n_results=limit, include=["distances", "embeddings"]
            )
            rows = zip(answer["ids"][0], answer["distances"][0], answer["embeddings"][0], strict=True)
            return [Near(key, 1.0 - float(far), np.asarray(found, np.float32)) for key, far, found in rows]
