"""Decided alerts in a real store, as a desk leaves them. All people and firms are invented."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from agent.domain.alert import Alert
from agent.domain.record import Approval, Decision, Recommendation, TriageRecord
from agent.domain.taxonomy import Disposition, RecommendationValue
from agent.intake.payload import read_alert_payload
from agent.store.store import Store
from evals.cases.desk.from_decisions import DraftCase, Refusal, Selection, draft_cases
from tests.spine.parts import make_pipeline, reader

SECRET = b"a secret of these tests"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXT = (
    "LISBON – A Lisbon court on Monday convicted the broker Ilda Moravec of fraud and sentenced her to five years.\n\n"
    "Moravec, 52, born on 3 March 1973, ran Tarvesk Trading Ltd with her brother, Jan Moravec. Moravec's lawyer, Inês "
    "Valdegrave, said she denied the charges. Questions go to ilda@tarvesk.com or +351 912 345 678.\n"
)
SUBJECT = {
    "name": "Ilda Moravec",
    "kind": "person",
    "aliases": ["I. Moravec"],
    "birth_date": "1973-03-03",
    "nationalities": ["PT"],
    "employer": "Tarvesk Trading Ltd",
    "identifiers": {"passport": "P 88 12345"},
}


def make_alert(alert_id: str = "A-1", subject: dict[str, Any] | None = SUBJECT, **article: Any) -> Alert:
    payload = {
        "alert_id": alert_id,
        "subject": subject,
        "article": {"text": TEXT, "title": "Broker Moravec convicted", "published_at": "2026-03-02", **article},
        "received_at": "2026-03-02T09:00:00Z",
    }
    return read_alert_payload(payload, "test")


def triage(alert: Alert) -> TriageRecord:
    outcome = asyncio.run(make_pipeline().triage(alert))
    assert isinstance(outcome, TriageRecord), outcome
    return outcome


def decide(
    store: Store,
    alert: Alert,
    disposition: Disposition = Disposition.FALSE_POSITIVE,
    *,
    recommended: RecommendationValue | None = None,
    approver: str | None = "Piet Halloran",
    reason: str = "other_person",
    number: int = 1,
    **record: Any,
) -> str:
    """Store an alert with its record, a decision on it, and an approval where there is an approver."""
    made = triage(alert).model_copy(update=record)
    if recommended is not None:
        made = made.model_copy(update={"recommendation": Recommendation(value=recommended)})
    store.save_record(made, store.save_alert(alert).revision)
    decision = Decision(
        decision_id=f"D-{alert.alert_id}-{number}",
        alert_id=alert.alert_id,
        author="Rosa Quint",
        disposition=disposition,
        reason_code=reason,
        rationale="Rosa looked at the customer file of Ilda Moravec.",
        decided_at=NOON,
    )
    store.add_decision(decision)
    if approver is not None:
        store.add_approval(Approval(decision=decision, by=approver, approved_at=NOON))
    return decision.decision_id


def draft_all(store: Store, secret: bytes = SECRET, **selection: Any) -> list[DraftCase | Refusal]:
    return list(draft_cases(store, reader(), secret, Selection(**selection)))


def draft_one(store: Store, **selection: Any) -> DraftCase:
    (only,) = draft_all(store, **selection)
    assert isinstance(only, DraftCase), only
    return only
