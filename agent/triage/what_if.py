"""What another policy would have made of the records that are stored, without a model call.

A record keeps what the policy was applied to (grounded summary, grounding, drafter, the day it was judged from) but not
the reading, so the stored article is read again, which gives the same reading as long as the reader is the same. That
is checked: a record whose recommendation, omissions, marks, language or subject do not come out as stored was made by
another reader or other rules. It is named, and both policies are then applied to today's reading of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Protocol

from agent.domain.alert import Alert
from agent.domain.fingerprint import alert_fingerprint
from agent.domain.reading import Reading
from agent.domain.record import Omission, Recommendation, TriageRecord
from agent.domain.taxonomy import Disposition, RecommendationValue
from agent.triage.omissions import find_omissions
from agent.triage.past_decision import find_standing
from agent.triage.pipeline import ArticleReader
from agent.triage.policy import Policy
from agent.triage.recommend import recommend
from agent.triage.summary_merge import INCOMPLETE

if TYPE_CHECKING:
    from agent.store.alerts import AlertLine
    from agent.store.decisions import DecisionLine

CLOSES: Final = frozenset({RecommendationValue.CLOSE_NOT_MATERIAL, RecommendationValue.CLOSE_FALSE_POSITIVE})
"""Recommendations under which nobody would look at the alert again."""
HARMLESS: Final = frozenset({Disposition.FALSE_POSITIVE, Disposition.NOT_ADVERSE, Disposition.TRUE_MATCH_NOT_MATERIAL})
"""Decisions under which an escalation was work for nothing."""

_PAGE: Final = 500
_ERASED: Final = "erased"
_OTHER_NAME: Final = re.compile(r"The alert's subject stands in the article as “(.+)”\.")
"""The pipeline's note on a second reading, by the name found in the article."""


class RecordStore(Protocol):
    """Where alerts, records and decisions are kept; ``agent.store.store.Store`` is one."""

    def list_alerts(self, limit: int = 100, offset: int = 0) -> tuple[AlertLine, ...]:
        """Alerts with state and latest recommendation, in the order they first came."""

    def load_alert(self, alert_id: str, /) -> Alert:
        """An alert's current text; raises StoreError."""

    def latest_record(self, alert_id: str, /) -> TriageRecord | None:
        """An alert's newest record; raises StoreError."""

    def iter_standing_decisions(self) -> Iterator[DecisionLine]:
        """The decisions on every alert's current text, alert by alert and in order."""


class Basis(StrEnum):
    """What the recommendation before the change is."""

    STORED = "stored"
    """The stored one, which the current policy reproduces."""
    READER_CHANGED = "reader_changed"
    """Computed anew: reader or rules have changed since, so that the stored one no longer comes out."""
    OTHER_POLICY = "other_policy"
    """Computed anew: the record was made under another policy than the current one."""


@dataclass(frozen=True, slots=True)
class Reapplied:
    """One record under the current policy and under the other one."""

    alert_id: str
    stored: Recommendation
    before: Recommendation
    after: Recommendation
    basis: Basis
    changed_parts: tuple[str, ...] = ()
    """What does not come out as stored: ``language``, ``subject``, ``marks``, ``omissions``, ``recommendation``."""
    decided: Disposition | None = None
    """What two people decided on this text, where they have."""

    @property
    def moves(self) -> bool:
        """Whether the recommendation itself changes, and not only its reasons."""
        return self.before.value is not self.after.value


@dataclass(frozen=True, slots=True)
class Faring:
    """How one policy's recommendations stand to what two people decided."""

    material: int
    missed: tuple[str, ...]
    """Alerts decided as material that it would close."""
    harmless: int
    needless: tuple[str, ...]
    """Alerts decided as harmless that it would escalate."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """All records under both policies, in the order their alerts came, and what could not be computed."""

    current: Policy
    other: Policy
    records: tuple[Reapplied, ...]
    erased: tuple[str, ...]
    """Alerts with a record whose texts were erased, of whatever date."""
    outdated: tuple[str, ...]
    """Alerts whose newest record was made from an older text than the one that stands now."""

    @property
    def changes(self) -> tuple[Reapplied, ...]:
        """The records whose recommendation changes."""
        return tuple(record for record in self.records if record.moves)

    @property
    def other_reasons(self) -> tuple[Reapplied, ...]:
        """The records that keep their recommendation for other reasons."""
        return tuple(one for one in self.records if not one.moves and one.before.reasons != one.after.reasons)

    def count_moves(self) -> Mapping[tuple[RecommendationValue, RecommendationValue], int]:
        """(before, after) → records, the most frequent first."""
        return dict(Counter((one.before.value, one.after.value) for one in self.changes).most_common())

    def on(self, basis: Basis) -> tuple[Reapplied, ...]:
        """The records whose recommendation before the change is of this basis."""
        return tuple(record for record in self.records if record.basis is basis)

    def fare(self, *, after: bool) -> Faring:
        """How the recommendations of one policy stand to the decisions of two people."""
        said = [(one, one.after if after else one.before) for one in self.records]
        material = [pair for pair in said if pair[0].decided is Disposition.TRUE_MATCH_MATERIAL]
        harmless = [pair for pair in said if pair[0].decided in HARMLESS]
        return Faring(
            material=len(material),
            missed=tuple(one.alert_id for one, told in material if told.value in CLOSES),
            harmless=len(harmless),
            needless=tuple(one.alert_id for one, told in harmless if told.value is RecommendationValue.ESCALATE),
        )


def reapply_policy(
    store: RecordStore,
    reader: ArticleReader,
    current: Policy,
    other: Policy,
    *,
    since: date | None = None,
    on_read: Callable[[int], None] | None = None,
) -> WhatIf:
    """Apply both policies to every alert's newest record of its current text.

    ``since`` leaves out records finished before that day (UTC); ``on_read`` hears how many alerts were gone through.
    Raises StoreError.
    """
    decided = dict(_decided(store))
    records: list[Reapplied] = []
    erased: list[str] = []
    outdated: list[str] = []
    for number, line in enumerate(_triaged_alerts(store), start=1):
        if line.state == _ERASED:
            erased.append(line.alert_id)
        else:
            record = store.latest_record(line.alert_id)
            alert = store.load_alert(line.alert_id)
            if record is None or record.provenance.alert_fingerprint != alert_fingerprint(alert):
                outdated.append(line.alert_id)
            elif since is None or record.provenance.finished_at.date() >= since:
                records.append(
                    reapply_to_record(record, alert, reader, current, other, decided=decided.get(line.alert_id))
                )
        if on_read is not None:
            on_read(number)
    return WhatIf(current, other, tuple(records), tuple(erased), tuple(outdated))


def reapply_to_record(
    record: TriageRecord,
    alert: Alert,
    reader: ArticleReader,
    current: Policy,
    other: Policy,
    *,
    decided: Disposition | None = None,
) -> Reapplied:
    """One record under both policies. ``alert`` is the text the record was made from."""
    reading = _read_again(record, alert, reader)
    omissions = find_omissions(record.summary, reading, alert.article)

    def apply(policy: Policy) -> Recommendation:
        return _recommend_again(record, alert, reading, omissions, policy)

    before, after = apply(current), apply(other)
    same_policy = record.provenance.policy_hash == current.hash
    changed = tuple(_find_changes(record, reading, omissions, before if same_policy else None))
    basis = Basis.READER_CHANGED if changed else Basis.STORED if same_policy else Basis.OTHER_POLICY
    return Reapplied(record.alert_id, record.recommendation, before, after, basis, changed, decided)


def find_policy_changes(current: Policy, other: Policy) -> Iterator[tuple[str, Any, Any]]:
    """What two policies say otherwise: the value's place (``severity.fraud``), and both values."""
    first, second = current.model_dump(mode="json"), other.model_dump(mode="json")
    for name, value in first.items():
        if isinstance(value, dict):
            rows = ((f"{name}.{key}", one, second[name].get(key)) for key, one in value.items())
            yield from (row for row in rows if row[1] != row[2])
        elif value != second[name]:
            yield name, value, second[name]


def _triaged_alerts(store: RecordStore) -> Iterator[AlertLine]:
    """The alerts whose current text has a record; the record itself may be erased."""
    offset = 0
    while lines := store.list_alerts(_PAGE, offset):
        yield from (line for line in lines if line.recommendation is not None)
        offset += len(lines)


def _decided(store: RecordStore) -> Iterator[tuple[str, Disposition]]:
    for alert_id, lines in groupby(store.iter_standing_decisions(), key=lambda line: line.alert_id):
        standing = find_standing(list(lines))
        if standing is not None:
            yield alert_id, standing.disposition


def _read_again(record: TriageRecord, alert: Alert, reader: ArticleReader) -> Reading:
    """The reading the record was made from; by the name that stood in the article where the record notes another."""
    bearer = next((match[1] for note in record.notes if (match := _OTHER_NAME.fullmatch(note))), None)
    subject = alert.subject
    if subject is not None and bearer is not None:
        subject = subject.model_copy(update={"aliases": (*subject.aliases, bearer)})
    return reader.read(alert.article, subject)


def _recommend_again(
    record: TriageRecord, alert: Alert, reading: Reading, omissions: tuple[Omission, ...], policy: Policy
) -> Recommendation:
    if any(note.startswith(INCOMPLETE) for note in record.notes):
        reading = reading.model_copy(update={"complete": False})
    moment = alert.received_at or record.provenance.started_at
    return recommend(record.summary, record.grounding, omissions, reading, record.drafter, moment.date(), policy)


def _find_changes(
    record: TriageRecord, reading: Reading, omissions: tuple[Omission, ...], again: Recommendation | None
) -> Iterator[str]:
    """What does not come out as stored; ``again`` is None where the policy of the record is not at hand."""
    if reading.language != record.provenance.language:
        yield "language"
    if reading.subject_basis != record.provenance.subject_basis:
        yield "subject"
    if reading.marks != record.marks:
        yield "marks"
    if omissions != record.omissions:
        yield "omissions"
    if again is not None and again != record.recommendation:
        yield "recommendation"
