"""A shelf whose builds are Chroma folders, each open in one process at a time.

Chroma in two processes on one folder loses entries without a word, so a second opener is refused at once.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from agent.errors import IndexUnavailable, RetrievalError
from retrieval.chroma.client import CollectionGone, open_folder
from retrieval.chroma.collections import Collections
from retrieval.chroma.shelf import OpenBuild, ShelfKind, ShelfManifest, check_compatible, check_counts
from retrieval.embedding.embedder import Embedder
from retrieval.layout import (
    FolderHeld,
    FolderLock,
    check_files,
    current_build,
    hash_files,
    lock_current,
    measure_folder,
    new_build,
    point_to,
    read_manifest,
    sweep_builds,
    write_manifest,
)
from retrieval.standing import Standing

SHARE: Final = "Wait for it to finish, or set TRIAGE_CHROMA=shared to let several processes use it."
_FOLDER: Final = "chroma"
_AnswerT = TypeVar("_AnswerT")


class FolderDraft:
    """A build in the making, in a folder of its own."""

    def __init__(self, root: Path, folder: Path, kind: ShelfKind, base: ShelfManifest | None) -> None:
        """``folder`` already holds a copy of ``base``'s Chroma, or nothing."""
        self.base = base
        self._root = root
        self._folder = folder
        self._chroma = open_folder(folder / _FOLDER)
        names = {name: name for name in kind.collections}
        try:
            if base is None:
                self.collections = Collections.create(self._chroma, names)
            else:
                self.collections = Collections.open(self._chroma, names)
                check_counts(base, self.collections, str(folder))
        except BaseException:  # whatever ended it, what was opened is let go of
            self.close()
            raise

    def publish(self, manifest: ShelfManifest) -> None:
        """Close Chroma, fix the files by their hashes, and swap the pointer."""
        self.close()  # only then are the files as Chroma leaves them
        write_manifest(self._folder, manifest.model_copy(update={"files": hash_files(self._folder)}))
        point_to(self._root, self._folder)

    def close(self) -> None:
        """Let go of the folder."""
        self._chroma.close()


class FolderShelf:
    """Builds of one kind in folders under a root; reading takes the current one's lock until closed."""

    def __init__(self, root: Path, kind: ShelfKind, embedder: Embedder) -> None:
        """``root``: the shelf's own folder; nothing is opened yet."""
        self.kind = kind
        self.place = str(root)
        self._root = root
        self._embedder = embedder
        self._standing = Standing(root, self._open_current)

    def read_manifest(self) -> ShelfManifest | None:
        """The current build's manifest, without opening Chroma."""
        folder = current_build(self._root)
        return None if folder is None else read_manifest(folder, ShelfManifest)

    def find_sound(self) -> ShelfManifest | None:
        """The current build's manifest, if opening it finds no fault.

        A build that another process has open was whole when that process opened it; its files still are.
        """
        try:
            try:
                return self.ask(lambda build: build.manifest)
            finally:
                self.close()
        except FolderHeld:
            return self._find_unchanged()
        except RetrievalError:
            return None

    def ask(self, question: Callable[[OpenBuild], _AnswerT]) -> _AnswerT | None:
        """Ask the current build; raises IndexUnavailable naming the process that has it open."""
        with self._standing.lease() as build:
            return None if build is None else question(build)

    @contextlib.contextmanager
    def draft(self, *, copied: bool) -> Iterator[FolderDraft]:
        """A new build beside the current one; the caller holds the lock of building."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self._root / "builds").mkdir(exist_ok=True, mode=0o700)
        sweep_builds(self._root)
        draft = None
        try:
            draft = (self._draft_copy() if copied else None) or FolderDraft(
                self._root, new_build(self._root), self.kind, None
            )
            yield draft
        finally:
            if draft is not None:
                draft.close()
            sweep_builds(self._root)

    def measure(self) -> int | None:
        """Bytes of all builds under the root."""
        return measure_folder(self._root)

    def close(self) -> None:
        """Let go of the build."""
        self._standing.close()

    def _find_unchanged(self) -> ShelfManifest | None:
        try:
            current = current_build(self._root)
            if current is None:
                return None
            manifest = read_manifest(current, ShelfManifest)
            check_compatible(manifest, self._embedder, self.place)
            check_files(current, manifest.files)
        except RetrievalError:
            return None
        return manifest

    def _draft_copy(self) -> FolderDraft | None:
        """A draft that holds what the current build holds; None when that is damaged or of another embedder."""
        manifest = self._find_unchanged()
        current = current_build(self._root) if manifest else None
        if manifest is None or current is None:
            return None
        try:
            folder = new_build(self._root)
            _copy_chroma(current / _FOLDER, folder / _FOLDER)
            return FolderDraft(self._root, folder, self.kind, manifest)
        except (RetrievalError, OSError, sqlite3.Error):
            return None  # a full build mends it

    def _open_current(self) -> OpenBuild | None:
        found = lock_current(self._root, f"The reference index in {self._root} is already open", remedy=SHARE)
        if found is None:
            return None
        folder, lock = found
        try:
            return _open_build(folder, lock, self.kind, self._embedder)
        except BaseException:  # whatever ended it, what was opened is let go of
            lock.release()
            raise


def _open_build(folder: Path, lock: FolderLock, kind: ShelfKind, embedder: Embedder) -> OpenBuild:
    manifest = read_manifest(folder, ShelfManifest)
    check_compatible(manifest, embedder, str(folder))
    # A changed HNSW file does not fail in Chroma: it ends the process, or entries vanish without a word.
    check_files(folder, manifest.files)
    chroma = open_folder(folder / _FOLDER)
    try:
        opened = Collections.open(chroma, {name: name for name in kind.collections})
        check_counts(manifest, opened, str(folder))
    except BaseException as error:  # whatever ended it, what was opened is let go of
        chroma.close()
        if isinstance(error, CollectionGone):
            raise IndexUnavailable(str(error)) from error
        raise

    def release() -> None:
        chroma.close()
        lock.release()

    return OpenBuild(manifest, opened, release)


def _copy_chroma(source: Path, target: Path) -> None:
    """A copy of a finished build's Chroma; SQLite copies its own file, since a reader may be opening it right now."""
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(parents=True)
        elif path.suffix == ".sqlite3":
            copy.parent.mkdir(parents=True, exist_ok=True)
            with (
                contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as original,
                contextlib.closing(sqlite3.connect(copy)) as copied,
            ):
                original.backup(copied)
        elif ".sqlite3" not in path.name:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
