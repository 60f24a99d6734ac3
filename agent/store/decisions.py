"""Decisions and approvals: two different people, which the database enforces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, and_, or_, select

from agent.domain.alert import Alert
from agent.domain.fingerprint import canonical_json
from agent.domain.record import Approval, Decision, TriageRecord
from agent.domain.taxonomy import Disposition
from agent.errors import RecordConflict
from agent.store import tables
from agent.store.alerts import AlertState, find_standing, set_state
from agent.store.audit import AuditChain
from agent.store.content import load_content, store_content, utc_now
from agent.store.dialects import add_row, reading, writing
from agent.store.records import RecordTable

_PAGE = 500


@dataclass(frozen=True)
class DecisionLine:
    """A decision in a list."""

    decision_id: str
    alert_id: str
    disposition: Disposition
    approved: bool


@dataclass(frozen=True)
class FinalDecision:
    """A decision that two people made, the text it is about, and the record its author had before them."""

    alert: Alert
    record: TriageRecord
    decision: Decision
    approval: Approval


class DecisionTable:
    """What people decided, in the database."""

    def __init__(self, engine: Engine, audit: AuditChain) -> None:
        self._engine = engine
        self._audit = audit

    def add(self, decision: Decision) -> None:
        """Append a decision on the alert's current revision; the same one again changes nothing.

        Raises RecordConflict when the alert is not stored, or the id already stands for another decision.
        """
        with writing(self._engine) as connection:
            standing = find_standing(connection, decision.alert_id)
            if standing is None or standing.state is AlertState.ERASED:
                why = "was erased" if standing else "is not stored"
                raise RecordConflict(f"alert {decision.alert_id!r} {why}, so it cannot be decided")
            stored = self._stored_body(connection, decision.decision_id)
            if stored is not None:
                if stored != _body(decision):
                    raise RecordConflict(f"decision {decision.decision_id!r} already stands, with other content")
                return
            sealed = store_content(connection, _body(decision), standing.erasure_key)
            add_row(
                connection,
                tables.decisions,
                decision_id=decision.decision_id,
                alert_id=decision.alert_id,
                revision=standing.revision,
                author=decision.author,
                disposition=decision.disposition.value,
                reason_code=decision.reason_code,
                content_id=sealed.content_id,
                decided_at=decision.decided_at.isoformat(),
                added_at=utc_now(),
            )
            set_state(connection, decision.alert_id, AlertState.DECIDED)
            self._audit.append(connection, decision.author, "decision.added", decision.decision_id, sealed)

    def approve(self, approval: Approval) -> None:
        """Append a second person's agreement, which makes the decision final; the same one again changes nothing.

        Raises RecordConflict when the decision is not stored as given, was approved by somebody else, no longer
        concerns the alert's current text, or author and approver are one person.
        """
        decision = approval.decision
        with writing(self._engine) as connection:
            if self._stored_body(connection, decision.decision_id) != _body(decision):
                raise RecordConflict(f"decision {decision.decision_id!r} is not stored as it was approved")
            decided = connection.execute(
                select(tables.decisions.c.revision, tables.approvals.c.approver)
                .outerjoin(tables.approvals, tables.approvals.c.decision_id == tables.decisions.c.decision_id)
                .where(tables.decisions.c.decision_id == decision.decision_id)
            ).one()
            if decided.approver == approval.by:
                return
            if decided.approver is not None:
                raise RecordConflict(f"decision {decision.decision_id!r} was already approved by {decided.approver!r}")
            standing = find_standing(connection, decision.alert_id, decided.revision)
            if standing is None or not standing.current:
                raise RecordConflict(
                    f"alert {decision.alert_id!r} has a new text since decision {decision.decision_id!r}; decide again"
                )
            sealed = store_content(connection, _body(approval), standing.erasure_key)
            add_row(
                connection,
                tables.approvals,
                decision_id=decision.decision_id,
                author=decision.author,
                approver=approval.by,
                content_id=sealed.content_id,
                approved_at=approval.approved_at.isoformat(),
                added_at=utc_now(),
            )
            set_state(connection, decision.alert_id, AlertState.FINAL)
            self._audit.append(connection, approval.by, "approval.added", decision.decision_id, sealed)

    def of_alert(self, alert_id: str) -> tuple[tuple[Decision, Approval | None], ...]:
        """An alert's decisions in order, each with its approval if it has one; erased ones are left out."""
        decisions, approvals = tables.decisions.c, tables.approvals.c
        query = (
            select(decisions.content_id, approvals.content_id)
            .outerjoin(tables.approvals, approvals.decision_id == decisions.decision_id)
            .where(decisions.alert_id == alert_id)
            .order_by(decisions.seq)
        )
        found: list[tuple[Decision, Approval | None]] = []
        with reading(self._engine) as connection:
            for decided, approved in connection.execute(query).all():
                body = load_content(connection, decided)
                agreement = load_content(connection, approved) if approved else None
                if body is not None:
                    approval = Approval.model_validate_json(agreement) if agreement else None
                    found.append((Decision.model_validate_json(body), approval))
        return tuple(found)

    def iter_standing(self) -> Iterator[DecisionLine]:
        """The decisions on every alert's current text, alert by alert and in order; erased alerts are left out.

        Read in pages so that a slow reader holds no transaction open.
        """
        alerts, decisions = tables.alerts.c, tables.decisions.c
        query = (
            select(alerts.seq, decisions.seq, decisions.decision_id, decisions.alert_id, decisions.disposition)
            .add_columns(tables.approvals.c.approver)
            .join(tables.alerts, alerts.alert_id == decisions.alert_id)
            .outerjoin(tables.approvals, tables.approvals.c.decision_id == decisions.decision_id)
            .where(decisions.revision == alerts.current_revision, alerts.state != AlertState.ERASED.value)
            .order_by(alerts.seq, decisions.seq)
            .limit(_PAGE)
        )
        alert, decision = 0, 0
        while True:
            after = or_(alerts.seq > alert, and_(alerts.seq == alert, decisions.seq > decision))
            with reading(self._engine) as connection:
                rows = connection.execute(query.where(after)).all()
            for row in rows:
                yield DecisionLine(row[2], row[3], Disposition(row[4]), row[5] is not None)
            if len(rows) < _PAGE:
                return
            alert, decision = rows[-1][0], rows[-1][1]

    def load_final(self, decision_id: str) -> FinalDecision | None:
        """A decision with its approval, its text and the newest record of that text from before it was decided.

        None when it is not approved, was made without a record, or was erased.
        """
        decisions, records = tables.decisions.c, tables.records.c
        query = (
            select(tables.alert_revisions.c.content_id, decisions.content_id, tables.approvals.c.content_id)
            .add_columns(decisions.alert_id, decisions.revision, decisions.added_at)
            .join(tables.approvals, tables.approvals.c.decision_id == decisions.decision_id)
            .join(
                tables.alert_revisions,
                (tables.alert_revisions.c.alert_id == decisions.alert_id)
                & (tables.alert_revisions.c.revision == decisions.revision),
            )
            .where(decisions.decision_id == decision_id)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            seen = connection.execute(
                select(records.record_id, records.content_id)
                .where(
                    records.alert_id == row.alert_id,
                    records.revision == row.revision,
                    records.created_at <= row.added_at,
                )
                .order_by(records.seq.desc())
                .limit(1)
            ).one_or_none()
            if seen is None or load_content(connection, seen.content_id) is None:
                return None
            alert, decision, approval = (load_content(connection, content_id) for content_id in row[:3])
        if alert is None or decision is None or approval is None:
            return None
        return FinalDecision(
            alert=Alert.model_validate_json(alert),
            record=RecordTable(self._engine, self._audit).load(seen.record_id),
            decision=Decision.model_validate_json(decision),
            approval=Approval.model_validate_json(approval),
        )

    def _stored_body(self, connection: Connection, decision_id: str) -> str | None:
        content_id = connection.scalar(
            select(tables.decisions.c.content_id).where(tables.decisions.c.decision_id == decision_id)
        )
        return load_content(connection, content_id) if content_id else None


def _body(value: Decision | Approval) -> str:
    return canonical_json(value).decode()
