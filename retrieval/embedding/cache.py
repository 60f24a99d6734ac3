"""Vectors by text, kept in one SQLite file: no text is embedded twice, and a killed build goes on where it was.

It is only a cache. A file that is damaged, or holds anything but what was written, is set aside and started anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar

import numpy as np

from agent.errors import IndexUnavailable
from retrieval.embedding.embedder import Embedder, Vectors

Progress = Callable[[str, int, int | None], None]
"""Told what is being counted (``vectors``), how many are done and of how many."""

CHUNK: Final = 256
"""Texts embedded and committed at once: what a killed process loses at most."""
_VERSION: Final = 1
_BUSY_S: Final = 60.0
_LOOKED_UP: Final = 500
_DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""SQLite's codes for a broken file, a file of another kind, and tables other than ours."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS vectors (
    embedder TEXT NOT NULL, text_sha256 BLOB NOT NULL, vector BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (embedder, text_sha256)
)"""
_T = TypeVar("_T")


class _Damaged(Exception):
    """The file is not what this module wrote."""


class VectorCache:
    """An embedder with a memory. Several processes may use one file; each writes when no other does.

    ``embedded`` counts the texts that had to be embedded since opening, ``notes`` tells of files set aside. Safe to
    share between threads; one embeds at a time.
    """

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self.embedded = 0
        self.notes: tuple[str, ...] = ()
        self._path = path
        self._embedder = embedder
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def open(cls, path: Path, embedder: Embedder) -> Self:
        """The cache in that file, which is made when absent; nothing is asked of the embedder yet.

        Raises IndexUnavailable when the file cannot be opened.
        """
        cache = cls(path, embedder)
        with cache._lock:
            cache._repaired(lambda _: None)
        return cache

    def embed(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """Vectors of shape (n, dimension), in order: those on file, the rest embedded and put on file.

        The missing texts are embedded shortest first, ``CHUNK`` at once, and committed before the next ones. Raises
        IndexUnavailable when the file cannot be read or written, and whatever the embedder raises.
        """
        if not texts:
            return np.zeros((0, self._embedder.dimension), dtype=np.float32)
        with self._lock:
            return self._repaired(lambda connection: self._embed(connection, texts, on_progress or _say_nothing))

    def prune(self) -> int:
        """Drop the vectors of every other embedder and give their space back; returns how many there were."""
        with self._lock:
            return self._repaired(self._prune)

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        with self._lock:
            self._disconnect()

    def _embed(self, connection: sqlite3.Connection, texts: Sequence[str], on_progress: Progress) -> Vectors:
        # A remote embedder may be asked for its fingerprint here, so it comes before any lock on the file.
        embedder, dimension = self._embedder.fingerprint, self._embedder.dimension
        keys = [_text_key(text) for text in texts]
        rows: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            rows.setdefault(key, []).append(row)
        vectors = np.empty((len(texts), dimension), dtype=np.float32)
        missing = dict.fromkeys(rows)
        for key, vector in _look_up(connection, embedder, list(rows), dimension):
            vectors[rows[key]] = vector
            missing.pop(key, None)
        done = len(rows) - len(missing)
        on_progress("vectors", done, len(rows))
        shortest_first = sorted(missing, key=lambda key: len(texts[rows[key][0]]))
        for start in range(0, len(shortest_first), CHUNK):
            chunk = shortest_first[start : start + CHUNK]
            fresh = self._embedder.embed([texts[rows[key][0]] for key in chunk])
            _keep(connection, embedder, chunk, fresh)
            for key, vector in zip(chunk, fresh, strict=True):
                vectors[rows[key]] = vector
            self.embedded += len(chunk)
            done += len(chunk)
            on_progress("vectors", done, len(rows))
        return vectors

    def _prune(self, connection: sqlite3.Connection) -> int:
        embedder = self._embedder.fingerprint
        with connection:
            dropped = connection.execute("DELETE FROM vectors WHERE embedder != ?", (embedder,)).rowcount
        if dropped:
            connection.execute("VACUUM")
        return dropped

    def _repaired(self, task: Callable[[sqlite3.Connection], _T]) -> _T:
        """Carry out the task on the open file; once more on a new one when the file turns out damaged."""
        try:
            return self._attempt(task)
        except _Damaged as damage:
            self._set_aside(str(damage))
        try:
            return self._attempt(task)
        except _Damaged as damage:
            raise IndexUnavailable(
                f"The vector cache {self._path} was started anew and is damaged again: {damage}. Check the disk."
            ) from damage

    def _attempt(self, task: Callable[[sqlite3.Connection], _T]) -> _T:
        with _translated(self._path):
            if self._connection is None:
                self._connection = _connect(self._path)
            return task(self._connection)

    def _set_aside(self, reason: str) -> None:
        self._disconnect()
        aside = self._path.with_name(self._path.name + ".damaged")
        try:
            self._path.replace(aside)
            # What the log holds belongs to the damaged file; a new file would take it for its own.
            for ending in ("-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        except OSError as error:
            raise IndexUnavailable(
                f"The vector cache {self._path} is damaged ({reason}) and cannot be set aside: {error.strerror}. "
                "Delete it: the vectors are made again."
            ) from error
        self.notes += (f"The vector cache was damaged ({reason}); it was set aside as {aside} and started anew.",)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _DAMAGE:
            raise _Damaged(str(error)) from error
        raise IndexUnavailable(
            f"The vector cache {path} cannot be used: {error}. Check the disk, the folder's permissions, and that no "
            "other process holds the file."
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as error:
        raise IndexUnavailable(f"The vector cache {path} cannot be made: {error.strerror}.") from error
    connection = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            _create(connection)
        elif version != _VERSION:
            raise _Damaged(f"its version is {version}, not {_VERSION}")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:  # whatever ended it, what was opened is let go of
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _look_up(
    connection: sqlite3.Connection, embedder: str, keys: Sequence[bytes], dimension: int
) -> Iterator[tuple[bytes, Vectors]]:
    for start in range(0, len(keys), _LOOKED_UP):
        some = keys[start : start + _LOOKED_UP]
        marks = ", ".join("?" * len(some))
        question = f"SELECT text_sha256, vector, crc FROM vectors WHERE embedder = ? AND text_sha256 IN ({marks})"
        for key, blob, crc in connection.execute(question, (embedder, *some)):
            if len(blob) != 4 * dimension or crc != zlib.crc32(key + blob):
                raise _Damaged(f"a vector of {len(blob)} bytes is not the one of {4 * dimension} that was written")
            yield key, np.frombuffer(blob, dtype="<f4")


def _keep(connection: sqlite3.Connection, embedder: str, keys: Sequence[bytes], vectors: Vectors) -> None:
    blobs = [vector.astype("<f4").tobytes() for vector in vectors]
    with connection:
        connection.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
            [(embedder, key, blob, zlib.crc32(key + blob)) for key, blob in zip(keys, blobs, strict=True)],
        )


def _text_key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _say_nothing(what: str, done: int, total: int | None) -> None:
    """Nobody follows."""
