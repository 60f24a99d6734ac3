"""Reference files, row by row: profiles (FollowTheMoney or our own JSON Lines, CSV) and precedents (JSON Lines).

A row that cannot be read, and whatever had to be left out of one that can, is reported with its line; the other rows
are read all the same. Files are UTF-8, gzipped or not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from agent.domain.reference import Precedent, Profile
from agent.domain.taxonomy import PRECEDENT_OUTCOMES, Disposition
from agent.errors import ReferenceInvalid
from retrieval.documents import without_outcome
from retrieval.ingest.countries import country_code
from retrieval.ingest.ftm import NoParty, profile_from_entity
from retrieval.ingest.profile_table import read_table
from retrieval.ingest.rows import MAX_ROW_BYTES, FirstLines, RowProblem, read_lines
from retrieval.names.tokens import same_person_name

_T = TypeVar("_T", Profile, Precedent)
_OnRead = Callable[[int], None]
_Row = tuple[int, dict[str, Any]] | RowProblem


def read_profiles(path: Path, on_read: _OnRead | None = None) -> Iterator[Profile | RowProblem]:
    """The profiles of a file and the problems met on the way.

    A ``.csv`` or ``.csv.gz`` file is read as ``profile_table`` says, any other as JSON Lines: a row with ``schema`` and
    ``properties`` as FollowTheMoney, else as a Profile. ``on_read`` hears how many bytes of the file were read. Raises
    ReferenceInvalid when the file itself cannot be read.
    """
    is_table = path.name.lower().removesuffix(".gz").endswith(".csv")
    rows = read_table(path, read_lines(path, on_read)) if is_table else _json_rows(path, on_read)
    yield from _read(path, rows, _parse_profile, lambda profile: profile.profile_id)


def read_precedents(
    path: Path, on_read: _OnRead | None = None, *, reserved: str | None = None
) -> Iterator[Precedent | RowProblem]:
    """The imported precedents of a JSON Lines file, marked as such, and the problems met on the way.

    A row has the fields of a Precedent, with ``disposition`` in place of ``outcome`` if that is what is known; it needs
    two different people and the date. Ids that begin with ``reserved`` are those of precedents decided here, which no
    file may bring. ``on_read`` hears how many bytes of the file were read. Raises ReferenceInvalid when the file itself
    cannot be read.
    """

    def parse(row: dict[str, Any]) -> tuple[Precedent, list[str]]:
        precedent, losses = _parse_precedent(row)
        if reserved is not None and precedent.precedent_id.startswith(reserved):
            raise ReferenceInvalid(
                f"ids that begin with {reserved!r} are those of decisions made here: {precedent.precedent_id!r}"
            )
        return precedent, losses

    yield from _read(path, _json_rows(path, on_read), parse, lambda precedent: precedent.precedent_id)


def _read(
    path: Path,
    rows: Iterable[_Row],
    parse: Callable[[dict[str, Any]], tuple[_T, list[str]]],
    identify: Callable[[_T], str],
) -> Iterator[_T | RowProblem]:
    with FirstLines() as first_lines:
        for found in rows:
            if isinstance(found, RowProblem):
                yield found
                continue
            line, row = found
            try:
                record, losses = parse(row)
            except ValidationError as error:
                yield RowProblem(path, line, _explain(error))
                continue
            except ReferenceInvalid as error:
                yield RowProblem(path, line, f"{error}: row left out", outside=isinstance(error, NoParty))
                continue
            if (first := first_lines.note(identify(record), line)) != line:
                yield RowProblem(path, line, f"{identify(record)!r} was already given on line {first}: row left out")
                continue
            if losses:
                yield RowProblem(path, line, f"{identify(record)!r} is read without {'; '.join(losses)}", kept=True)
            yield record


def _json_rows(path: Path, on_read: _OnRead | None) -> Iterator[_Row]:
    """The rows of a JSON Lines file; blank lines are passed over."""
    for line, raw in read_lines(path, on_read):
        if not raw.strip():
            continue
        try:
            yield line, _load_row(raw)
        except ReferenceInvalid as error:
            yield RowProblem(path, line, f"{error}: row left out")


def _load_row(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_ROW_BYTES:
        raise ReferenceInvalid(f"it is longer than {MAX_ROW_BYTES:,} bytes")
    if b"\\u0000" in raw:
        raise ReferenceInvalid("it holds a NUL character, which no database keeps")
    try:
        row = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ReferenceInvalid(f"it is not UTF-8 (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise ReferenceInvalid(f"it is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise ReferenceInvalid("it is not a JSON object")
    return row


def _parse_profile(row: dict[str, Any]) -> tuple[Profile, list[str]]:
    if "schema" in row and "properties" in row:
        return profile_from_entity(row)
    losses: list[str] = []
    codes = {name: _normal_codes(row[name], losses) for name in ("nationalities", "countries") if name in row}
    return Profile.model_validate({**row, **codes}), losses


def _parse_precedent(row: dict[str, Any]) -> tuple[Precedent, list[str]]:
    row = {**row, "imported": True}
    losses: list[str] = []
    if "disposition" in row:
        row["outcome"] = _outcome(row.pop("disposition"), row.get("outcome"))
    if row.get("jurisdiction") is not None:
        row["jurisdiction"] = next(iter(_normal_codes([row["jurisdiction"]], losses)), None)
    precedent = Precedent.model_validate(row)
    if same_person_name(precedent.decided_by, precedent.approved_by):
        raise ReferenceInvalid(
            f"precedent {precedent.precedent_id!r} needs two people: decided and approved by {precedent.decided_by!r}"
        )
    if without_outcome(precedent.summary).split() != precedent.summary.split():
        losses.append("embedding the sentences of its summary that say how the alert ended")
    return precedent, losses


def _outcome(disposition: Any, outcome: object) -> str:
    """The outcome that a disposition stands for; raises ReferenceInvalid where it is none or contradicts the row."""
    try:
        implied = PRECEDENT_OUTCOMES[Disposition(disposition)]
    except (ValueError, KeyError) as error:
        raise ReferenceInvalid(f"disposition {str(disposition)[:40]!r} does not make a precedent") from error
    if outcome not in (None, implied.value):
        raise ReferenceInvalid(f"outcome {str(outcome)[:40]!r} contradicts disposition {disposition!r}")
    return implied.value


def _normal_codes(given: object, losses: list[str]) -> Any:
    """Country codes in capitals without unknown ones; what is no list of strings is left to pydantic to refuse."""
    if not isinstance(given, list) or not all(isinstance(code, str) for code in given):
        return given
    known = {code: country_code(code) for code in given}
    losses.extend(f"country {code[:40]!r} is not in ISO 3166-1" for code, normal in known.items() if normal is None)
    return list(dict.fromkeys(normal for normal in known.values() if normal))


def _explain(error: ValidationError) -> str:
    """A validation error as one sentence: which fields, what is wrong."""
    parts = [f"{'.'.join(map(str, fault['loc'])) or 'row'}: {fault['msg'].lower()}" for fault in error.errors()[:4]]
    return f"{'; '.join(parts)}: row left out"
