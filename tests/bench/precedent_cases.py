"""News articles as past decisions and as new cases, read by the product's own reader.

Adverse stands for material, the other label for not material; deciders and dates are invented, dates in the order of
publication. Queries are articles whose label a second person checked, about subjects that no precedent is about.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agent.domain.alert import Alert, Article, Subject
from agent.domain.reading import Reading
from agent.domain.reference import Precedent, PrecedentQuery
from agent.domain.taxonomy import FATF_CATEGORIES, PrecedentOutcome
from agent.reading.reader import Reader
from agent.triage.dossier import describe_case
from tests.bench.figures import load_rows, split_of, subject_key

MATERIAL, NOT_MATERIAL = PrecedentOutcome.MATERIAL, PrecedentOutcome.NOT_MATERIAL
NOW: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""When every query is asked; every precedent was decided before."""
_FIRST_DAY: Final = datetime(2015, 1, 1, tzinfo=UTC)
_SCORED: Final = frozenset({"clean_train", "public_test"})
_QUERY_SHARE: Final = 30
_WRONGS: Final = {
    "fraud": "fraud|scam|ponzi|embezzl", "corruption": "corrupt|brib", "laundering": "launder", "tax": r"\btax",
    "sanctions": "sanction", "drugs": "drug|narcotic|cocaine", "terror": "terror", "theft": "theft|robber|stole",
    "markets": "insider|securities|market manip", "violence": "murder|kill|rape|sexual|violence",
    "gangs": "mafia|cartel|gang|organi[sz]ed", "smuggling": "smuggl", "people": "human traff|slavery",
}  # fmt: skip
"""A wrong → how the assessors write it."""


@dataclass(frozen=True)
class Case:
    """An article, what it is about, and how it would have been decided."""

    precedent: Precedent
    query: PrecedentQuery
    subject: str
    wrongs: frozenset[str]

    @property
    def id(self) -> str:
        return self.precedent.precedent_id

    @cached_property
    def categories(self) -> frozenset[object]:
        """FATF categories of its offences; an offence without one stands for itself."""
        return frozenset(one for offence in self.query.offences for one in FATF_CATEGORIES[offence] or (offence,))


class ReadingCache:
    """Readings by what was read and by whom, kept in a file of this user's temporary folder."""

    def __init__(self) -> None:
        self._path = Path(tempfile.gettempdir()) / "triage-bench-readings.jsonl"
        self._path.touch(mode=0o600)
        sources = sorted(path for path in Path("agent/reading").rglob("*") if path.suffix in {".py", ".yaml"})
        self._reader_hash = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
        lines = (json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines())
        self._known: dict[str, Any] = {line["key"]: line["reading"] for line in lines}
        self._reader = Reader()

    def read(self, alert: Alert) -> Reading:
        asked = [self._reader_hash, alert.article.title, alert.article.text, alert.subject and alert.subject.name]
        key = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        if key not in self._known:
            reading = self._reader.read(alert.article, alert.subject)
            self._known[key] = reading.model_dump(mode="json")
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "reading": self._known[key]}) + "\n")
        return Reading.model_validate(self._known[key])


def make_case(row: Mapping[str, Any], day: int, cache: ReadingCache) -> Case | None:
    """One row as a case decided on a day; None when the reader cannot read it."""
    name = (row["entity_name"] or "").strip()[:300] or None
    subject = Subject(name=name) if name else None
    alert = Alert(alert_id=row["id"], subject=subject, article=Article(text=row["text"], title=row["title"] or None))
    query = describe_case(alert, cache.read(alert), NOW)
    if query is None or not query.text:
        return None
    precedent = Precedent(
        precedent_id=f"D-{row['id']}", alert_id=row["id"], subject_name=query.subject_name or "Unnamed party",
        offences=query.offences, stages=query.stages, role=query.role, jurisdiction=query.jurisdiction,
        source_kind=query.source_kind, summary=query.text, reason_code="label", rationale="As labelled.",
        outcome=MATERIAL if row["label"] == "adverse" else NOT_MATERIAL,
        decided_by="Ada First", approved_by="Ben Second", decided_at=_FIRST_DAY + timedelta(days=day),
    )  # fmt: skip
    said = (row["explanation"] or "").lower() if row["label"] == "adverse" else ""
    wrongs = frozenset(wrong for wrong, words in _WRONGS.items() if re.search(words, said))
    key = subject_key(name) if name else row["id"]
    return Case(precedent, query, key, wrongs)


def load_cases(folder: Path, split: str, precedents: int | None, queries: int | None) -> tuple[list[Case], list[Case]]:
    """Precedents and queries; no subject, as named by the alert or as read, is on both sides."""
    rows = [
        row for row in load_rows(folder / "adverse_media_articles.jsonl") if row["label"] in {"adverse", "non_adverse"}
    ]
    rows.sort(key=lambda row: (row["published"] or "", row["id"]))
    keys = [subject_key(row["entity_name"].strip()) if row["entity_name"] else row["id"] for row in rows]
    asked = {key for key in keys if _percent("query", key) < _QUERY_SHARE}
    numbered = list(enumerate(zip(rows, keys, strict=True)))
    there = [(day, row) for day, (row, key) in numbered if key not in asked]
    here = [
        (day, row)
        for day, (row, key) in numbered
        if key in asked and row["label_basis"] in _SCORED and split_of(key) == split
    ]
    cache = ReadingCache()
    found = [
        [case for day, row in _draw(side, number) if (case := make_case(row, day, cache))]
        for side, number in ((there, precedents), (here, queries))
    ]
    names = {subject_key(one.query.subject_name) for one in found[1] if one.query.subject_name}
    return [one for one in found[0] if subject_key(one.precedent.subject_name) not in names], found[1]


def _percent(purpose: str, key: str) -> int:
    return int(hashlib.sha256(f"{purpose}:{key}".encode()).hexdigest(), 16) % 100


def _draw(rows: list[tuple[int, Any]], number: int | None) -> list[tuple[int, Any]]:
    """All, or those whose hash is lowest: the same rows whatever else is drawn."""
    by_hash = sorted(rows, key=lambda row: hashlib.sha256(row[1]["id"].encode()).hexdigest())
    return sorted(by_hash[:number], key=lambda row: row[0])
