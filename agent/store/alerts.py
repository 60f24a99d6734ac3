"""Alerts and every text they have had."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sqlalchemy import Connection, Engine, select, update

from agent.domain.alert import Alert
from agent.domain.fingerprint import alert_fingerprint
from agent.errors import StoreError
from agent.store import tables
from agent.store.audit import AuditChain
from agent.store.content import alert_key, load_content, store_content, subject_key, utc_now
from agent.store.dialects import add_row, insert_new, reading, writing


class AlertState(StrEnum):
    """How far an alert has come."""

    NEW = "new"
    TRIAGED = "triaged"
    FAILED = "failed"
    DECIDED = "decided"
    """A person decided; a second one has not yet agreed."""
    FINAL = "final"
    REOPENED = "reopened"
    """It was decided, then its text changed: a person must look again."""
    ERASED = "erased"


@dataclass(frozen=True)
class SavedAlert:
    """What became of an alert: the revision that holds its text, and whether that is new."""

    revision: int
    status: Literal["new", "already_there", "new_revision"]
    fingerprint: str


@dataclass(frozen=True)
class AlertLine:
    """An alert in a list; ``recommendation`` is the latest of its current revision."""

    alert_id: str
    revision: int
    state: AlertState
    recommendation: str | None
    received_at: str | None
    added_at: str


_KEPT_BY_RECORD = (AlertState.DECIDED, AlertState.FINAL, AlertState.REOPENED, AlertState.ERASED)
_MOVED_BY_FAILURE = (AlertState.NEW, AlertState.FAILED)


class AlertTable:
    """Alerts in the database."""

    def __init__(self, engine: Engine, audit: AuditChain) -> None:
        self._engine = engine
        self._audit = audit

    def save(self, alert: Alert) -> SavedAlert:
        """Store an alert; the same text under the same id is stored once, another text becomes a new revision.

        An older text that comes again is ``already_there`` and does not displace the newer one.
        """
        fingerprint = alert_fingerprint(alert)
        with writing(self._engine) as connection:
            insert_new(
                connection, tables.alerts, alert_id=alert.alert_id, current_revision=0, state=AlertState.NEW.value
            )
            row = connection.execute(
                select(tables.alerts).where(tables.alerts.c.alert_id == alert.alert_id).with_for_update()
            ).one()
            known = connection.scalar(
                select(tables.alert_revisions.c.revision).where(
                    tables.alert_revisions.c.alert_id == alert.alert_id,
                    tables.alert_revisions.c.fingerprint == fingerprint,
                )
            )
            if known is not None:
                return SavedAlert(known, "already_there", fingerprint)
            revision = row.current_revision + 1
            self._add_revision(connection, alert, revision, fingerprint)
            decided = row.state in (AlertState.DECIDED, AlertState.FINAL, AlertState.REOPENED)
            set_state(connection, alert.alert_id, AlertState.REOPENED if decided else AlertState.NEW, revision)
        return SavedAlert(revision, "new" if revision == 1 else "new_revision", fingerprint)

    def _add_revision(self, connection: Connection, alert: Alert, revision: int, fingerprint: str) -> None:
        sealed = store_content(connection, alert.model_dump_json(), subject_key(alert))
        add_row(
            connection,
            tables.alert_revisions,
            alert_id=alert.alert_id,
            revision=revision,
            fingerprint=fingerprint,
            content_id=sealed.content_id,
            received_at=alert.received_at.isoformat() if alert.received_at else None,
            due_at=alert.due_at.isoformat() if alert.due_at else None,
            added_at=utc_now(),
        )
        self._audit.append(connection, "intake", "alert.saved", f"{alert.alert_id}#{revision}", sealed)

    def load(self, alert_id: str, revision: int | None = None) -> Alert:
        """The alert as it was stored, the current revision unless another is named.

        Raises StoreError when there is no such alert or revision, or when its text was erased.
        """
        revisions = tables.alert_revisions.c
        query = select(revisions.revision, revisions.content_id).where(revisions.alert_id == alert_id)
        if revision is None:
            query = query.join(tables.alerts, tables.alerts.c.alert_id == revisions.alert_id).where(
                revisions.revision == tables.alerts.c.current_revision
            )
        else:
            query = query.where(revisions.revision == revision)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                wanted = f"alert {alert_id!r}" + (f" revision {revision}" if revision is not None else "")
                raise StoreError(f"{wanted} is not stored; draft or import it first")
            body = load_content(connection, row.content_id)
        if body is None:
            raise StoreError(f"the text of alert {alert_id!r} revision {row.revision} was erased; only its ids remain")
        return Alert.model_validate_json(body)

    def list(self, limit: int = 100, offset: int = 0) -> tuple[AlertLine, ...]:
        """Alerts in the order they first came."""
        alerts, revisions, records = tables.alerts.c, tables.alert_revisions.c, tables.records
        latest = (
            select(records.c.recommendation)
            .where(records.c.alert_id == alerts.alert_id, records.c.revision == alerts.current_revision)
            .order_by(records.c.seq.desc())
            .limit(1)
            .correlate(tables.alerts)
            .scalar_subquery()
        )
        query = (
            select(alerts.alert_id, alerts.current_revision, alerts.state, latest.label("recommendation"))
            .add_columns(revisions.received_at, revisions.added_at)
            .join(
                tables.alert_revisions,
                (revisions.alert_id == alerts.alert_id) & (revisions.revision == alerts.current_revision),
            )
            .order_by(alerts.seq)
            .limit(limit)
            .offset(offset)
        )
        with reading(self._engine) as connection:
            return tuple(
                AlertLine(
                    row.alert_id,
                    row.current_revision,
                    AlertState(row.state),
                    row.recommendation,
                    row.received_at,
                    row.added_at,
                )
                for row in connection.execute(query)
            )


def set_state(connection: Connection, alert_id: str, state: AlertState, revision: int | None = None) -> None:
    """Move an alert to a state, and to a revision when one is given."""
    changes = {"state": state.value} | ({"current_revision": revision} if revision is not None else {})
    connection.execute(update(tables.alerts).where(tables.alerts.c.alert_id == alert_id).values(**changes))


def note_record(connection: Connection, alert_id: str) -> None:
    """A record was saved: the alert is triaged, unless a person's decision stands or is to be reviewed."""
    connection.execute(
        update(tables.alerts)
        .where(tables.alerts.c.alert_id == alert_id, tables.alerts.c.state.not_in(_KEPT_BY_RECORD))
        .values(state=AlertState.TRIAGED.value)
    )


def note_failure(connection: Connection, alert_id: str) -> None:
    """Triage failed: the alert is marked so, unless something better stands."""
    connection.execute(
        update(tables.alerts)
        .where(tables.alerts.c.alert_id == alert_id, tables.alerts.c.state.in_(_MOVED_BY_FAILURE))
        .values(state=AlertState.FAILED.value)
    )


@dataclass(frozen=True)
class Standing:
    """Where a stored alert stands, as whoever adds to it must know."""

    revision: int
    current: bool
    """Whether that revision is the alert's newest."""
    state: AlertState
    fingerprint: str
    erasure_key: str
    """The key under which texts about the alert belong."""


def find_standing(connection: Connection, alert_id: str, revision: int | None = None) -> Standing | None:
    """One revision of an alert, the current one unless another is named, held until the transaction ends.

    None when it is not stored.
    """
    alerts, revisions = tables.alerts.c, tables.alert_revisions.c
    row = connection.execute(
        select(revisions.revision, revisions.fingerprint, alerts.state, alerts.current_revision)
        .add_columns(tables.content.c.subject_key)
        .select_from(
            tables.alerts.join(tables.alert_revisions, revisions.alert_id == alerts.alert_id).outerjoin(
                tables.content, tables.content.c.content_id == revisions.content_id
            )
        )
        .where(
            alerts.alert_id == alert_id,
            revisions.revision == (alerts.current_revision if revision is None else revision),
        )
        .with_for_update(of=tables.alerts)
    ).one_or_none()
    if row is None:
        return None
    return Standing(
        revision=row.revision,
        current=row.revision == row.current_revision,
        state=AlertState(row.state),
        fingerprint=row.fingerprint,
        erasure_key=row.subject_key or alert_key(alert_id),
    )
