"""Proof that nothing recorded was changed: chains re-hashed, heads compared, texts held against their salted hashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, String, Table, and_, cast, exists, select
from sqlalchemy.exc import DBAPIError

from agent.store import tables
from agent.store.audit import ERASED, Checkpoint, Head, hash_entry, load_heads
from agent.store.content import salted_hash
from agent.store.dialects import reading


@dataclass(frozen=True)
class AuditReport:
    """Whether the audit holds; if not, the first entry that does not, and what is wrong with it in a sentence."""

    ok: bool
    entries: int
    first_bad_seq: int | None
    message: str


class _Broken(Exception):
    """Ends a verification at the first fault."""

    def __init__(self, message: str, seq: int | None = None) -> None:
        super().__init__(message)
        self.seq = seq


Claims = dict[tuple[str, int], set[str]]
"""What checkpoints say: the hash of a writer's entry."""


def verify_audit(engine: Engine, checkpoint: Checkpoint | None = None) -> AuditReport:
    """Check every chain, stored text and reference between them, and a checkpoint kept elsewhere if one is given.

    Without an outside checkpoint, a forger who rewrites everything consistently cannot be noticed.
    """
    counted = [0]
    with reading(engine) as connection:
        try:
            _verify_chains(connection, checkpoint, counted)
            _verify_texts(connection)
            _verify_references(connection)
        except _Broken as fault:
            return AuditReport(False, counted[0], fault.seq, str(fault))
        except DBAPIError as error:
            return AuditReport(False, counted[0], None, f"the audit cannot be read: {error.orig}")
    return AuditReport(True, counted[0], None, f"{counted[0]} entries, all sound")


def _verify_chains(connection: Connection, checkpoint: Checkpoint | None, counted: list[int]) -> None:
    claims = _read_claims(connection)
    for writer, head in checkpoint.heads.items() if checkpoint else ():
        claims.setdefault((writer, head.seq), set()).add(head.hash)
    ends: dict[str, Head] = {}
    for row in _iter_rows(connection):
        previous = ends.get(row.writer)
        _verify_row(row, previous, claims)
        ends[row.writer] = Head(row.seq, row.hash)
        counted[0] += 1
    for writer, seq in sorted(claims):
        raise _Broken(f"chain {writer!r}: entry {seq}, which a checkpoint names, is missing", seq)
    heads = load_heads(connection)
    for writer in sorted(ends.keys() | heads.keys()):
        if ends.get(writer) != heads.get(writer):
            seq = ends[writer].seq + 1 if writer in ends else 1
            raise _Broken(f"chain {writer!r} does not end where its head says: entries were cut off or added", seq)


def _verify_row(row: Row[Any], previous: Head | None, claims: Claims) -> None:
    """Check an entry against the one before it, its own hash and what checkpoints say; strikes off what they say."""
    where = f"chain {row.writer!r}, entry {row.seq}"
    expected = previous.seq + 1 if previous else 1
    if row.seq != expected:
        raise _Broken(f"{where}: entry {expected} is missing", expected)
    if row.previous != (previous.hash if previous else None):
        raise _Broken(f"{where} does not follow the entry before it", row.seq)
    if row.hash != hash_entry(dict(row._mapping)):
        raise _Broken(f"{where} was changed", row.seq)
    if claims.pop((row.writer, row.seq), {row.hash}) != {row.hash}:
        raise _Broken(f"{where} is not the one that a checkpoint names", row.seq)


def _iter_rows(connection: Connection) -> Iterator[Row[Any]]:
    query = select(tables.audit).order_by(tables.audit.c.writer, tables.audit.c.seq)
    yield from connection.execution_options(yield_per=1_000).execute(query)


def _read_claims(connection: Connection) -> Claims:
    claims: Claims = {}
    query = select(tables.audit.c.writer, tables.audit.c.seq, tables.audit.c.heads)
    for row in connection.execute(query.where(tables.audit.c.heads.is_not(None))):
        try:
            named = [(str(writer), int(seq), str(digest)) for writer, (seq, digest) in json.loads(row.heads).items()]
        except (ValueError, TypeError, AttributeError) as error:
            raise _Broken(f"chain {row.writer!r}, entry {row.seq} was changed", row.seq) from error
        for writer, seq, digest in named:
            claims.setdefault((writer, seq), set()).add(digest)
    return claims


def _verify_texts(connection: Connection) -> None:
    """Every audited text is there and unchanged, or has a tombstone; no text is there that nobody audited."""
    audit, content, salts = tables.audit.c, tables.content.c, tables.content_salts.c
    erased = set(connection.scalars(select(audit.object_id).where(audit.action == ERASED)))
    query = (
        select(audit.writer, audit.seq, audit.object_id, audit.content_id, audit.content_hash)
        .add_columns(content.subject_key, content.body, salts.salt)
        .select_from(
            tables.audit.outerjoin(tables.content, content.content_id == audit.content_id).outerjoin(
                tables.content_salts, salts.content_id == audit.content_id
            )
        )
        .where(audit.content_id.is_not(None))
    )
    for row in connection.execution_options(yield_per=200).execute(query):
        where = f"chain {row.writer!r}, entry {row.seq}"
        if row.body is None and row.salt is None:
            if row.content_id not in erased:
                raise _Broken(f"{where}: the text of {row.object_id!r} is gone without a tombstone", row.seq)
        elif row.body is None or row.salt is None or _digest(row) != row.content_hash:
            raise _Broken(f"{where}: the text of {row.object_id!r} was changed", row.seq)
    unaudited = select(content.content_id).where(~exists().where(audit.content_id == content.content_id)).limit(1)
    if (content_id := connection.scalar(unaudited)) is not None:
        raise _Broken(f"text {content_id!r} was stored without an audit entry")


def _digest(row: Row[Any]) -> str:
    return salted_hash(row.salt, row.subject_key, row.body)


def _verify_references(connection: Connection) -> None:
    """Every row that points to a text does so as audited, and every audited object still has its row."""
    for prefix, (table, object_id) in audited_objects().items():
        text, entry = table.c.content_id, tables.audit.c
        same = and_(entry.content_id == text, entry.object_id == object_id)
        stray = connection.execute(select(object_id).where(~exists().where(same)).limit(1)).scalar()
        if stray is not None:
            raise _Broken(f"the row of {stray!r} in {table.name!r} was added or changed without an audit entry")
        lost = connection.execute(
            select(entry.writer, entry.seq, entry.object_id)
            .where(entry.action == prefix, ~exists().where(same))
            .order_by(entry.writer, entry.seq)
            .limit(1)
        ).one_or_none()
        if lost is not None:
            raise _Broken(
                f"chain {lost.writer!r}, entry {lost.seq}: the row of {lost.object_id!r} in {table.name!r} is gone",
                lost.seq,
            )


def audited_objects() -> dict[str, tuple[Table, ColumnElement[str]]]:
    """Which action of the chain speaks of which table's rows, and how it names them."""
    revisions = tables.alert_revisions.c
    return {
        "alert.saved": (tables.alert_revisions, revisions.alert_id + "#" + cast(revisions.revision, String)),
        "record.saved": (tables.records, tables.records.c.record_id),
        "failure.saved": (tables.failures, tables.failures.c.failure_id),
        "call.recorded": (tables.calls, tables.calls.c.call_id),
        "decision.added": (tables.decisions, tables.decisions.c.decision_id),
        "approval.added": (tables.approvals, tables.approvals.c.decision_id),
    }
