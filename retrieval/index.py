"""The reference index as triage sees it: profiles by name or description, precedents like a case.

The indexes give ids; the records come from the store, so what was removed there never comes out of an old index. Each
part is opened at the first search that needs it and fails by itself: names are found without Chroma.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol

from agent.domain.reference import Precedent, PrecedentMatch, PrecedentQuery, Profile, ProfileMatch
from agent.domain.taxonomy import PrecedentOutcome
from retrieval.chroma import collections
from retrieval.chroma.collections import Near, Vector
from retrieval.chroma.place import ChromaPlace
from retrieval.chroma.shelf import OpenBuild
from retrieval.chroma.shelves import Shelves
from retrieval.documents import describe_query
from retrieval.embedding.embedder import Embedder
from retrieval.names.index import NameIndex
from retrieval.names.matches import keep_likely, rank_profiles, take_turns
from retrieval.parts import LEXICAL_FOLDER, NAMES_FOLDER, describe_lacks, read_parts
from retrieval.precedents.builds import OpenLexical, open_lexical
from retrieval.precedents.ranking import MIN_SIMILARITY, rank_precedents
from retrieval.standing import Standing

_NAMESAKES: Final = 50
"""A name that more people share identifies nobody."""
_OVERFETCH: Final = 10
"""Fetched beyond what is asked for, since some of it may have left the store."""
_MENTION: Final = 200


class ReferenceRecords(Protocol):
    """Where the records are; the store is one."""

    def load_profiles(self, ids: Sequence[str]) -> Mapping[str, Profile]:
        """The profiles of these ids as they are now; those that are gone are left out."""

    def load_precedents(self, ids: Sequence[str]) -> Mapping[str, Precedent]:
        """The precedents of these ids as they are now; those that are gone are left out."""

    def profiles_generation(self) -> int:
        """The counter of changes to profiles."""

    def precedents_generation(self) -> int:
        """The counter of changes to precedents."""


def open_index(
    root: Path, *, embedder: Embedder, records: ReferenceRecords, chroma: ChromaPlace | None = None
) -> ReferenceIndex:
    """The index at ``root`` (which may hold none yet); ``chroma`` is ``embedded`` when not given.

    Nothing is opened here: a part that is damaged, held by another process or made with another embedder raises when
    it is searched.
    """
    return ReferenceIndex(root, embedder, records, Shelves(root, chroma or ChromaPlace(), embedder))


class ReferenceIndex:
    """Profiles and precedents to search. A part that was not built yet finds nothing, and the notes say so.

    Close it, or use it as a context manager. Safe to share between threads; one that stays open sees new builds.
    Searches raise IndexUnavailable when the part is damaged, held by another process or its server is gone, and
    IndexMismatch when it was made with another embedder.
    """

    def __init__(self, root: Path, embedder: Embedder, records: ReferenceRecords, shelves: Shelves) -> None:
        self._root = root
        self._embedder = embedder
        self._records = records
        self._shelves = shelves
        self._names = Standing(root / NAMES_FOLDER, lambda: NameIndex.open(root / NAMES_FOLDER))
        self._lexical = Standing(root / LEXICAL_FOLDER, lambda: open_lexical(root / LEXICAL_FOLDER))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the index lacks, in sentences for the dossier: parts not built, older than the store, or unreadable."""
        return describe_lacks(read_parts(self._root, self._shelves, self._records))

    def find_profiles(self, names: Sequence[str], limit: int) -> list[ProfileMatch]:
        """Profiles that bear one of the names (route ``name``): the best of each name first, then the second of each.

        Two people of one name are both returned, and a profile that meets two names stands under each. Names are those
        that the store has now; one less like the mention than SHOWN_FROM is not shown.
        """
        mentions = [name for name in dict.fromkeys(name.strip()[:_MENTION] for name in names) if name]
        if limit < 1 or not mentions:
            return []
        with self._names.lease() as index:
            if index is None:
                return []
            candidates = {name: keep_likely(index.find(name, _NAMESAKES)) for name in mentions}
        profiles = self._records.load_profiles(sorted({one for likely in candidates.values() for one in likely}))
        ranked = [
            rank_profiles(mention, [(profiles[one], name) for one, name in likely.items() if one in profiles])
            for mention, likely in candidates.items()
        ]
        return take_turns(ranked)[:limit]

    def detect_names(self, text: str) -> list[str]:
        """Names of profiles that stand in the text, as written there, each once, in order."""
        with self._names.lease() as index:
            return [] if index is None else index.detect(text)

    def search_profiles(self, description: str, limit: int) -> list[ProfileMatch]:
        """Profiles whose role, topics, countries and notes are near the description (route ``description``).

        Says nothing about identity: for use beside names, never in their stead.
        """
        if limit < 1 or not description.strip():
            return []
        vector = cache(lambda: self._embedder.embed([description])[0])
        near = self._shelves.profiles.ask(
            lambda build: _find_near(build, collections.PROFILES, vector, limit + _OVERFETCH)
        )
        alike = [one for one in near or [] if one.similarity >= MIN_SIMILARITY]
        profiles = self._records.load_profiles([one.id for one in alike])
        return [
            ProfileMatch(
                profile=profiles[one.id],
                matched_name=profiles[one.id].name,
                score=round(one.similarity, 4),
                route="description",
            )
            for one in alike
            if one.id in profiles
        ][:limit]

    def find_precedents(self, query: PrecedentQuery, limit: int) -> list[PrecedentMatch]:
        """Precedents like the case, the same number of each outcome as far as they exist: see ``rank_precedents``."""
        if limit < 1:
            return []
        with self._lexical.lease() as words:
            search = _PrecedentSearch(query, limit, self._embedder, self._records, words)
            return self._shelves.precedents.ask(search.rank) or []

    def outcome_counts(self) -> dict[PrecedentOutcome, int]:
        """How the precedents of the index ended; empty when none was built yet."""
        manifest = self._shelves.precedents.read_manifest()
        if manifest is None:
            return {}
        return {outcome: manifest.counts[name] for outcome, name in collections.PRECEDENTS.items()}

    def close(self) -> None:
        """Let go of every part; the last user of a shared server ends it. A second call does nothing."""
        self._names.close()
        self._lexical.close()
        self._shelves.close()

    def __enter__(self) -> ReferenceIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _PrecedentSearch:
    """One case's search through an open build; its text is embedded when the first build is asked."""

    def __init__(
        self,
        query: PrecedentQuery,
        limit: int,
        embedder: Embedder,
        records: ReferenceRecords,
        words: OpenLexical | None,
    ) -> None:
        self._query = query
        self._limit = limit
        self._text = describe_query(query)
        self._vector = cache(lambda: embedder.embed([self._text])[0])
        self._records = records
        self._words = words

    def rank(self, build: OpenBuild) -> list[PrecedentMatch]:
        if not build.manifest.count:
            return []

        def dense(outcome: PrecedentOutcome, depth: int) -> list[tuple[str, float, Vector]]:
            near = _find_near(build, collections.PRECEDENTS[outcome], self._vector, depth)
            return [(one.id, one.similarity, one.vector) for one in near]

        def vectors(_: PrecedentOutcome, ids: Sequence[str]) -> dict[str, Vector]:
            return {one: row for one, (_entry, row) in build.collections.fetch(ids).items()}

        return rank_precedents(
            self._query,
            self._limit,
            dense=dense,
            lexical=self._search_words,
            load=self._records.load_precedents,
            vectors=vectors,
            query_vector=self._vector(),
        )

    def _search_words(self, outcome: PrecedentOutcome, depth: int) -> list[tuple[str, float]]:
        return [] if self._words is None else self._words.index.search(self._text, outcome, depth)


def _find_near(build: OpenBuild, name: str, vector: Callable[[], Vector], limit: int) -> list[Near]:
    """The nearest entries of a collection; an empty one is not asked, and no vector made for it."""
    limit = min(limit, build.manifest.counts[name])
    return build.collections.find_near(name, vector(), limit) if limit else []
