"""Building the reference index from the store: names first, then profiles and precedents in Chroma, then their words.

Each part is built beside the one in use and put in its place in one step, so a build killed at any moment changes
nothing; texts embedded until then are kept and not embedded again. A part that reflects the store is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from agent.domain.reference import EntryT, Precedent, Profile, ReferenceChange
from agent.errors import ReferenceInvalid, RetrievalError
from retrieval.chroma.collections import Entry, precedent_entry, profile_entry
from retrieval.chroma.place import ChromaPlace
from retrieval.chroma.shelf import Shelf
from retrieval.chroma.shelves import Shelves
from retrieval.chroma.writing import ShelfSource, ShelfWriter, TimedVectors
from retrieval.embedding.cache import VectorCache
from retrieval.embedding.embedder import Embedder
from retrieval.layout import FolderLock
from retrieval.names.build import names_generation, update_names
from retrieval.names.tokens import same_person_name
from retrieval.parts import LEXICAL_FOLDER, NAMES_FOLDER
from retrieval.precedents.builds import build_lexical, open_lexical

Progress = Callable[[str, int, int | None], None]
"""Told what is being built (``names``, ``profiles``, ``precedents``, ``words``), how many are done, and of how many."""

VECTORS_FILE: Final = "vectors.sqlite3"


class ReferenceFeed(Protocol):
    """Where all profiles and precedents come from; the store is one."""

    def profile_changes(self, after: int) -> Iterator[ReferenceChange[Profile]]:
        """Profiles changed or removed after a generation; after 0, all there are."""

    def precedent_changes(self, after: int) -> Iterator[ReferenceChange[Precedent]]:
        """Precedents changed or removed after a generation; after 0, all there are."""

    def profiles_generation(self) -> int:
        """The counter of changes to profiles."""

    def precedents_generation(self) -> int:
        """The counter of changes to precedents."""

    def count_profiles(self) -> int:
        """How many profiles there are."""

    def count_precedents(self) -> int:
        """How many precedents there are."""


@dataclass(frozen=True, slots=True)
class PartReport:
    """What a build did to one part of the index."""

    name: str
    """``names``, ``profiles``, ``precedents`` or ``lexical``."""
    how: str
    """``unchanged``, ``updated`` from the build before, or ``rebuilt`` from nothing."""
    generation: int
    counts: dict[str, int]
    """What it holds now."""
    seconds: float


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    parts: tuple[PartReport, ...]
    embedded: int = 0
    """Texts that had to be embedded; equal texts are embedded once, and none that was embedded before."""
    embedding_seconds: float = 0.0
    """Time spent on vectors, looking them up included."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What was found damaged on the way and made again."""

    @property
    def texts_per_second(self) -> float | None:
        """The rate of embedding; None when nothing had to be embedded."""
        return self.embedded / self.embedding_seconds if self.embedded else None


def build_references(
    root: Path,
    source: ReferenceFeed,
    embedder: Embedder,
    *,
    chroma: ChromaPlace | None = None,
    force: bool = False,
    names_only: bool = False,
    on_progress: Progress | None = None,
) -> BuildReport:
    """Bring the index at ``root`` to what the store holds now; ``chroma`` is ``embedded`` when not given.

    ``force`` builds everything from nothing, ``names_only`` leaves Chroma and the embedder alone. Raises
    IndexUnavailable when another build is running or the Chroma server is gone, ReferenceInvalid when a precedent may
    not enter; either way each part is as it was, or finished.
    """
    started = time.monotonic()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FolderLock.acquire(root / "build.lock", f"The reference index at {root} is already being built")
    tell = on_progress or _say_nothing
    try:
        parts = [_build_names(root / NAMES_FOLDER, source, force, tell)]
        if names_only:
            return BuildReport(tuple(parts), seconds=time.monotonic() - started)
        with _opened(root, embedder, chroma or ChromaPlace()) as (shelves, vectors):
            writer = ShelfWriter(root, embedder, vectors, force, tell)
            parts.append(_build_shelf(writer, shelves.profiles, _profiles(source)))
            parts.append(_build_shelf(writer, shelves.precedents, _precedents(source)))
            parts.append(_build_words(root / LEXICAL_FOLDER, source, force, tell))
        return BuildReport(
            tuple(parts), vectors.cache.embedded, vectors.seconds, time.monotonic() - started, vectors.cache.notes
        )
    finally:
        lock.release()


@contextmanager
def _opened(root: Path, embedder: Embedder, place: ChromaPlace) -> Iterator[tuple[Shelves, TimedVectors]]:
    cache = VectorCache.open(root / VECTORS_FILE, embedder)
    shelves = Shelves(root, place, embedder)
    try:
        yield shelves, TimedVectors(cache)
    finally:
        shelves.close()
        cache.close()


def _build_names(root: Path, source: ReferenceFeed, force: bool, tell: Progress) -> PartReport:
    started = time.monotonic()
    generation = source.profiles_generation()
    after = 0 if force else names_generation(root)
    # A store that counts less than the index has seen is another one, or one restored from a backup.
    full = force or after > generation
    after = 0 if full else after
    total = source.count_profiles() if not after else None
    report = update_names(
        root,
        source.profile_changes(after),
        generation,
        after=after,
        full=full,
        on_progress=lambda what, done, _: tell(what, done, total),
    )
    how = "rebuilt" if report.full else "updated" if report.changed else "unchanged"
    counts = {"profiles": report.profiles, "names": report.names}
    return PartReport("names", how, report.generation, counts, time.monotonic() - started)


def _build_shelf(writer: ShelfWriter, shelf: Shelf, source: ShelfSource[EntryT]) -> PartReport:
    started = time.monotonic()
    how, manifest = writer.bring_up(shelf, source)
    return PartReport(shelf.kind.name, how, manifest.generation, manifest.counts, time.monotonic() - started)


def _profiles(source: ReferenceFeed) -> ShelfSource[Profile]:
    return ShelfSource(source.profile_changes, source.profiles_generation, source.count_profiles, profile_entry)


def _precedents(source: ReferenceFeed) -> ShelfSource[Precedent]:
    return ShelfSource(source.precedent_changes, source.precedents_generation, source.count_precedents, _checked_entry)


def _build_words(root: Path, source: ReferenceFeed, force: bool, tell: Progress) -> PartReport:
    """The word index of precedents: quick to make, so made whole whenever a precedent changed."""
    started = time.monotonic()
    generation = source.precedents_generation()
    count = None if force else _count_current_words(root, generation)
    how = "unchanged"
    if count is None:
        entries = (change.entry for change in source.precedent_changes(0) if change.entry is not None)
        count, how = build_lexical(root, entries, generation), "rebuilt"
        tell("words", count, count)
    return PartReport("lexical", how, generation, {"precedents": count}, time.monotonic() - started)


def _checked_entry(precedent: Precedent) -> Entry:
    """The last gate against poisoning: whatever its way here, a precedent names two people."""
    if same_person_name(precedent.decided_by, precedent.approved_by):
        raise ReferenceInvalid(
            f"precedent {precedent.precedent_id!r} was decided and approved by the same person "
            f"({precedent.decided_by!r}): precedents were not built. Leave it out or have it approved."
        )
    return precedent_entry(precedent)


def _count_current_words(root: Path, generation: int) -> int | None:
    """Precedents in the current word index, or None when it must be built."""
    try:
        words = open_lexical(root)
    except RetrievalError:
        return None
    if words is None:
        return None
    words.close()
    return words.manifest.count if words.manifest.generation == generation else None


def _say_nothing(what: str, done: int, total: int | None) -> None:
    """Progress nobody watches."""
