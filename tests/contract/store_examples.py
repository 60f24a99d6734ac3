"""Invented alerts, records and decisions for the store's tests."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from agent.domain.alert import Alert, Article, Subject
from agent.domain.fingerprint import alert_fingerprint, content_hash
from agent.domain.record import (
    Approval,
    Decision,
    FailureDetail,
    Grounding,
    Provenance,
    Recommendation,
    TriageFailure,
    TriageRecord,
    Usage,
)
from agent.domain.reference import Precedent, Profile
from agent.domain.summary import Event, Quote, RiskSummary
from agent.domain.taxonomy import Disposition, Offence, PrecedentOutcome, RecommendationValue, Stage

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXT = "A court in Lisbon convicted Ilda Moravec of fraud on Friday.\nHer lawyer said she would appeal."


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def make_alert(alert_id: str = "A-1", text: str = TEXT, name: str | None = "Ilda Moravec") -> Alert:
    return Alert(
        alert_id=alert_id,
        subject=Subject(name=name, birth_date="1970") if name else None,
        article=Article(text=text, title="Court ruling", language="en"),
        received_at=NOON,
        notes=("read as UTF-8",),
    )


def make_record(alert: Alert, model: str | None = None) -> TriageRecord:
    event = Event(
        id="E1",
        offences=(Offence.FRAUD,),
        stage=Stage.CONVICTED,
        in_absentia=False,
        final=False,
        claim="convicted of fraud",
        quotes=(Quote(text=alert.article.text[:20], start=0, end=20),),
    )
    return TriageRecord(
        alert_id=alert.alert_id,
        drafter="llm" if model else "extractive",
        recommendation=Recommendation(value=RecommendationValue.ESCALATE, reasons=("convicted:fraud",)),
        summary=RiskSummary(events=(event,), narrative="The article reports a conviction."),
        grounding=Grounding(quotes=1, found=1),
        provenance=Provenance(
            alert_fingerprint=alert_fingerprint(alert),
            code_version="0.1.0",
            policy_hash=content_hash("policy"),
            dossier_hash=content_hash("dossier"),
            model=model,
            language="en",
            subject_basis="header",
            usage=Usage(input_tokens=10, output_tokens=5, calls=1),
            latency_ms=12,
            started_at=NOON,
            finished_at=NOON,
        ),
        raw_replies=('{"parties": []}', "second — with “quotes”") if model else (),
    )


def make_failure(alert_id: str | None = "A-1", message: str = "The endpoint did not answer.") -> TriageFailure:
    detail = FailureDetail(stage="draft", error="ModelTimeout", message=message, retryable=True)
    return TriageFailure(alert_id=alert_id, failure=detail, source="alerts.jsonl:3")


def make_decision(decision_id: str = "D-1", alert_id: str = "A-1", author: str = "Rosa Quint") -> Decision:
    return Decision(
        decision_id=decision_id,
        alert_id=alert_id,
        author=author,
        disposition=Disposition.TRUE_MATCH_MATERIAL,
        reason_code="convicted",
        rationale="Same birth year and employer; the conviction is recent.",
        decided_at=NOON,
    )


def make_approval(decision: Decision, by: str = "Piet Halloran") -> Approval:
    return Approval(decision=decision, by=by, approved_at=NOON)


def make_profile(number: int, notes: str = "") -> Profile:
    return Profile(profile_id=f"P-{number:05}", name=f"Person Number {number}", notes=notes, source="list")


def make_precedent(number: int, name: str = "Ilda Moravec") -> Precedent:
    return Precedent(
        precedent_id=f"C-{number}",
        alert_id=f"A-{number}",
        subject_name=name,
        summary="A trader was accused of a false invoice scheme.",
        outcome=PrecedentOutcome.MATERIAL,
        reason_code="convicted",
        rationale="Conviction reported by two papers.",
        decided_by="Rosa Quint",
        approved_by="Piet Halloran",
        decided_at=NOON,
    )


def tamper(path: Path, *statements: str | tuple[str, tuple[object, ...]]) -> None:
    """Change the file as somebody who holds it can: no triggers, no foreign keys."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(*((statement,) if isinstance(statement, str) else statement))
