"""Decisions and approvals: two different people, which the database enforces."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select

from agent.domain.fingerprint import canonical_json
from agent.domain.record import Approval, Decision
from agent.errors import RecordConflict
from agent.store import tables
from agent.store.alerts import AlertState, find_standing, set_state
from agent.store.audit import AuditChain
from agent.store.content import load_content, store_content, utc_now
from agent.store.dialects import add_row, reading, writing


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

    def _stored_body(self, connection: Connection, decision_id: str) -> str | None:
        content_id = connection.scalar(
            select(tables.decisions.c.content_id).where(tables.decisions.c.decision_id == decision_id)
        )
        return load_content(connection, content_id) if content_id else None


def _body(value: Decision | Approval) -> str:
    return canonical_json(value).decode()
