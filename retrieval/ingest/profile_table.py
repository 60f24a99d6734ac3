"""Profiles in CSV: each row becomes what the same profile would be as a row of JSON Lines.

Two headers are read. Ours: the fields of a Profile, ``profile_id`` and ``name`` needed, lists parted by ``;`` or ``|``,
one column for each sort of identifier (``identifiers.passport``). And OpenSanctions' simple one (``id, schema, name,
aliases, birth_date, countries, identifiers, sanctions, dataset``; its addresses, telephone numbers, mail addresses and
times of entry have no place in a profile). Cells may be parted by commas, semicolons or tabs and quoted by ``"``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent.domain.reference import Profile
from agent.errors import ReferenceInvalid
from retrieval.ingest.rows import MAX_ROW_BYTES, RowProblem

_LISTS: Final = frozenset({"aliases", "weak_aliases", "nationalities", "countries", "positions", "topics"})
_IDENTIFIER: Final = "identifiers."
_FIELDS: Final = frozenset(Profile.model_fields) - {"identifiers"}
_PROPERTIES: Final = {
    "name": "name",
    "aliases": "alias",
    "birth_date": "birthDate",
    "countries": "country",
    "identifiers": "idNumber",
    "sanctions": "notes",
}
"""Column of OpenSanctions' simple table → FollowTheMoney property."""
_SIMPLE: Final = frozenset(
    {"id", "schema", "dataset", "addresses", "phones", "emails", "first_seen", "last_seen", "last_change", *_PROPERTIES}
)
_BETWEEN: Final = re.compile(r"[;|]")
_LONGEST_CELL: Final = 131_072
"""As the csv module has it at first; its own limit belongs to the whole process, and alerts need a higher one."""


@dataclass(frozen=True)
class _Header:
    """What the first line names."""

    columns: tuple[str, ...]
    delimiter: str

    @property
    def is_simple(self) -> bool:
        """Whether it is OpenSanctions' simple one."""
        return {"id", "schema", "name"} <= set(self.columns)

    def is_known(self, column: str) -> bool:
        """Whether its form has this column."""
        if self.is_simple:
            return column in _SIMPLE
        return column in _FIELDS or (column.startswith(_IDENTIFIER) and column != _IDENTIFIER)


class _Text:
    """The lines as text, and the number of the last one given out. Bytes that are no UTF-8 stay, as lone surrogates."""

    def __init__(self, lines: Iterator[tuple[int, bytes]]) -> None:
        self._lines = lines
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, raw = next(self._lines)
        if len(raw) > MAX_ROW_BYTES:
            raise csv.Error(f"it is longer than {MAX_ROW_BYTES:,} bytes")
        return raw.decode("utf-8", "surrogateescape")


def read_table(path: Path, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, dict[str, Any]] | RowProblem]:
    """The rows of a table in the form of JSON Lines, each with the line it begins on, and what is wrong with others.

    Rows without content are passed over. Raises ReferenceInvalid when the first line is no header of profiles.
    """
    text = _Text(lines)
    header = _read_header(path, text)
    if strange := [column for column in header.columns if not header.is_known(column)]:
        named = ", ".join(repr(column[:40]) for column in strange)
        yield RowProblem(path, text.number, f"no profile has the column {named}, so it is not read", kept=True)
    # Strict: a quote that is out of place or never closed is an error, and swallows no rows unseen.
    reader = csv.reader(text, delimiter=header.delimiter, strict=True)
    while True:
        begin = text.number + 1
        try:
            cells = next(reader)
            if any(len(cell) > _LONGEST_CELL for cell in cells):
                raise csv.Error("field limit")
        except StopIteration:
            return
        except csv.Error as error:
            where = f"lines {begin} to {text.number}: " if text.number > begin else ""
            yield RowProblem(path, begin, f"{where}{_explain(error)}: row left out")
            continue
        if any(cell.strip() for cell in cells):
            try:
                yield begin, _record(header, cells)
            except ReferenceInvalid as error:
                yield RowProblem(path, begin, f"{error}: row left out")


def _read_header(path: Path, text: _Text) -> _Header:
    needed = "The first line must name the columns: at least profile_id and name, or id, schema and name."
    try:
        line = next(text)
        delimiter = max(",;\t", key=line.count)  # the first of them where none occurs
        columns = tuple(_column(cell) for cell in next(csv.reader([line], delimiter=delimiter, strict=True), []))
    except StopIteration:
        raise ReferenceInvalid(f"{path} is empty. {needed}") from None
    except csv.Error as error:
        raise ReferenceInvalid(f"{path} has no header of profiles ({error}). {needed}") from error
    header = _Header(columns, delimiter)
    if not header.is_simple and not {"profile_id", "name"} <= set(columns):
        raise ReferenceInvalid(f"{path} has no header of profiles. {needed}")
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise ReferenceInvalid(f"{path} has the column {twice[0]!r} twice in its header. Rename or remove one of them.")
    return header


def _column(cell: str) -> str:
    """A column's name; ours in any case of letters."""
    name = cell.strip()
    return name.lower() if name.lower() in _FIELDS | _SIMPLE else name


def _record(header: _Header, cells: list[str]) -> dict[str, Any]:
    """The row as FollowTheMoney or as a Profile's fields. Raises ReferenceInvalid when it cannot be taken apart."""
    if len(cells) != len(header.columns):
        raise ReferenceInvalid(f"it has {len(cells)} cells where the header names {len(header.columns)} columns")
    joined = "".join(cells)
    if not joined.isascii() and any("\ud800" <= char <= "\udfff" for char in joined):
        raise ReferenceInvalid("it is not UTF-8")
    if "\0" in joined:
        raise ReferenceInvalid("it holds a NUL character, which no database keeps")
    stated = {
        column: " ".join(cell.split()) for column, cell in zip(header.columns, cells, strict=True) if cell.strip()
    }
    return _entity(stated) if header.is_simple else _fields(header, stated)


def _entity(stated: dict[str, str]) -> dict[str, Any]:
    """A row of the simple table as the FollowTheMoney entity it was made from, as far as it goes."""
    properties = {
        _PROPERTIES[column]: [cell] if column in {"name", "sanctions"} else _parts(cell)
        for column, cell in stated.items()
        if column in _PROPERTIES
    }
    return {
        "id": stated.get("id"),
        "schema": stated.get("schema"),
        "caption": stated.get("name"),
        "datasets": _parts(stated.get("dataset", "")),
        "properties": properties,
    }


def _fields(header: _Header, stated: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column, cell in stated.items():
        if column.startswith(_IDENTIFIER):
            row.setdefault("identifiers", {})[column.removeprefix(_IDENTIFIER)] = cell
        elif header.is_known(column):
            row[column] = _parts(cell) if column in _LISTS else cell
    return row


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(cell) if part.strip()]


def _explain(error: csv.Error) -> str:
    """What is wrong with a row, in our words where the csv module's would not help."""
    message = str(error)
    if "unexpected end of data" in message:
        return "a quote is opened and never closed, so all that follows is one cell"
    if "field limit" in message:
        return f"a cell is longer than {_LONGEST_CELL:,} characters (is a quote never closed?)"
    if "expected after" in message:
        return "a closing quote is not followed by the end of its cell (inside a cell, write it twice)"
    return message
