"""CSV with dotted columns (``subject.name``, ``article.text``); each row is parsed alone: a fault stays in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.domain.alert import Article, Subject
from agent.errors import AlertInvalid, AlertTooLarge, InputError
from agent.intake.encoding import Utf8Input, decode_utf8
from agent.intake.outcome import IntakeLimits, IntakeOutcome, build_failure, show
from agent.intake.payload import find_id, read_or_fail
from agent.intake.strict_json import parse_json

COLUMNS = (
    "alert_id",
    "received_at",
    "due_at",
    *(f"subject.{name}" for name in Subject.model_fields),
    *(f"article.{name}" for name in Article.model_fields),
    "article.html",
)
_LISTS = frozenset({"subject.aliases", "subject.nationalities", "subject.countries"})
_VERBATIM = frozenset({"article.text", "article.html"})
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class _Record:
    """The physical lines of one row: first and last line number, byte offset, bytes and full size."""

    line: int
    last: int
    offset: int
    raw: bytes
    size: int


def read_csv(content: Utf8Input, source: str, limits: IntakeLimits) -> Iterator[IntakeOutcome]:
    """One alert a row; the first row names the columns, separated by comma, semicolon or tab."""
    # The csv module's own limit is 128 kB and process-wide; rows are bounded here before it sees them.
    csv.field_size_limit(max(csv.field_size_limit(), limits.max_alert_bytes))
    records = _iterate_records(content, limits.max_alert_bytes)
    header = next(records, None)
    try:
        columns, delimiter = _read_header(header, source)
    except InputError as error:
        yield build_failure(error, f"{source}:{header.line}" if header else source)
        return
    empty = True
    for record in records:
        for outcome in _read_record(record, columns, delimiter, source, content.notes, limits):
            empty = False
            yield outcome
    if empty:
        yield build_failure(AlertInvalid(f"{source} has a header but no rows: there is no alert in it."), source)


def find_delimiter(line: str) -> str | None:
    """The separator of a header line that names the alert id, or None when the line is no such header."""
    for delimiter in _DELIMITERS:
        if "alert_id" in [cell.strip().strip('"') for cell in line.split(delimiter)] and delimiter in line:
            return delimiter
    return None


def _iterate_records(content: Utf8Input, limit: int) -> Iterator[_Record]:
    """Rows without blank ones: lines are joined while a quote is open. What exceeds the limit is counted, not held."""
    stream, offset, number = content.stream, content.start, 0
    stream.seek(offset)
    while line := stream.readline(limit + 1):
        number += 1
        first, held, size, quotes, lines = number, [line], len(line), line.count(b'"'), int(line.endswith(b"\n"))
        while (quotes % 2 or not lines) and (line := stream.readline(limit + 1)):
            size += len(line)
            quotes += line.count(b'"')
            lines, number = (1, number + 1) if lines else (int(line.endswith(b"\n")), number)
            if size <= limit:
                held.append(line)
        if size > limit or any(not part.isspace() for part in held):
            yield _Record(first, number, offset, b"".join(held), size)
        offset += size


def _read_header(record: _Record | None, source: str) -> tuple[list[str], str]:
    if record is None:
        raise AlertInvalid(f"{source} is empty: there is no alert in it.")
    here = f"{source}:{record.line}"
    text, _ = decode_utf8(record.raw, here, record.offset)
    delimiter = find_delimiter(text.rstrip("\r\n"))
    if delimiter is None:
        raise AlertInvalid(f"{here}: the first row must name the columns, alert_id among them.")
    columns = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter))]
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise AlertInvalid(f"{here}: column {show(unknown[0])} is not known; the columns are {', '.join(COLUMNS)}.")
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise AlertInvalid(f"{here}: the column {twice[0]} occurs twice.")
    if not _VERBATIM & set(columns):
        raise AlertInvalid(f"{here}: there is no column article.text or article.html, so no row has a text.")
    return columns, delimiter


def _read_record(
    record: _Record, columns: list[str], delimiter: str, source: str, notes: tuple[str, ...], limits: IntakeLimits
) -> Iterator[IntakeOutcome]:
    here = f"{source}:{record.line}"
    try:
        if record.size > limits.max_alert_bytes:
            raise AlertTooLarge(
                f"{here}: the row has {record.size:,} bytes, down to line {record.last}; "
                f"{limits.describe_alert_limit()}. If it should be shorter, check its quotes."
            )
        text, damage = decode_utf8(record.raw, here, record.offset)
    except InputError as error:
        yield build_failure(error, here)
        return
    # strict: a quote that is never closed must not swallow the rows after it in silence.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = record.line
    while True:
        here = f"{source}:{line}"
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            span = f" (the rows down to line {record.last} could not be told apart)" if record.last > line else ""
            yield build_failure(AlertInvalid(f"{here}: not a CSV row: {error}{span}; check its quotes."), here)
            return
        line = record.line + reader.line_num
        if row:
            yield _read_row(row, columns, here, notes + damage, limits)


def _read_row(
    row: list[str], columns: list[str], here: str, notes: tuple[str, ...], limits: IntakeLimits
) -> IntakeOutcome:
    if len(row) != len(columns):
        refusal = f"{here}: the row has {len(row)} cells and the header {len(columns)}; quote cells that hold commas."
        # Cells may have slipped, but not to the left of the first.
        return build_failure(AlertInvalid(refusal), here, find_id({columns[0]: row[0].strip()}))
    try:
        payload = _build_payload(dict(zip(columns, row, strict=True)), here)
    except InputError as error:
        return build_failure(error, here, find_id(dict(zip(columns, row, strict=True))))
    return read_or_fail(payload, here, limits, notes)


def _build_payload(cells: dict[str, str], here: str) -> dict[str, Any]:
    """Dotted columns become the nested object; an empty cell is an absent field."""
    payload: dict[str, Any] = {}
    for column, cell in cells.items():
        value: Any = cell if column in _VERBATIM else cell.strip()
        if not value:
            continue
        if column in _LISTS:
            value = [part.strip() for part in value.replace(";", "|").split("|") if part.strip()]
        elif column == "subject.identifiers":
            value = _read_identifiers(value, here)
        owner, _, field = column.rpartition(".")
        (payload.setdefault(owner, {}) if owner else payload)[field] = value
    return payload


def _read_identifiers(cell: str, here: str) -> Any:
    """``{"passport": "X1"}`` or ``passport=X1|tax=9``."""
    if cell.startswith("{"):
        return parse_json(cell, f"{here}: subject.identifiers")
    pairs = [part.partition("=") for part in cell.split("|") if part.strip()]
    if any(not sign or not key.strip() for key, sign, _ in pairs):
        raise AlertInvalid(f"{here}: subject.identifiers {show(cell)} is neither JSON nor key=value|key=value.")
    return {key.strip(): value.strip() for key, _, value in pairs}
