"""Erasing a person: their texts and salts go, ids and salted hashes stay, and the audit chain still verifies."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, Engine, select, update

from agent.store import tables
from agent.store.alerts import AlertState, set_state
from agent.store.audit import ERASED, AuditChain
from agent.store.changes import PRECEDENTS, PROFILES, remove_subject
from agent.store.content import delete_content
from agent.store.dialects import run_outside_transaction, writing


@dataclass(frozen=True)
class Erasure:
    """What was erased. Backups made before still hold it."""

    alerts: tuple[str, ...]
    texts: int
    profiles: int
    precedents: int


def erase_subject(engine: Engine, audit: AuditChain, key: str, by: str) -> Erasure:
    """Erase every text stored under a key (see ``content.subject_key``), with a tombstone entry for each.

    Profiles and precedents of that name are deleted, recorded model answers are no longer found. ``by`` is the person
    who answers for it.
    """
    content = tables.content.c
    with writing(engine) as connection:
        # First, as loads do it: counters, then the audit chain. Two that lock in another order wait for each other.
        profiles = remove_subject(connection, PROFILES, key)
        precedents = remove_subject(connection, PRECEDENTS, key)
        content_ids = list(connection.scalars(select(content.content_id).where(content.subject_key == key)))
        erased_alerts = _close_alerts(connection, content_ids)
        for content_id in content_ids:
            _forget_call(connection, content_id)
            audit.append(connection, by, ERASED, content_id)
        delete_content(connection, content_ids)
        # The key is a name, so the chain gets an id that says nothing.
        audit.append(connection, by, "subject.erased", uuid4().hex)
    if engine.dialect.name == "sqlite":
        # Until the journal is folded in and emptied, the erased words can still be read in it.
        run_outside_transaction(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    return Erasure(erased_alerts, len(content_ids), profiles, precedents)


def _close_alerts(connection: Connection, content_ids: list[str]) -> tuple[str, ...]:
    """Mark the alerts whose current text is among the erased."""
    alerts, revisions = tables.alerts.c, tables.alert_revisions.c
    closed = []
    for content_id in content_ids:
        row = connection.execute(
            select(revisions.alert_id, revisions.revision, alerts.current_revision)
            .join(tables.alerts, alerts.alert_id == revisions.alert_id)
            .where(revisions.content_id == content_id)
        ).one_or_none()
        if row is not None and row.revision == row.current_revision:
            set_state(connection, row.alert_id, AlertState.ERASED)
            closed.append(row.alert_id)
    return tuple(closed)


def _forget_call(connection: Connection, content_id: str) -> None:
    """Keep what a call cost, drop the hashes of its prompt and what its error quoted; its key may be asked anew."""
    calls = tables.calls.c
    connection.execute(
        update(tables.calls)
        .where(calls.content_id == content_id)
        .values(key="erased:" + calls.call_id, prompt_hash=None)
    )
    connection.execute(
        update(tables.calls).where(calls.content_id == content_id, calls.error.is_not(None)).values(error="erased")
    )
