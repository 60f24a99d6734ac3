"""The reference index: profiles found by name or description, precedents found per outcome, from an embedded Chroma.

One process at a time has a build open: Chroma in two processes silently loses records. The index holds nothing that the
store does not, so every fault has one remedy: `triage index build`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from agent.domain.reference import Precedent, PrecedentMatch, PrecedentQuery, Profile, ProfileMatch
from agent.errors import IndexMismatch, IndexUnavailable
from retrieval.collections import COLLECTIONS, PRECEDENTS, PROFILES, ChromaFolder, Vector, others_before
from retrieval.documents import describe_query
from retrieval.embedder import Embedder
from retrieval.layout import (
    CACHE_FILES,
    CHROMA_FOLDER,
    NAMES_FILE,
    REBUILD,
    SCHEMA_VERSION,
    FolderLock,
    Manifest,
    check_file,
    current_build,
    read_manifest,
)
from retrieval.names import NameMatch, NameTable
from retrieval.ranking import MIN_SIMILARITY, compare_case, is_admissible, order_matches

NO_INDEX: Final = f"No reference index yet: {REBUILD[0].lower()}{REBUILD[1:]}"

_NAMESAKES: Final = 50
"""Profiles looked at per name; a name that more people share identifies nobody."""
_OVERFETCH: Final = 4
_ModelT = TypeVar("_ModelT", bound=BaseModel)


def open_index(root: Path, embedder: Embedder, generation: int | None = None) -> ReferenceIndex:
    """The index built at ``root``; one that finds nothing, and says so in its notes, when none was built yet.

    ``generation`` is the store's: a build that reflects an older one is used, with a note. Raises IndexUnavailable when
    another process has the build open or its files are damaged, IndexMismatch when it was built with another embedder.
    """
    folder, lock = _take_current(root)
    if folder is None or lock is None:
        return ReferenceIndex(embedder, None, (NO_INDEX,))
    try:
        manifest = read_manifest(folder, Manifest)
        _check_compatible(folder, manifest, embedder)
        build = _OpenBuild(folder, manifest, lock)
    except BaseException:
        lock.release()
        raise
    return ReferenceIndex(embedder, build, _shortcomings(manifest, generation))


class ReferenceIndex:
    """Profiles and precedents to search; without a build it finds nothing.

    Close it, or use it as a context manager: while open it keeps other processes from the build. Safe to share between
    threads. Searching raises IndexUnavailable when the files turn out damaged.
    """

    def __init__(self, embedder: Embedder, build: _OpenBuild | None, notes: Sequence[str]) -> None:
        self._embedder = embedder
        self._build = build
        self.notes = tuple(notes)
        """What the index lacks, in sentences for the dossier."""

    @property
    def manifest(self) -> Manifest | None:
        """What the open build was made with and holds; None without one."""
        return self._build.manifest if self._build else None

    def find_profiles(self, names: Sequence[str], description: str, limit: int) -> list[ProfileMatch]:
        """Profiles that bear one of the names (route ``name``): the best of each name first, then the second of each.

        Everyone of the same name is returned, up to ``limit`` in all. ``description`` (what the article says of the
        person; may be empty) orders those who bear a name equally well; nobody is found or left out by it.
        """
        build = self._build
        if build is None or limit < 1:
            return []
        by_name = [build.names.find(name)[:_NAMESAKES] for name in dict.fromkeys(names)]
        stored = build.fetch_profiles(sorted({match.profile_id for matches in by_name for match in matches}))
        nearness = self._nearness(description, by_name, {key: vector for key, (_, vector) in stored.items()})
        picked: dict[str, NameMatch] = {}
        for match in _take_turns([sorted(matches, key=lambda m: _preference(m, nearness)) for matches in by_name]):
            if len(picked) < limit:
                picked.setdefault(match.profile_id, match)
        return [
            ProfileMatch(profile=stored[key][0], matched_name=match.name, score=match.score, route="name")
            for key, match in picked.items()
        ]

    def search_profiles(self, description: str, limit: int) -> list[ProfileMatch]:
        """Profiles whose role, topics, countries and notes are near the description (route ``description``).

        Says nothing about identity: for use beside names, never in their stead.
        """
        build = self._build
        if build is None or limit < 1 or not description.strip() or not build.manifest.counts[PROFILES]:
            return []
        found = build.nearest(PROFILES, self._embedder.embed([description])[0], limit)
        profiles = [
            (_parse(Profile, record), similarity) for record, similarity in found if similarity >= MIN_SIMILARITY
        ]
        return [
            ProfileMatch(profile=profile, matched_name=profile.name, score=round(similarity, 4), route="description")
            for profile, similarity in profiles
        ]

    def find_precedents(self, query: PrecedentQuery, limit: int) -> list[PrecedentMatch]:
        """Precedents like the case, nearest first, the same number of each outcome as far as they exist.

        Never the alert itself, never one decided at or after ``query.before``, none below MIN_SIMILARITY. ``limit`` is
        shared between three outcomes; below three, the nearest of all are taken.
        """
        build = self._build
        if build is None or limit < 1 or not any(build.manifest.counts[name] for name in PRECEDENTS.values()):
            return []
        vector = self._embedder.embed([describe_query(query)])[0]
        share = max(1, limit // len(PRECEDENTS))
        found = [match for name in PRECEDENTS.values() for match in _find_alike(build, name, vector, query, share)]
        return order_matches(found, query)[:limit]

    def close(self) -> None:
        """Give the build free; afterwards nothing is found. A second call does nothing."""
        build, self._build = self._build, None
        if build is not None:
            build.close()

    def __enter__(self) -> ReferenceIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _nearness(
        self, description: str, by_name: Sequence[Sequence[NameMatch]], vectors: dict[str, Vector]
    ) -> dict[str, float]:
        """Cosine between description and profiles, worked out only where several bear a name equally well."""
        tied = any(len({match.score for match in matches}) < len(matches) for matches in by_name)
        if not tied or not description.strip():
            return {}
        wanted = self._embedder.embed([description])[0]
        return {key: float(np.dot(wanted, vector)) for key, vector in vectors.items()}


class _OpenBuild:
    """One build's names, collections and lock."""

    def __init__(self, folder: Path, manifest: Manifest, lock: FolderLock) -> None:
        self.manifest = manifest
        self._lock = lock
        for name in manifest.files.keys() - set(CACHE_FILES):
            # A changed HNSW file does not fail in Chroma: it ends the process, or records vanish without a word.
            check_file(folder, manifest.files, name)
        self.names = NameTable.load(folder / NAMES_FILE)
        self._chroma = ChromaFolder(folder / CHROMA_FOLDER)
        for name in COLLECTIONS:
            held, expected = self._chroma.count(name), manifest.counts.get(name)
            if held != expected:
                self._chroma.close()
                raise IndexUnavailable(
                    f"The reference index is damaged: {name} in {folder} has {held} records, not {expected}. {REBUILD}"
                )

    def nearest(
        self, name: str, vector: Vector, limit: int, where: dict[str, object] | None = None
    ) -> list[tuple[str, float]]:
        limit = min(limit, self.manifest.counts[name])
        return self._chroma.query(name, vector, limit, where) if limit else []

    def fetch_profiles(self, ids: Sequence[str]) -> dict[str, tuple[Profile, Vector]]:
        stored = self._chroma.fetch(PROFILES, ids) if ids else {}
        return {key: (_parse(Profile, record), vector) for key, (record, vector) in stored.items()}

    def close(self) -> None:
        self._chroma.close()
        self._lock.release()


def _take_current(root: Path) -> tuple[Path | None, FolderLock | None]:
    """The current build and its lock; tries again when a new build took its place in between."""
    while True:
        folder = current_build(root)
        if folder is None:
            return None, None
        try:
            lock = FolderLock.acquire(folder / "open.lock", f"The reference index at {root} is already open")
        except IndexUnavailable:
            if current_build(root) == folder:
                raise
            continue
        return folder, lock


def _check_compatible(folder: Path, manifest: Manifest, embedder: Embedder) -> None:
    expected = {
        "schema version": (manifest.schema_version, SCHEMA_VERSION),
        "embedder": (manifest.embedder, embedder.model_id),
        "dimension": (manifest.dimension, embedder.dimension),
        "embedder fingerprint": (manifest.fingerprint, embedder.fingerprint),
    }
    for what, (built, wanted) in expected.items():
        if built != wanted:
            raise IndexMismatch(
                f"The reference index at {folder} was built with {what} {built}, not {wanted}. {REBUILD}"
            )


def _shortcomings(manifest: Manifest, generation: int | None) -> list[str]:
    notes = []
    if not manifest.counts[PROFILES]:
        notes.append("The reference index holds no profiles.")
    if not any(manifest.counts[name] for name in PRECEDENTS.values()):
        notes.append("The reference index holds no precedents.")
    if generation is not None and generation != manifest.generation:
        notes.append(
            f"The reference index reflects generation {manifest.generation} of profiles and precedents, "
            f"the store is at {generation}: run `triage index build`."
        )
    return notes


def _find_alike(
    build: _OpenBuild, name: str, vector: Vector, query: PrecedentQuery, share: int
) -> list[PrecedentMatch]:
    """The nearest admissible precedents of one outcome: fetch more than needed, drop in code.

    A filter inside Chroma costs many times as much, so it is used only when what was fetched does not suffice.
    """
    wanted = share * _OVERFETCH + 4
    rows = build.nearest(name, vector, wanted)
    kept = _keep_admissible(rows, query)
    if len(kept) < share and len(rows) == wanted and rows[-1][1] >= MIN_SIMILARITY:
        kept = _keep_admissible(
            build.nearest(name, vector, wanted, others_before(query.exclude_alert_id, query.before)), query
        )
    return kept[:share]


def _keep_admissible(rows: Sequence[tuple[str, float]], query: PrecedentQuery) -> list[PrecedentMatch]:
    near = [(_parse(Precedent, record), similarity) for record, similarity in rows if similarity >= MIN_SIMILARITY]
    return [compare_case(precedent, query, alike) for precedent, alike in near if is_admissible(precedent, query)]


def _preference(match: NameMatch, nearness: dict[str, float]) -> tuple[float, float, str]:
    return -match.score, -nearness.get(match.profile_id, 0.0), match.profile_id


def _take_turns(ranked: Sequence[Sequence[NameMatch]]) -> list[NameMatch]:
    """The first of each list, then the second of each, and so on."""
    longest = max(map(len, ranked), default=0)
    return [matches[place] for place in range(longest) for matches in ranked if place < len(matches)]


def _parse(model: type[_ModelT], record: str) -> _ModelT:
    try:
        return model.model_validate_json(record)
    except ValidationError as error:
        raise IndexUnavailable(
            f"The reference index is damaged: a {model.__name__} cannot be read. {REBUILD}"
        ) from error
