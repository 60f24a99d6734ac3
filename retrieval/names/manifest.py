"""What a build of the name index was made with, and whether its files are still as it left them."""

from __future__ import annotations

import zlib
from importlib.metadata import version
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from pydantic import Field

from agent.domain.alert import Moment
from agent.domain.base import Frozen, Phrase
from agent.errors import IndexUnavailable
from retrieval.layout import MANIFEST_FILE, REBUILD
from retrieval.names.analysis import ANALYSIS_VERSION

SCHEMA_VERSION: Final = 1
"""Raised whenever the fields of a document or the files of a build change their meaning."""


class NamesManifest(Frozen):
    """What a build of the name index was made with and holds; checked whenever it is opened."""

    schema_version: int
    analysis_version: int
    libraries: dict[Phrase, Phrase]
    """Version of each library that decides how names are taken apart or stored."""
    generation: int = Field(ge=0)
    """The store's generation of profiles that the build reflects."""
    profiles: int = Field(ge=0)
    names: int = Field(ge=0)
    stored: int = Field(ge=0)
    """Names with those that are deleted and still take their place."""
    files: dict[Phrase, int]
    """CRC-32 of every file, by path inside the build: it tells damage, not malice, in 50 ms for 200 MB."""
    built_at: Moment


def differing_version(manifest: NamesManifest) -> str:
    """What another version built, in words; empty when this one can read the build."""
    ours = {"the schema": SCHEMA_VERSION, "the analysis": ANALYSIS_VERSION, **library_versions()}
    theirs = {"the schema": manifest.schema_version, "the analysis": manifest.analysis_version, **manifest.libraries}
    return next(
        (f"version {theirs.get(key)} of {key}, not {ours[key]}" for key in ours if theirs.get(key) != ours[key]), ""
    )


def library_versions() -> dict[str, str]:
    """The installed version of each library that a build depends on."""
    return {library: version(library) for library in ("anyascii", "rigour", "tantivy")}


def checksum_files(folder: Path) -> dict[str, int]:
    """CRC-32 of a build's files by path, without manifest and locks."""
    return {
        path.relative_to(folder).as_posix(): _checksum(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.name != MANIFEST_FILE
    }


def check_files(folder: Path, manifest: NamesManifest) -> None:
    """Raise IndexUnavailable unless every file is as the build left it."""
    for name, expected in manifest.files.items():
        try:
            intact = _checksum(folder / name) == expected
        except OSError:
            intact = False
        if not intact:
            raise damaged(folder, f"{name} is missing or changed")


def damaged(folder: Path, reason: str) -> IndexUnavailable:
    """The error that says what is wrong with a build and what to do."""
    return IndexUnavailable(f"The name index at {folder} is damaged: {reason}. {REBUILD}")


def _checksum(path: Path) -> int:
    with path.open("rb") as file:
        if not path.stat().st_size:
            return 0
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            return zlib.crc32(content)
