"""Rows of outside data: read, split by hash, drawn, and made into cases. Only ids and counts of them are ever shown."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from agent.errors import ConfigError
from evals.cases.case import Case, Shape, Split
from evals.cases.files import CaseInvalid, read_case
from evals.cases.gold import Truth

SPLITS: Final = (Split.DEV, Split.HOLDOUT)
"""The parts of a set: for tuning, and set aside for figures."""
REFUSED: Final = "refused as an alert"
_DEV_SHARE: Final = 40
_OPENING: Final = 40
"""Words at the start of a text that make two texts copies of each other."""
_LEGAL_FORMS: Final = frozenset(
    "inc ltd llc plc ag sa gmbh co corp company group holding holdings as ab oy bank".split()
)

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]
"""What may be shown of a row: an id or a name of a class, which cannot carry a sentence."""


class OutsideInvalid(ConfigError):
    """Outside data is not there, or a file of it does not have the form that its adapter reads."""


class Row(BaseModel):
    """What every row of a JSONL set has; fields that no adapter reads are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,80}$")]


AnyRow = TypeVar("AnyRow", bound=BaseModel)
RowT = TypeVar("RowT", bound=Row)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Cases made of a set's rows, and how many rows were left out, by the reason."""

    cases: tuple[Case, ...]
    left_out: Mapping[str, int]


def read_rows(path: Path, kind: type[RowT]) -> list[RowT]:
    """The rows of a JSONL file. Raises OutsideInvalid with file, line and field, and nothing of what stands there."""
    return _check_ids(path, [_read_row(line, kind, f"{path.name}, line {number}") for number, line in _lines(path)])


def parse_row(given: object, kind: type[AnyRow], where: str) -> AnyRow:
    """One row. Raises OutsideInvalid, beginning with ``where``."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or "the row"
        raise OutsideInvalid(f"{where}: {field}: {first['msg']}.") from None


def fold(text: str) -> list[str]:
    """Lower-case tokens without accents or punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(mark for mark in plain if not unicodedata.combining(mark)))


def subject_key(name: str) -> str:
    """One key for the spellings of a subject: folded, without legal forms, in sorted order."""
    tokens = fold(name.replace("’s", "").replace("'s", ""))
    return " ".join(sorted(token for token in tokens if token not in _LEGAL_FORMS) or sorted(tokens))


def is_set_aside(key: str) -> bool:
    """Whether a key is set aside for figures, as three in five are; by hash, so that it never moves."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 100 >= _DEV_SHARE


def split_of(key: str) -> Split:
    """The part of a key."""
    return Split.HOLDOUT if is_set_aside(key) else Split.DEV


def draw(rows: Iterable[T], limit: int | None, key: Callable[[T], str]) -> list[T]:
    """All rows, or ``limit`` of them by the hash of their key: the same each time, a smaller draw within a larger."""
    if limit is None:
        return list(rows)
    return sorted(rows, key=lambda row: hashlib.sha256(f"draw {key(row)}".encode()).hexdigest())[:limit]


def part_rows(
    rows: Sequence[RowT], split: Split, key: Callable[[RowT], str], text: Callable[[RowT], str]
) -> tuple[list[RowT], dict[str, int]]:
    """The rows of a part without those whose text opens as one of the other part does, and how many those were."""
    openings = {_opening(text(row)) for row in rows if split_of(key(row)) is not split} - {()}
    mine = [row for row in rows if split_of(key(row)) is split]
    kept = [row for row in mine if _opening(text(row)) not in openings]
    return kept, {"a copy stands in the other part": len(mine) - len(kept)}


def build_drawn(entries: Iterable[Mapping[str, Any]], split: Split, left_out: Mapping[str, int]) -> Drawn:
    """The cases of rows as ``make_entry`` writes them; what intake would refuse is counted."""
    cases, refused = [], 0
    for entry in entries:
        try:
            cases.append(read_case(entry, split, f"row {entry['id']}"))
        except CaseInvalid:
            refused += 1
    return Drawn(tuple(cases), {reason: count for reason, count in {**left_out, REFUSED: refused}.items() if count})


def make_entry(
    row_id: str,
    subject: str,
    article: Mapping[str, str | None],
    gold: Mapping[str, Any],
    *,
    truth: Truth = Truth.OPEN,
    named: Mapping[str, str] | None = None,
    published: str | None = None,
) -> dict[str, Any]:
    """A row as an entry of a case file.

    subject: the cluster. named: the subject as the alert gives it; None for a blank header. The alert is taken to have
    come in on the day the article is from, so that no figure changes as the data grow old.
    """
    given = {name: value for name, value in {**article, "published_at": published}.items() if value}
    received = {"received_at": f"{published}T12:00:00Z"} if published and len(published) == 10 else {}
    return {
        "id": row_id.lower(),
        "shape": Shape.OUTSIDE,
        "subject": subject[:300],
        "truth": truth,
        "note": "A row of outside data.",
        "alert": {"subject": dict(named) if named else None, "article": given, **received},
        "gold": dict(gold),
    }


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as stream:
            yield from ((number, line) for number, line in enumerate(stream, start=1) if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise OutsideInvalid(
            f"{path} cannot be read: {type(error).__name__}. Check the folder given as --data."
        ) from None


def _read_row(line: str, kind: type[RowT], where: str) -> RowT:
    try:
        given = json.loads(line)
    except ValueError:
        raise OutsideInvalid(f"{where}: this is not JSON.") from None
    return parse_row(given, kind, where)


def _check_ids(path: Path, rows: list[RowT]) -> list[RowT]:
    seen: set[str] = set()
    for row in rows:
        if row.id.lower() in seen:
            raise OutsideInvalid(f"{path.name}: row {row.id} stands there twice.")
        seen.add(row.id.lower())
    return rows


def _opening(text: str) -> tuple[str, ...]:
    return tuple(fold(text[:2_000])[:_OPENING])
