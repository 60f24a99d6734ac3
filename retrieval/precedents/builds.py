"""The word index of precedents on this host: builds side by side, read by any number of processes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import Field

from agent.domain.alert import Moment
from agent.domain.base import Frozen
from agent.domain.reference import Precedent
from agent.errors import IndexMismatch
from retrieval.documents import describe_precedent
from retrieval.layout import (
    REBUILD,
    FolderLock,
    current_build,
    lock_current,
    new_build,
    point_to,
    read_manifest,
    sweep_builds,
    write_manifest,
)
from retrieval.precedents.lexical import LexicalIndex

SCHEMA_VERSION: Final = 1
"""Raised whenever the text or its analysis change."""
_FOLDER: Final = "lexical"


class LexicalManifest(Frozen):
    """What a build reflects."""

    schema_version: int
    generation: int = Field(ge=0)
    """The store's counter of precedents that the build reflects."""
    count: int = Field(ge=0)
    built_at: Moment


class OpenLexical:
    """The current word index, kept from being swept away while it is open."""

    def __init__(self, index: LexicalIndex, manifest: LexicalManifest, lock: FolderLock) -> None:
        self.index = index
        self.manifest = manifest
        self._lock = lock

    def close(self) -> None:
        """Let the build go."""
        self._lock.release()


def open_lexical(root: Path) -> OpenLexical | None:
    """The current word index under its root, or None when none was built yet.

    Raises IndexUnavailable when it is damaged, IndexMismatch when it is of another version of the product.
    """
    found = lock_current(root, f"The word index in {root} is being removed", shared=True)
    if found is None:
        return None
    folder, lock = found
    try:
        return OpenLexical(LexicalIndex.open(folder / _FOLDER), _read_checked(folder), lock)
    except BaseException:  # whatever ended it, what was opened is let go of
        lock.release()
        raise


def read_lexical_manifest(root: Path) -> LexicalManifest | None:
    """The current word index's manifest, or None when none was built yet; raises as ``open_lexical``."""
    folder = current_build(root)
    return None if folder is None else _read_checked(folder)


def build_lexical(root: Path, precedents: Iterable[Precedent], generation: int) -> int:
    """Write a word index of these precedents and make it the current one; how many there were.

    The caller holds the lock of building. Killed at any moment it leaves the old index in use.
    """
    (root / "builds").mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep_builds(root)
    try:
        folder = new_build(root)
        entries = ((one.precedent_id, describe_precedent(one), one.outcome) for one in precedents)
        count = LexicalIndex.build(folder / _FOLDER, entries)
        write_manifest(
            folder,
            LexicalManifest(
                schema_version=SCHEMA_VERSION, generation=generation, count=count, built_at=datetime.now(UTC)
            ),
        )
        point_to(root, folder)
    finally:
        sweep_builds(root)
    return count


def _read_checked(folder: Path) -> LexicalManifest:
    manifest = read_manifest(folder, LexicalManifest)
    if manifest.schema_version != SCHEMA_VERSION:
        raise IndexMismatch(
            f"The word index in {folder} has schema version {manifest.schema_version}, not {SCHEMA_VERSION}. {REBUILD}"
        )
    return manifest
