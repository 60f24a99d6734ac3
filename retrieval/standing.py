"""What a long-lived reader keeps open: the current build of a part of the index, and then the one after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from retrieval.layout import FolderHeld


class Closing(Protocol):
    """Something that is open until closed."""

    def close(self) -> None:
        """Let go of it."""


OpenT = TypeVar("OpenT", bound=Closing)
_Stamp = tuple[int, int] | None


class _Kept(Generic[OpenT]):
    """An opened build, and how many searches are in it."""

    def __init__(self, opened: OpenT | None) -> None:
        self.opened = opened
        self.users = 0
        self.retired = False

    def close_if_free(self) -> None:
        if self.retired and not self.users and self.opened is not None:
            self.opened.close()
            self.opened = None


class Standing(Generic[OpenT]):
    """The current build under a root, opened at its first use; safe to share between threads.

    Each use costs one stat of the pointer. A search that is under way when a new build comes ends in the old one.
    """

    def __init__(self, root: Path, open_current: Callable[[], OpenT | None]) -> None:
        """``open_current`` opens what the pointer names, or gives None when nothing was built yet."""
        self._pointer = root / "current"
        self._open_current = open_current
        self._lock = threading.Lock()
        self._kept: _Kept[OpenT] | None = None
        self._stamp: _Stamp = None

    @contextmanager
    def lease(self) -> Iterator[OpenT | None]:
        """The current build for the length of one search, or None; raises whatever opening it raises.

        A new build that another process holds is not waited for: this one goes on with the old.
        """
        with self._lock:
            kept = self._refresh()
            kept.users += 1
        try:
            yield kept.opened
        finally:
            with self._lock:
                kept.users -= 1
                kept.close_if_free()

    def close(self) -> None:
        """Let go of the build as soon as no search is in it; a later use opens it again."""
        with self._lock:
            self._replace(None)

    def _refresh(self) -> _Kept[OpenT]:
        stamp = self._read_stamp()  # before opening: a pointer that changes in between is noticed at the next use
        if self._kept is not None and stamp == self._stamp:
            return self._kept
        try:
            opened = self._open_current()
        except FolderHeld:
            if self._kept is None or self._kept.opened is None:
                raise
            return self._kept
        fresh = _Kept(opened)
        self._replace(fresh)
        self._stamp = stamp
        return fresh

    def _replace(self, fresh: _Kept[OpenT] | None) -> None:
        old, self._kept = self._kept, fresh
        if old is not None:
            old.retired = True
            old.close_if_free()

    def _read_stamp(self) -> _Stamp:
        try:
            found = self._pointer.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino
