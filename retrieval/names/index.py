"""The name index: one tantivy document for every name of every profile, asked with a name as an article writes it.

    <root>/builds/<name>/manifest.json
    <root>/builds/<name>/terms/      tantivy's segments
    <root>/builds/<name>/*.npy       the dictionary: see ``retrieval.names.dictionary``

Any number of processes may have a build open. The index holds nothing that the store does not, so every fault has one
remedy: `triage index build`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import tantivy

from agent.domain.taxonomy import PartyKind
from agent.errors import IndexMismatch
from retrieval.layout import REBUILD, FolderLock, lock_current, read_manifest
from retrieval.names.analysis import analyse_name, compare_consonants
from retrieval.names.dictionary import NameDictionary
from retrieval.names.fields import SEPARATOR, build_query
from retrieval.names.manifest import NamesManifest, check_files, damaged, differing_version

TERMS_FOLDER: Final = "terms"

_OVERFETCH: Final = 3
"""Names asked for per profile wanted: a profile with many aliases takes several of the best places."""
_LEAST_FETCHED: Final = 100


@dataclass(frozen=True, slots=True)
class NameCandidate:
    """A profile that may bear the name looked for, by the one of its names that meets it best.

    ``score`` orders the candidates of one look-up and means nothing beside another's.
    """

    profile_id: str
    name: str
    kind: PartyKind
    weak: bool
    score: float


class NameIndex:
    """Who may bear a name, over all names of all profiles.

    Safe to share between threads and open in any number of processes; one that stays open goes on answering from its
    build after a newer one took its place. Close it, or use it as a context manager.
    """

    def __init__(self, folder: Path, manifest: NamesManifest, lock: FolderLock) -> None:
        self.manifest = manifest
        self._lock = lock
        self._folder = folder
        try:
            self._index = tantivy.Index.open(str(folder / TERMS_FOLDER))
            self._index.config_reader("manual")
            self._searcher = self._index.searcher()
            self._dictionary = NameDictionary.open(folder)
        except (ValueError, OSError) as error:
            raise damaged(folder, str(error)) from error
        if self._searcher.num_docs != manifest.names:
            raise damaged(folder, f"{self._searcher.num_docs} names, {manifest.names} expected")

    @classmethod
    def open(cls, root: Path) -> NameIndex | None:
        """The current build; None when none was built yet.

        Raises IndexMismatch when it was built by other versions, IndexUnavailable when it is damaged.
        """
        taken = lock_current(root, "The name index is being swept away", shared=True)
        if taken is None:
            return None
        folder, lock = taken
        try:
            manifest = read_manifest(folder, NamesManifest)
            if difference := differing_version(manifest):
                raise IndexMismatch(f"The name index at {folder} was built with {difference}. {REBUILD}")
            check_files(folder, manifest)
            return cls(folder, manifest, lock)
        except BaseException:  # whatever ended it, what was opened is let go of
            lock.release()
            raise

    def find(self, name: str, limit: int = 50, kind: PartyKind = PartyKind.UNKNOWN) -> list[NameCandidate]:
        """The profiles that may bear the name, best first; equal ones by id. Each with its best-meeting name.

        ``kind`` is accepted as a hint and orders equals alone, since it is often wrong. Raises IndexUnavailable when
        the files turn out damaged.
        """
        analysed = analyse_name(name)
        if not analysed.pieces or limit < 1:
            return []
        try:
            query = build_query(self._index.schema, analysed)
            found = self._searcher.search(query, max(limit * _OVERFETCH, _LEAST_FETCHED), count=False).hits
            highest = found[0][0] if found else 0.0
            best: dict[str, NameCandidate] = {}
            for score, address in found:
                candidate = _read_candidate(self._searcher.doc(address), score)
                if analysed.foreign:
                    likeness = compare_consonants(analysed, analyse_name(candidate.name))
                    candidate = replace(candidate, score=round(score + highest * likeness, 4))
                known = best.get(candidate.profile_id)
                if known is None or _preference(candidate, kind) < _preference(known, kind):
                    best[candidate.profile_id] = candidate
        except (ValueError, OSError) as error:
            raise damaged(self._folder, str(error)) from error
        return sorted(best.values(), key=lambda candidate: _preference(candidate, kind))[:limit]

    def detect(self, text: str) -> list[str]:
        """Names of profiles that stand in the text, as written there, each once, in order of appearance."""
        return self._dictionary.detect(text)

    def close(self) -> None:
        """Let a sweep take the build once it is no longer current; a second call does nothing."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read_candidate(document: tantivy.Document, score: float) -> NameCandidate:
    (written,) = document.get_all("written")
    profile_id, kind, weak, name = bytes(written).decode().split(SEPARATOR, 3)
    return NameCandidate(profile_id, name, PartyKind(kind), bool(weak), round(score, 4))


def _preference(candidate: NameCandidate, kind: PartyKind) -> tuple[float, bool, bool, str, str]:
    other_kind = PartyKind.UNKNOWN not in (kind, candidate.kind) and kind != candidate.kind
    return (-candidate.score, other_kind, candidate.weak, candidate.profile_id, candidate.name)
