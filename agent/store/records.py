"""Triage records and failures: what the machine made of an alert, appended and never changed."""

from __future__ import annotations

import json
from uuid import uuid4

from sqlalchemy import ColumnElement, Engine, select

from agent.domain.record import TriageFailure, TriageRecord
from agent.errors import RecordConflict, StoreError
from agent.store import tables
from agent.store.alerts import AlertState, find_standing, note_failure, note_record
from agent.store.audit import AuditChain
from agent.store.content import UNOWNED, alert_key, load_content, store_content, utc_now
from agent.store.dialects import add_row, reading, writing


class RecordTable:
    """Triage records in the database."""

    def __init__(self, engine: Engine, audit: AuditChain) -> None:
        self._engine = engine
        self._audit = audit

    def save(self, record: TriageRecord, revision: int) -> str:
        """Append a record for one revision of its alert, raw replies included, and return the record's id.

        Raises RecordConflict when that revision is not stored or the record was made from another text.
        """
        provenance = record.provenance
        record_id = uuid4().hex
        body = f'{{"record":{record.model_dump_json()},"raw_replies":{json.dumps(record.raw_replies)}}}'
        with writing(self._engine) as connection:
            standing = find_standing(connection, record.alert_id, revision)
            if standing is None or standing.fingerprint != provenance.alert_fingerprint:
                why = "has another text than the record was made from" if standing else "is not stored"
                raise RecordConflict(f"alert {record.alert_id!r} revision {revision} {why}; save the alert first")
            if standing.state is AlertState.ERASED:
                raise RecordConflict(f"alert {record.alert_id!r} was erased; no record of it is kept")
            sealed = store_content(connection, body, standing.erasure_key)
            add_row(
                connection,
                tables.records,
                record_id=record_id,
                alert_id=record.alert_id,
                revision=revision,
                drafter=record.drafter,
                prompt=provenance.prompt,
                model=provenance.model,
                policy_hash=provenance.policy_hash,
                dossier_hash=provenance.dossier_hash,
                recommendation=record.recommendation.value.value,
                content_id=sealed.content_id,
                created_at=utc_now(),
            )
            note_record(connection, record.alert_id)
            self._audit.append(connection, "triage", "record.saved", record_id, sealed)
        return record_id

    def latest(self, alert_id: str) -> TriageRecord | None:
        """The newest record of an alert, of whichever revision, or None. Raises StoreError when it was erased."""
        return self._load(tables.records.c.alert_id == alert_id, f"alert {alert_id!r}")

    def load(self, record_id: str) -> TriageRecord:
        """A record by its id. Raises StoreError when there is none or its text was erased."""
        record = self._load(tables.records.c.record_id == record_id, f"record {record_id!r}")
        if record is None:
            raise StoreError(f"record {record_id!r} is not stored")
        return record

    def _load(self, where: ColumnElement[bool], whose: str) -> TriageRecord | None:
        query = select(tables.records.c.content_id).where(where).order_by(tables.records.c.seq.desc()).limit(1)
        with reading(self._engine) as connection:
            content_id = connection.scalar(query)
            if content_id is None:
                return None
            body = load_content(connection, content_id)
        if body is None:
            raise StoreError(f"the record of {whose} was erased; only its ids remain")
        parsed = json.loads(body)
        return TriageRecord.model_validate_json(json.dumps(parsed["record"] | {"raw_replies": parsed["raw_replies"]}))


class FailureTable:
    """Alerts that could not be triaged, with the reason."""

    def __init__(self, engine: Engine, audit: AuditChain) -> None:
        self._engine = engine
        self._audit = audit

    def save(self, failure: TriageFailure) -> str:
        """Append a failure and return its id; the alert may be unknown or unnamed."""
        failure_id = uuid4().hex
        with writing(self._engine) as connection:
            standing = find_standing(connection, failure.alert_id) if failure.alert_id else None
            key = alert_key(failure.alert_id) if failure.alert_id else UNOWNED
            sealed = store_content(connection, failure.model_dump_json(), standing.erasure_key if standing else key)
            add_row(
                connection,
                tables.failures,
                failure_id=failure_id,
                alert_id=failure.alert_id,
                stage=failure.failure.stage,
                error=failure.failure.error,
                retryable=int(failure.failure.retryable),
                content_id=sealed.content_id,
                created_at=utc_now(),
            )
            if failure.alert_id:
                note_failure(connection, failure.alert_id)
            self._audit.append(connection, "triage", "failure.saved", failure_id, sealed)
        return failure_id

    def latest(self, alert_id: str) -> TriageFailure | None:
        """The newest failure of an alert, or None when it never failed or the text was erased."""
        failures = tables.failures.c
        query = select(failures.content_id).where(failures.alert_id == alert_id).order_by(failures.seq.desc()).limit(1)
        with reading(self._engine) as connection:
            content_id = connection.scalar(query)
            body = load_content(connection, content_id) if content_id else None
        return TriageFailure.model_validate_json(body) if body else None
