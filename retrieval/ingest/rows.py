"""Reference files as numbered lines of bytes, and what can be wrong with a row of them."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from agent.errors import ReferenceInvalid

MAX_ROW_BYTES: Final = 4_000_000
"""The longest line that is read; what follows in a longer one is thrown away."""
_MARK: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_FOREIGN: Final = (
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet"),
)
"""How files begin that are no UTF-8 text, and what they are."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What was wrong with one row; ``kept`` says whether the row was read all the same."""

    path: Path
    line: int
    message: str
    kept: bool = False
    outside: bool = False
    """Whether the row is sound but tells of something that has no place here, such as a ship or an address."""

    def __str__(self) -> str:
        """One line for a person: file, line, what is wrong."""
        return f"{self.path}, line {self.line}: {self.message}"


class FirstLines:
    """On which line each id of a file came first, kept in a scratch file: a long list costs disk, not memory."""

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("", isolation_level=None)  # SQLite's nameless database: gone when closed
        self._scratch.execute("PRAGMA journal_mode=OFF")
        self._scratch.execute("CREATE TABLE first (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID")
        self._scratch.execute("BEGIN")

    def __enter__(self) -> FirstLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.close()

    def note(self, key: str, line: int) -> int:
        """The line on which this id came first; this one, if it is new."""
        self._scratch.execute("INSERT OR IGNORE INTO first VALUES (?, ?)", (key, line))
        found: tuple[int] = self._scratch.execute("SELECT line FROM first WHERE id = ?", (key,)).fetchone()
        return found[0]


def read_lines(path: Path, on_read: Callable[[int], None] | None = None) -> Iterator[tuple[int, bytes]]:
    """The file's lines with their numbers, line ends included; a mark of UTF-8 at the start is taken off.

    A gzipped file is unpacked on the way. A line longer than ``MAX_ROW_BYTES`` comes cut, one byte longer than that.
    ``on_read`` hears after each line how many bytes of the file on disk were read. Raises ReferenceInvalid when the
    file cannot be read, breaks off in the middle, or is no UTF-8 text from its first bytes.
    """
    number = 0
    try:
        with path.open("rb") as raw, _unpacked(raw, path) as file:
            while line := file.readline(MAX_ROW_BYTES + 1):
                number += 1
                if len(line) > MAX_ROW_BYTES:
                    _skip_line(file)
                if on_read is not None:
                    on_read(raw.tell())
                yield number, line.removeprefix(_MARK) if number == 1 else line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ReferenceInvalid(
            f"{path} is damaged or cut short after line {number} ({error}); what came before was read. "
            "Get the file again."
        ) from error
    except OSError as error:
        raise ReferenceInvalid(
            f"{path} cannot be read: {error.strerror}. Check the name and its permissions."
        ) from error


def _unpacked(raw: BufferedReader, path: Path) -> IO[bytes]:
    """The text's bytes; raises ReferenceInvalid when the first of them say that it is none."""
    file: BufferedReader | gzip.GzipFile = raw
    if raw.peek(2).startswith(_GZIP):
        file = gzip.GzipFile(fileobj=raw)
    beginning = file.peek(4)[:4]
    for first, what in _FOREIGN:
        if beginning.startswith(first):
            raise ReferenceInvalid(f"{path} is {what}: save it as UTF-8 text and load that.")
    return file  # type: ignore[return-value]  # both read lines; typeshed gives them no common type


def _skip_line(file: IO[bytes]) -> None:
    """Read on to the end of a line that is too long, unless the cut fell on it."""
    while rest := file.readline(MAX_ROW_BYTES):
        if rest.endswith(b"\n"):
            return
