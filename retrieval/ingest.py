"""Building the reference index from profiles and precedents: into a new folder, put in use in one step at the end.

A build killed at any moment leaves the index in use as it was. Texts that it already holds vectors for are not embedded
again; embedding is nearly all the cost of a build.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from agent.domain.reference import Precedent, Profile
from agent.errors import IndexUnavailable, ReferenceInvalid
from retrieval.collections import (
    COLLECTIONS,
    PRECEDENTS,
    PROFILES,
    ChromaFolder,
    Entry,
    precedent_entry,
    profile_entry,
)
from retrieval.embedder import Embedder, Vectors
from retrieval.layout import (
    CACHE_FILES,
    CHROMA_FOLDER,
    NAMES_FILE,
    SCHEMA_VERSION,
    FolderLock,
    Manifest,
    check_file,
    current_build,
    hash_files,
    new_build,
    point_to,
    read_manifest,
    sweep_builds,
    write_manifest,
)
from retrieval.names import name_rows, same_person_name

Progress = Callable[[str, int], None]
"""Told the kind of records (``profiles`` or ``precedents``) and how many are done."""

_CHUNK = 512
_VECTORS, _KEYS = CACHE_FILES
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    folder: Path
    generation: int
    counts: dict[str, int]
    """Records per collection."""
    embedded: int
    """Texts that had to be embedded; equal texts are embedded once."""
    seconds: float


def build_index(
    root: Path,
    profiles: Iterable[Profile],
    precedents: Iterable[Precedent],
    embedder: Embedder,
    generation: int,
    on_progress: Progress | None = None,
) -> BuildReport:
    """Build the index of these records at ``root`` and put it in use.

    ``generation`` is the store's counter that the records reflect. Raises ReferenceInvalid when a record may not enter
    (an id given twice, a precedent that one person decided alone) and IndexUnavailable when another build is running;
    either way the index in use stays.
    """
    started = time.monotonic()
    (root / "builds").mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FolderLock.acquire(root / "build.lock", f"The reference index at {root} is already being built")
    try:
        sweep_builds(root)
        folder = new_build(root)
        vectors = _VectorCache(embedder, _trusted_previous(root, embedder))
        counts = _write_collections(folder, profiles, precedents, vectors, on_progress or _say_nothing)
        vectors.save(folder)
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            embedder=embedder.model_id,
            fingerprint=embedder.fingerprint,
            dimension=embedder.dimension,
            generation=generation,
            counts=counts,
            files=hash_files(folder),
            built_at=datetime.now(UTC),
        )
        write_manifest(folder, manifest)
        point_to(root, folder)
    finally:
        sweep_builds(root)
        lock.release()
    return BuildReport(folder, generation, counts, vectors.embedded, time.monotonic() - started)


def _write_collections(
    folder: Path,
    profiles: Iterable[Profile],
    precedents: Iterable[Precedent],
    vectors: _VectorCache,
    on_progress: Progress,
) -> dict[str, int]:
    """Fill the Chroma folder and the names file; returns the records per collection."""
    counts = dict.fromkeys(COLLECTIONS, 0)
    seen: set[str] = set()
    chroma = ChromaFolder(folder / CHROMA_FOLDER, create=True)

    def add(name: str, entries: Sequence[Entry]) -> None:
        chroma.add(name, entries, vectors.embed([entry.text for entry in entries]))
        counts[name] += len(entries)

    try:
        with (folder / NAMES_FILE).open("w", encoding="utf-8") as names:
            for chunk in _chunks(profiles):
                _check_new([profile.profile_id for profile in chunk], "profile", seen)
                names.writelines(row for profile in chunk for row in name_rows(profile))
                add(PROFILES, [profile_entry(profile) for profile in chunk])
                on_progress("profiles", counts[PROFILES])
        seen.clear()
        done = 0
        for cases in _chunks(precedents):
            _check_new([case.precedent_id for case in cases], "precedent", seen)
            _check_two_people(cases)
            for outcome, name in PRECEDENTS.items():
                if entries := [precedent_entry(case) for case in cases if case.outcome is outcome]:
                    add(name, entries)
            done += len(cases)
            on_progress("precedents", done)
    finally:
        chroma.close()
    return counts


def _check_new(ids: Sequence[str], kind: str, seen: set[str]) -> None:
    for key in ids:
        if key in seen:
            raise ReferenceInvalid(f"{kind} {key!r} occurs twice: the index was not built. Remove one of the two.")
        seen.add(key)


def _check_two_people(precedents: Iterable[Precedent]) -> None:
    """The last gate against poisoning: whatever its way here, a precedent names two people."""
    for precedent in precedents:
        if same_person_name(precedent.decided_by, precedent.approved_by):
            raise ReferenceInvalid(
                f"precedent {precedent.precedent_id!r} was decided and approved by the same person "
                f"({precedent.decided_by!r}): the index was not built. Leave it out or have it approved."
            )


def _trusted_previous(root: Path, embedder: Embedder) -> Path | None:
    """The build in use, if its vectors are what this embedder would give; a damaged one is no reason not to build."""
    with contextlib.suppress(IndexUnavailable):
        folder = current_build(root)
        if folder is not None:
            manifest = read_manifest(folder, Manifest)
            if manifest.fingerprint == embedder.fingerprint and manifest.dimension == embedder.dimension:
                check_file(folder, manifest.files, _VECTORS)
                check_file(folder, manifest.files, _KEYS)
                return folder
    return None


class _VectorCache:
    """Vectors by the hash of their text: those of the previous build, and those made for this one."""

    def __init__(self, embedder: Embedder, previous: Path | None) -> None:
        self.embedded = 0
        self._embedder = embedder
        self._used: dict[bytes, np.ndarray] = {}
        self._rows: dict[bytes, int] = {}
        self._old: Vectors = np.zeros((0, embedder.dimension), dtype=np.float32)
        if previous is not None:
            self._old = np.load(previous / _VECTORS, mmap_mode="r", allow_pickle=False)
            self._rows = {key.tobytes(): row for row, key in enumerate(np.load(previous / _KEYS, allow_pickle=False))}

    def embed(self, texts: Sequence[str]) -> Vectors:
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        missing: dict[bytes, str] = {}
        for key, text in zip(keys, texts, strict=True):
            if key in self._rows:
                self._used.setdefault(key, self._old[self._rows[key]])
            elif key not in self._used:
                missing[key] = text
        self._used.update(zip(missing, self._embedder.embed(list(missing.values())), strict=True))
        self.embedded += len(missing)
        return np.stack([self._used[key] for key in keys])

    def save(self, folder: Path) -> None:
        stacked = np.stack(list(self._used.values())) if self._used else self._old[:0]
        np.save(folder / _VECTORS, stacked, allow_pickle=False)
        keys = np.frombuffer(b"".join(self._used), dtype=np.uint8).reshape(-1, hashlib.sha256().digest_size)
        np.save(folder / _KEYS, keys, allow_pickle=False)


def _say_nothing(kind: str, done: int) -> None:
    """Progress nobody watches."""


def _chunks(records: Iterable[_T]) -> Iterator[list[_T]]:
    source = iter(records)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk
