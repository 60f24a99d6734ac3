"""Bringing a shelf to what the store holds now: the changes into a copy, or everything into an empty build."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, Generic, TypeVar

from agent.domain.reference import EntryT, ReferenceChange
from agent.errors import IndexUnavailable
from retrieval.chroma.collections import Entry
from retrieval.chroma.shelf import SCHEMA_VERSION, Draft, Shelf, ShelfManifest
from retrieval.embedding.cache import VectorCache
from retrieval.embedding.embedder import Embedder, Vectors
from retrieval.layout import REBUILD

Progress = Callable[[str, int, int | None], None]
"""Told what is being built (``profiles`` or ``precedents``), how many are done, and of how many."""

PROGRESS_FILE: Final = "progress"
"""In the shelf's folder: how many texts of how many the running build has embedded, or a killed one had."""
_CHUNK: Final = 512
_MOST_REPLACED: Final = 0.2
"""Share of entries deleted since the graph was made, from which on it is made anew: deleting never makes it smaller."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ShelfSource(Generic[EntryT]):
    """What the store says of the entries of one shelf."""

    changes: Callable[[int], Iterator[ReferenceChange[EntryT]]]
    """Entries changed or removed after a generation; after 0, all there are."""
    generation: Callable[[], int]
    count: Callable[[], int]
    make_entry: Callable[[EntryT], Entry]


@dataclass
class TimedVectors:
    """The vector cache, and how many seconds it was asked."""

    cache: VectorCache
    seconds: float = 0.0

    def embed(self, entries: Sequence[Entry]) -> Vectors:
        """One row an entry."""
        started = time.monotonic()
        vectors = self.cache.embed([entry.text for entry in entries])
        self.seconds += time.monotonic() - started
        return vectors


@dataclass(frozen=True)
class ShelfWriter:
    """One run of building; the caller holds the lock of building."""

    root: Path
    """The index's folder."""
    embedder: Embedder
    vectors: TimedVectors
    force: bool
    """Whether everything is built from nothing."""
    tell: Progress

    def bring_up(self, shelf: Shelf, source: ShelfSource[EntryT]) -> tuple[str, ShelfManifest]:
        """Make the shelf reflect the store: ``unchanged``, ``updated`` or ``rebuilt``, and its manifest now.

        Everything is written anew where the current build is damaged, of another embedder, ahead of the store (another
        one, or one restored from a backup), or would be left with too many deleted entries.
        """
        generation = source.generation()
        sound = None if self.force else shelf.find_sound()
        if sound is not None and sound.generation == generation:
            return "unchanged", sound
        copied = sound is not None and sound.generation < generation
        while True:
            with shelf.draft(copied=copied) as draft:
                base = draft.base
                if base is None:
                    replaced = self._write_all(draft, shelf, source)
                else:
                    replaced = self._write_changes(draft, base, shelf, source)
                if replaced is not None:
                    manifest = self._describe(draft, generation, replaced)
                    draft.publish(manifest)
                    self._progress_file(shelf).unlink(missing_ok=True)
                    return "rebuilt" if base is None else "updated", manifest
            copied = False

    def _write_all(self, draft: Draft, shelf: Shelf, source: ShelfSource[EntryT]) -> int | None:
        """Every entry of the store into an empty draft."""
        total, done = source.count(), 0
        progress = self._progress_file(shelf)
        progress.parent.mkdir(exist_ok=True, mode=0o700)
        changes = source.changes(0)
        for chunk in _chunks(source.make_entry(change.entry) for change in changes if change.entry is not None):
            draft.collections.add(chunk, self.vectors.embed(chunk))
            done += len(chunk)
            progress.write_text(f"{done} of {total} embedded", encoding="ascii")
            self.tell(shelf.kind.name, done, total)
        held = sum(draft.collections.count().values())
        if held != done:
            raise IndexUnavailable(
                f"{done} {shelf.kind.name} were written to {shelf.place} and {held} stand there: another build runs "
                f"beside this one, or the store gave an id twice. {REBUILD}"
            )
        return 0

    def _write_changes(
        self, draft: Draft, base: ShelfManifest, shelf: Shelf, source: ShelfSource[EntryT]
    ) -> int | None:
        """What changed into a copy of the build before; how many were deleted in all, or None when they are too many.

        An entry whose text and metadata are what they were is left alone: writing costs ten times what reading does.
        """
        replaced, done = base.replaced, 0
        for chunk in _chunks(source.changes(base.generation)):
            held = draft.collections.fetch([change.id for change in chunk])
            wanted = {change.id: source.make_entry(change.entry) for change in chunk if change.entry is not None}
            gone = [key for key, (entry, _) in held.items() if wanted.get(key) != entry]
            fresh = [entry for key, entry in wanted.items() if key not in held or key in gone]
            replaced += len(gone)
            if replaced > _MOST_REPLACED * base.count:
                return None
            if gone:
                draft.collections.delete(gone)
            if fresh:
                draft.collections.add(fresh, self.vectors.embed(fresh))
            done += len(chunk)
            self.tell(shelf.kind.name, done, None)
        return replaced

    def _describe(self, draft: Draft, generation: int, replaced: int) -> ShelfManifest:
        return ShelfManifest(
            schema_version=SCHEMA_VERSION,
            embedder=self.embedder.model_id,
            fingerprint=self.embedder.fingerprint,
            dimension=self.embedder.dimension,
            generation=generation,
            counts=draft.collections.count(),
            replaced=replaced,
            built_at=datetime.now(UTC),
        )

    def _progress_file(self, shelf: Shelf) -> Path:
        return self.root / shelf.kind.name / PROGRESS_FILE


def _chunks(entries: Iterable[_T]) -> Iterator[list[_T]]:
    source = iter(entries)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk
