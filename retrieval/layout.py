"""Where the parts of the reference index lie on disk: finished builds side by side, one pointer to the current one.

    <root>/current             the name of the current build, replaced in one step
    <root>/build.lock          held while a build runs
    <root>/builds/<name>/      manifest.json and the build's files
    <root>/builds/<name>/open.lock   held by whoever has the build open: by one process, or shared by many readers

Each part of the index (names, profiles, precedents, lexical) is a root of its own. A build is never changed once the
pointer names it: a reader sees all of it or none, and a killed build changes nothing.
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

from pydantic import StringConstraints, ValidationError

from agent.domain.base import Frozen
from agent.errors import IndexUnavailable

REBUILD = "Run `triage index build`."
WAIT = "Wait for it to finish or end it, then try again."
MANIFEST_FILE = "manifest.json"
OPEN_LOCK = "open.lock"
FileHashes = dict[str, Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]]
"""sha256 of the files of a build that reading leaves alone, by path inside the build."""

_ManifestT = TypeVar("_ManifestT", bound=Frozen)
_BUILD_NAME = re.compile(r"^[0-9]{8}T[0-9]{12}-[0-9]+$")


class FolderHeld(IndexUnavailable):
    """Another process holds the lock."""


class FolderLock:
    """An advisory lock on a file, held until ``release`` or the end of the process."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @staticmethod
    def acquire(path: Path, held: str, *, shared: bool = False, remedy: str = WAIT) -> FolderLock:
        """Take the lock at once or raise FolderHeld: ``held``, the pid of the process that has it, and ``remedy``.

        ``shared`` locks stand beside each other and keep only an exclusive one out. Raises IndexUnavailable when the
        lock file cannot be opened.
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
                raise FolderHeld(f"{held} (pid {owner}). {remedy}") from error
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
    if not is_build_name(name) or not build.is_dir():
        raise IndexUnavailable(f"The reference index at {root} is damaged: {pointer} names no build. {REBUILD}")
    return build


def lock_current(root: Path, held: str, *, shared: bool = False, remedy: str = WAIT) -> tuple[Path, FolderLock] | None:
    """The current build with its open lock, or None when nothing was built yet.

    Tries again when a new build took its place in between. Raises FolderHeld as ``FolderLock.acquire`` does and
    IndexUnavailable as ``current_build`` does.
    """
    while True:
        folder = current_build(root)
        if folder is None:
            return None
        try:
            return folder, FolderLock.acquire(folder / OPEN_LOCK, held, shared=shared, remedy=remedy)
        except IndexUnavailable:
            if current_build(root) == folder:
                raise


def name_build() -> str:
    """A name for the next build; names sort by the time they were given."""
    return f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%S%f')}-{os.getpid()}"


def new_build(root: Path) -> Path:
    """An empty folder for the next build."""
    build = root / "builds" / name_build()
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
    _force_to_disk(root)


def sweep_builds(root: Path) -> None:
    """Remove builds that are neither current nor open in some process; the caller holds the build lock."""
    with contextlib.suppress(IndexUnavailable):
        current = current_build(root)
        for build in (root / "builds").iterdir():
            if build == current:
                continue
            with contextlib.suppress(IndexUnavailable):  # open elsewhere: a later sweep takes it
                lock = FolderLock.acquire(build / OPEN_LOCK, "in use")
                shutil.rmtree(build, ignore_errors=True)
                lock.release()


def is_build_name(name: str) -> bool:
    """Whether ``name_build`` may have given the name."""
    return bool(_BUILD_NAME.match(name))


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


def check_files(build: Path, hashes: Mapping[str, str]) -> None:
    """Raise IndexUnavailable unless every file of the build is byte for byte what the build wrote."""
    for name in hashes:
        check_file(build, hashes, name)


def measure_folder(folder: Path) -> int:
    """Bytes of all files below a folder; 0 when there is none."""
    sizes = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # a build may be swept away meanwhile
            sizes += path.stat().st_size if path.is_file() else 0
    return sizes


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


def _force_to_disk(folder: Path) -> None:
    """Make a rename in the folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
