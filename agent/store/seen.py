"""Which entries a load has met so far, in a scratch file of its own: a long list costs disk, not memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from types import TracebackType


class SeenEntries:
    """Ids and content hashes met so far. SQLite's nameless database: about 2 MB of memory, the rest on disk.

    The file has no name from the start, so that nothing of it is left behind, not even by ``kill -9``.
    """

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._scratch.execute("PRAGMA journal_mode=OFF")
        self._scratch.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID")

    def __enter__(self) -> SeenEntries:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.close()

    def add(self, digests: Mapping[str, str]) -> str | None:
        """Remember content hashes by id; returns the first id that was met before with another hash, else None."""
        self._scratch.execute("BEGIN")
        self._scratch.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", digests.items())
        self._scratch.execute("COMMIT")
        held = "SELECT digest FROM seen WHERE id = ?"
        for key, digest in digests.items():
            if self._scratch.execute(held, (key,)).fetchone()[0] != digest:
                return key
        return None

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids that were never met."""
        known = "SELECT 1 FROM seen WHERE id = ?"
        return [key for key in ids if self._scratch.execute(known, (key,)).fetchone() is None]
