"""How the parts of the index stand: what each holds, how new it is beside the store, and what it lacks in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from agent.errors import RetrievalError
from retrieval.chroma.shelf import Shelf
from retrieval.chroma.shelves import Shelves
from retrieval.chroma.writing import PROGRESS_FILE
from retrieval.layout import REBUILD, current_build, read_manifest
from retrieval.names.manifest import NamesManifest
from retrieval.precedents.builds import read_lexical_manifest

NO_INDEX: Final = f"No reference index yet: {REBUILD[0].lower()}{REBUILD[1:]}"
NAMES_FOLDER: Final = "names"
LEXICAL_FOLDER: Final = "lexical"

_TITLES: Final = {
    "names": "The name index",
    "profiles": "The index of profile descriptions",
    "precedents": "The index of precedents",
    "lexical": "The word index of precedents",
}
_MISSING: Final = {
    "names": "No profile can be found by name yet{progress}: run `triage index build`.",
    "profiles": "Profiles are not searchable by description yet{progress}: run `triage index build`.",
    "precedents": "No precedent can be found yet{progress}: run `triage index build`.",
    "lexical": "Precedents are not searchable by their words yet{progress}: run `triage index build`.",
}


class Generations(Protocol):
    """The store's counters of changes."""

    def profiles_generation(self) -> int:
        """The counter of changes to profiles."""

    def precedents_generation(self) -> int:
        """The counter of changes to precedents."""


@dataclass(frozen=True, slots=True)
class PartState:
    """One part of the index beside the store."""

    name: str
    """``names``, ``profiles``, ``precedents`` or ``lexical``."""
    entries: str
    """What it holds: ``profiles`` or ``precedents``."""
    place: str
    """Its folder, or the server's address."""
    stored: int
    """The store's generation of these entries."""
    generation: int | None = None
    """The generation that the part reflects; None when it was not built yet, or cannot be read."""
    counts: Mapping[str, int] = field(default_factory=dict)
    embedder: str = ""
    """The model of its vectors; empty for a part without."""
    built_at: datetime | None = None
    progress: str = ""
    """``120 of 500 embedded`` while a first build runs, or after it was killed."""
    fault: str = ""
    """Why it cannot be read, with the remedy."""

    @property
    def stale(self) -> bool:
        """Whether it reflects another generation than the store's."""
        return self.generation is not None and self.generation != self.stored

    @property
    def note(self) -> str:
        """What it lacks, in a sentence; empty when it lacks nothing."""
        if self.fault:
            return self.fault
        if self.generation is None:
            return _MISSING[self.name].format(progress=f" ({self.progress})" if self.progress else "")
        if self.stale:
            return (
                f"{_TITLES[self.name]} reflects generation {self.generation} of the {self.entries}, the store is "
                f"at {self.stored}: run `triage index build`."
            )
        return "" if sum(self.counts.values()) else f"The reference index holds no {self.entries}."


def read_parts(root: Path, shelves: Shelves, generations: Generations) -> list[PartState]:
    """How names, profiles, precedents and their words stand; a part that cannot be read says so in ``fault``."""
    profiles, precedents = generations.profiles_generation(), generations.precedents_generation()
    names, lexical = root / NAMES_FOLDER, root / LEXICAL_FOLDER
    return [
        _read_part(lambda: _read_names(names, profiles), PartState("names", "profiles", str(names), profiles)),
        _read_shelf(shelves.profiles, profiles, root),
        _read_shelf(shelves.precedents, precedents, root),
        _read_part(
            lambda: _read_lexical(lexical, precedents), PartState("lexical", "precedents", str(lexical), precedents)
        ),
    ]


def describe_lacks(parts: list[PartState]) -> tuple[str, ...]:
    """What the index lacks, each sentence once; one sentence when there is no index at all."""
    if all(part.generation is None and not part.fault and not part.progress for part in parts):
        return (NO_INDEX,)
    return tuple(dict.fromkeys(part.note for part in parts if part.note))


def _read_part(read: Callable[[], PartState], unread: PartState) -> PartState:
    try:
        return read()
    except RetrievalError as error:
        return PartState(unread.name, unread.entries, unread.place, unread.stored, fault=str(error))


def _read_names(root: Path, stored: int) -> PartState:
    folder = current_build(root)
    if folder is None:
        return PartState("names", "profiles", str(root), stored)
    manifest = read_manifest(folder, NamesManifest)
    counts = {"profiles": manifest.profiles, "names": manifest.names}
    return PartState(
        "names", "profiles", str(root), stored, manifest.generation, counts, built_at=manifest.built_at
    )  # fmt: skip


def _read_lexical(root: Path, stored: int) -> PartState:
    manifest = read_lexical_manifest(root)
    if manifest is None:
        return PartState("lexical", "precedents", str(root), stored)
    counts = {"precedents": manifest.count}
    return PartState(
        "lexical", "precedents", str(root), stored, manifest.generation, counts, built_at=manifest.built_at
    )  # fmt: skip


def _read_shelf(shelf: Shelf, stored: int, root: Path) -> PartState:
    name = shelf.kind.name
    progress = _read_progress(root / name)
    unread = PartState(name, name, shelf.place, stored, progress=progress)

    def read() -> PartState:
        manifest = shelf.read_manifest()
        if manifest is None:
            return unread
        return PartState(
            name, name, shelf.place, stored, manifest.generation, manifest.counts, manifest.embedder, manifest.built_at
        )

    return _read_part(read, unread)


def _read_progress(root: Path) -> str:
    try:
        return (root / PROGRESS_FILE).read_text(encoding="ascii")[:100]
    except (OSError, UnicodeDecodeError):
        return ""
