"""Looking the whole index over: is every part whole, does it hold what the store holds, does it find what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path
from typing import Final, Generic

import numpy as np

from agent.domain.fingerprint import content_hash
from agent.domain.reference import EntryT, Precedent, Profile, ReferenceChange
from agent.errors import RetrievalError
from retrieval.build import VECTORS_FILE, ReferenceFeed
from retrieval.chroma.collections import Entry, Vector, precedent_entry, profile_entry
from retrieval.chroma.place import ChromaPlace
from retrieval.chroma.shelf import OpenBuild, Shelf
from retrieval.chroma.shelves import Shelves
from retrieval.embedding.embedder import Embedder
from retrieval.layout import REBUILD, measure_folder
from retrieval.names.analysis import analyse_name
from retrieval.names.index import NameIndex
from retrieval.parts import LEXICAL_FOLDER, NAMES_FOLDER, Generations, PartState, read_parts
from retrieval.precedents.builds import open_lexical

SAMPLE: Final = 40
"""Entries of each kind looked at one by one: always the same ones, picked by a hash of their ids."""
_NAMED: Final = 5
"""Ids named in a sentence."""
_NEAREST: Final = 10
_NAMESAKES: Final = 200
_SAME: Final = 0.9999
"""Cosine from which on two vectors are one: they are stored in single precision."""


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """What the index holds and how large it is."""

    parts: tuple[PartState, ...]
    sizes: Mapping[str, int]
    """Bytes on disk by part, and of the vectors kept for the next build; what a foreign server holds is not known."""

    @property
    def size_bytes(self) -> int:
        """Bytes on disk of all parts."""
        return sum(self.sizes.values())


def describe_index(
    root: Path, generations: Generations, embedder: Embedder, *, chroma: ChromaPlace | None = None
) -> IndexDescription:
    """How the parts of the index at ``root`` stand; opens no embedded Chroma. A part that cannot be read says so."""
    shelves = Shelves(root, chroma or ChromaPlace(), embedder)
    try:
        parts = tuple(read_parts(root, shelves, generations))
        # Both shelves of a server lie in one folder, which is counted once.
        sizes = {shelf.kind.name: size for shelf in reversed([*shelves]) if (size := shelf.measure()) is not None}
        if (chroma or ChromaPlace()).kind == "shared":
            sizes = {"server": sizes["profiles"]}
    finally:
        shelves.close()
    for name in (NAMES_FOLDER, LEXICAL_FOLDER):
        sizes[name] = measure_folder(root / name)
    sizes["vectors"] = sum(path.stat().st_size for path in root.glob(f"{VECTORS_FILE}*"))
    return IndexDescription(parts, sizes)


def verify_index(
    root: Path, source: ReferenceFeed, embedder: Embedder, *, chroma: ChromaPlace | None = None
) -> list[str]:
    """The faults of the index at ``root`` in sentences; none when it is whole, new and finds what it holds.

    Opens every part, so an embedded one must not be open elsewhere; that is a fault too, since it could not be looked
    at. Compares all ids with the store's, and for a sample of entries the texts, their vectors and that they are found.
    """
    shelves = Shelves(root, chroma or ChromaPlace(), embedder)
    try:
        parts = {part.name: part for part in read_parts(root, shelves, source)}
        faults = [part.note for part in parts.values() if part.fault or part.generation is None or part.stale]
        profiles = _read_stored(source.profile_changes(0), profile_entry)
        faults += _look(parts["names"], lambda stale: _verify_names(root / NAMES_FOLDER, profiles, stale))
        faults += _look(parts["profiles"], lambda stale: _verify_shelf(shelves.profiles, profiles, embedder, stale))
        precedents = _read_stored(source.precedent_changes(0), precedent_entry)
        faults += _look(
            parts["precedents"], lambda stale: _verify_shelf(shelves.precedents, precedents, embedder, stale)
        )
        faults += _look(parts["lexical"], lambda stale: _verify_words(root / LEXICAL_FOLDER, precedents, stale))
        return list(dict.fromkeys(faults))
    finally:
        shelves.close()


@dataclass(frozen=True, slots=True)
class _Stored(Generic[EntryT]):
    """What the store holds of one kind of entries."""

    homes: dict[str, str]
    """Every id, with the collection it belongs in."""
    sample: list[tuple[Entry, EntryT]]


def _read_stored(changes: Iterable[ReferenceChange[EntryT]], make_entry: Callable[[EntryT], Entry]) -> _Stored[EntryT]:
    homes: dict[str, str] = {}

    def read() -> Iterator[tuple[Entry, EntryT]]:
        for change in changes:
            if change.entry is not None:
                entry = make_entry(change.entry)
                homes[entry.id] = entry.collection
                yield entry, change.entry

    sample = nsmallest(SAMPLE, read(), key=lambda row: content_hash(row[0].id))
    return _Stored(homes, sample)


def _look(part: PartState, verify: Callable[[bool], Iterator[str]]) -> list[str]:
    """The faults of a part, told whether it is stale; what keeps it from being looked at is a fault as well."""
    if part.fault or part.generation is None:
        return []
    faults: list[str] = []
    try:
        faults.extend(verify(part.stale))
    except RetrievalError as error:
        faults.append(str(error))
    return faults


def _verify_names(root: Path, stored: _Stored[Profile], stale: bool) -> Iterator[str]:
    index = NameIndex.open(root)
    if index is None:
        return
    with index:
        if not stale and index.manifest.profiles != len(stored.homes):
            yield f"The name index holds {index.manifest.profiles} profiles, the store {len(stored.homes)}. {REBUILD}"
        lost = [
            entry.id
            for entry, profile in stored.sample
            if analyse_name(profile.name).pieces
            and entry.id not in {one.profile_id for one in index.find(profile.name, _NAMESAKES)}
        ]
    if lost and not stale:
        yield f"The name index does not find {_name(lost)} by their own names. {REBUILD}"


def _verify_shelf(shelf: Shelf, stored: _Stored[EntryT], embedder: Embedder, stale: bool) -> Iterator[str]:
    faults = shelf.ask(lambda build: list(_verify_build(build, shelf, stored, embedder, stale)))
    yield from faults or ()


def _verify_build(
    build: OpenBuild, shelf: Shelf, stored: _Stored[EntryT], embedder: Embedder, stale: bool
) -> Iterator[str]:
    what = f"The index of {shelf.kind.name} in {shelf.place}"
    if not stale:
        held = {key: name for name in shelf.kind.collections for key in build.collections.ids(name)}
        if missing := [key for key, name in stored.homes.items() if held.get(key) != name]:
            yield f"{what} lacks {_name(missing)}. {REBUILD}"
        if surplus := sorted(held.keys() - stored.homes.keys()):
            yield f"{what} holds {_name(surplus)}, which the store does not have. {REBUILD}"
    rows = build.collections.fetch([entry.id for entry, _ in stored.sample])
    if not stale:
        other = [entry.id for entry, _ in stored.sample if entry.id in rows and rows[entry.id][0] != entry]
        if other:
            yield f"{what} has another text than the store for {_name(other)}. {REBUILD}"
    if not rows:
        return
    vectors = embedder.embed([entry.text for entry, _ in rows.values()])
    moved = [key for (key, (_, held)), made in zip(rows.items(), vectors, strict=True) if _cosine(held, made) < _SAME]
    if moved:
        yield f"{what} has vectors that are not the embedder's ({embedder.model_id}) for {_name(moved)}. {REBUILD}"
    lost = [key for key, (entry, vector) in rows.items() if not _finds_itself(build, entry, vector)]
    if lost:
        yield f"{what} does not find {_name(lost)} by their own vectors. {REBUILD}"


def _finds_itself(build: OpenBuild, entry: Entry, vector: Vector) -> bool:
    """Whether the entry is among the nearest to its own vector; entries of equal text may stand in its place."""
    near = build.collections.find_near(entry.collection, vector, _NEAREST)
    return any(one.id == entry.id for one in near) or (
        len(near) == _NEAREST and all(_cosine(one.vector, vector) >= _SAME for one in near)
    )


def _verify_words(root: Path, stored: _Stored[Precedent], stale: bool) -> Iterator[str]:
    words = open_lexical(root)
    if words is None or stale:
        return
    try:
        if len(words.index) != len(stored.homes):
            yield (f"The word index of precedents holds {len(words.index)}, the store {len(stored.homes)}. {REBUILD}")
        lost = []
        for entry, precedent in stored.sample:
            found = [key for key, _ in words.index.search(entry.text, precedent.outcome, _NAMESAKES)]
            if entry.id not in found and len(found) < _NAMESAKES:
                lost.append(entry.id)
    finally:
        words.close()
    if lost:
        yield f"The word index of precedents does not find {_name(lost)} by their own words. {REBUILD}"


def _name(ids: Sequence[str]) -> str:
    """Some of the ids, and how many more there are."""
    named = ", ".join(repr(one) for one in ids[:_NAMED])
    return named if len(ids) <= _NAMED else f"{named} and {len(ids) - _NAMED} more"


def _cosine(left: Vector, right: Vector) -> float:
    return float(np.dot(left, right))
