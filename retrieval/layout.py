"""Where an index lies on disk: finished builds side by side, one pointer to the current one, and who holds which.

    <root>/current             the name of the current build, replaced in one step
    <root>/build.lock          held while a build runs
    <root>/builds/<name>/      manifest.json, names.jsonl, vectors.npy, vector_keys.npy, chroma/
    <root>/builds/<name>/open.lock   held by the one process that has this build's Chroma folder open

A build is never changed once the pointer names it: a reader sees all of it or none, and a killed build changes nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from agent.domain.alert import Moment
from agent.domain.base import Frozen, Phrase
from agent.errors import IndexUnavailable

SCHEMA_VERSION = 1
"""Raised whenever documents, collections or the files of a build change their meaning."""
REBUILD = "Run `triage index build`."
NAMES_FILE = "names.jsonl"
MANIFEST_FILE = "manifest.json"
CHROMA_FOLDER = "chroma"
CACHE_FILES = ("vectors.npy", "vector_keys.npy")
"""Vectors and the hashes of their texts, which the next build takes over; searching never reads them."""

_ManifestT = TypeVar("_ManifestT", bound=Frozen)
_BUILD_NAME = re.compile(r"^[0-9]{8}T[0-9]{12}-[0-9]+$")


class Manifest(Frozen):
    """What a build was made with and holds; checked whenever it is opened."""

    schema_version: int
    embedder: Phrase
    fingerprint: Phrase
    dimension: int = Field(ge=1)
    generation: int = Field(ge=0)
    """The store's generation of profiles and precedents that the build reflects."""
    counts: dict[Phrase, int]
    """Records per collection."""
    files: dict[str, Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]]
    """sha256 of every file that reading leaves alone, by path inside the build."""
    built_at: Moment


class FolderLock:
    """An advisory lock on a file, held until ``release`` or the end of the process."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @staticmethod
    def acquire(path: Path, held: str, *, shared: bool = False) -> FolderLock:
        """Take the lock at once or raise IndexUnavailable with ``held`` and the pid of the process that has it.

        ``shared`` locks stand beside each other and keep only an exclusive one out.
        """
        while True:
            try:
                file = path.open("a+", encoding="utf-8")
            except OSError as error:
                raise IndexUnavailable(
                    f"{path} cannot be opened for locking ({error.strerror}). Check its folder."
                ) from error
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError as error:
                owner = _read_owner(file)
                file.close()
                raise IndexUnavailable(
                    f"{held} (pid {owner}). Wait for it to finish or end it, then try again."
                ) from error
            if _is_still(file, path):
                if not shared:
                    file.truncate(0)
                    file.write(str(os.getpid()))
                    file.flush()
                return FolderLock(file)
            file.close()  # the folder was swept away between opening and locking

    def release(self) -> None:
        """Let the next one in; a second call does nothing."""
        self._file.close()


def current_build(root: Path) -> Path | None:
    """The folder of the build in use, or None when nothing was built yet.

    Raises IndexUnavailable when the pointer cannot be read or names no build.
    """
    pointer = root / "current"
    try:
        name = pointer.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnavailable(f"The reference index at {root} cannot be read ({error}). {REBUILD}") from error
    build = root / "builds" / name
    if not _BUILD_NAME.match(name) or not build.is_dir():
        raise IndexUnavailable(f"The reference index at {root} is damaged: {pointer} names no build. {REBUILD}")
    return build


def new_build(root: Path) -> Path:
    """An empty folder for the next build."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    build = root / "builds" / f"{stamp}-{os.getpid()}"
    build.mkdir(parents=True, mode=0o700)
    return build


def point_to(root: Path, build: Path) -> None:
    """Make the build the current one, in one step that survives a crash."""
    draft = root / "current.new"
    with draft.open("w", encoding="ascii") as file:
        file.write(build.name + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(root / "current")


def sweep_builds(root: Path) -> None:
    """Remove builds that are neither current nor open in some process; the caller holds the build lock."""
    with contextlib.suppress(IndexUnavailable):
        current = current_build(root)
        for build in (root / "builds").iterdir():
            if build == current:
                continue
            with contextlib.suppress(IndexUnavailable):  # open elsewhere: a later sweep takes it
                lock = FolderLock.acquire(build / "open.lock", "in use")
                shutil.rmtree(build, ignore_errors=True)
                lock.release()


def write_manifest(build: Path, manifest: Frozen) -> None:
    """Write the manifest and force it to disk."""
    with (build / MANIFEST_FILE).open("w", encoding="utf-8") as file:
        file.write(manifest.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())


def read_manifest(build: Path, model: type[_ManifestT]) -> _ManifestT:
    """The build's manifest; raises IndexUnavailable when it is missing or malformed."""
    try:
        return model.model_validate_json((build / MANIFEST_FILE).read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else "malformed"
        raise IndexUnavailable(
            f"The reference index is damaged: {build / MANIFEST_FILE} ({reason}). {REBUILD}"
        ) from error


def hash_files(build: Path) -> dict[str, str]:
    """sha256 of the build's files, save locks and those that Chroma touches even when it only reads.

    That is SQLite's own file and the vector files of a small collection: such a collection is read from SQLite alone,
    its vector files are blanks that Chroma writes anew at every opening.
    """
    return {
        path.relative_to(build).as_posix(): hash_file(path)
        for path in sorted(build.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and ".sqlite3" not in path.name and not _is_blank(path)
    }


def check_file(build: Path, hashes: Mapping[str, str], name: str) -> None:
    """Raise IndexUnavailable unless the file is byte for byte what the build wrote."""
    try:
        intact = hash_file(build / name) == hashes[name]
    except (OSError, KeyError):
        intact = False
    if not intact:
        raise IndexUnavailable(f"The reference index is damaged: {build / name} is missing or changed. {REBUILD}")


def hash_file(path: Path) -> str:
    """The hex sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_blank(path: Path) -> bool:
    return path.suffix == ".bin" and not (path.parent / "index_metadata.pickle").exists()


def _read_owner(file: IO[str]) -> str:
    file.seek(0)
    return file.read(20).strip() or "unknown"


def _is_still(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
