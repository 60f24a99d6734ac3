"""The audit chain: one row for each action, in the action's own transaction, each holding the hash of the one before.

Rows hold ids and salted hashes only. Each writer has a chain; checkpoint rows carry the heads of all chains and so
join them. A checkpoint kept elsewhere (another disk, a report) shows a chain that was cut short or written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from agent.domain.fingerprint import content_hash
from agent.domain.record import AuditEntry
from agent.errors import StoreError
from agent.store import tables
from agent.store.content import Sealed, utc_now
from agent.store.dialects import add_row, insert_new, reading, writing

CHECKPOINT = "checkpoint"
ERASED = "content.erased"
"""Action of the tombstone of one erased text."""

ROWS_BETWEEN_CHECKPOINTS = 256
_PAGE = 1_000


@dataclass(frozen=True)
class Head:
    """The last entry of a chain."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Checkpoint:
    """The heads of all chains at a time, to be kept where nobody who can write the database can write."""

    at: str
    heads: dict[str, Head]

    def to_line(self) -> str:
        """One line of JSON, for a log, a report or a file on another disk."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_line(cls, line: str) -> Checkpoint:
        """Read back what ``to_line`` wrote; raises StoreError on anything else."""
        try:
            parsed = json.loads(line)
            heads = {str(writer): Head(int(head["seq"]), str(head["hash"])) for writer, head in parsed["heads"].items()}
            return cls(str(parsed["at"]), heads)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"not an audit checkpoint: {line[:80]!r}") from error


def hash_entry(row: dict[str, Any]) -> str:
    """The hash of an audit row: all its columns but the hash itself, in canonical JSON."""
    return content_hash({name: part for name, part in row.items() if name != "hash"})


def load_heads(connection: Connection) -> dict[str, Head]:
    """The last entry of every chain, by writer."""
    rows = connection.execute(select(tables.audit_heads).where(tables.audit_heads.c.seq > 0))
    return {row.writer: Head(row.seq, row.hash) for row in rows}


class AuditChain:
    """One writer's chain."""

    def __init__(self, writer: str) -> None:
        self.writer = writer

    def append(
        self, connection: Connection, actor: str, action: str, object_id: str, content: Sealed | None = None
    ) -> Head:
        """Add an entry within the caller's transaction, so that action and entry stand or fall together.

        ``content`` is the text the action stored; its salted hash goes into the chain.
        """
        heads = tables.audit_heads
        previous = self._lock_head(connection)
        seq = previous.seq + 1
        # A chain's first row and every 256th carry all heads: no whole chain can vanish unseen.
        joined = action == CHECKPOINT or seq % ROWS_BETWEEN_CHECKPOINTS == 1
        entry = {
            "writer": self.writer,
            "seq": seq,
            "at": utc_now(),
            "actor": actor[:200],
            "action": action,
            "object_id": object_id,
            "content_id": content.content_id if content else None,
            "content_hash": content.digest if content else None,
            "heads": _write_heads(load_heads(connection)) if joined else None,
            "previous": previous.hash or None,
        }
        head = Head(seq, hash_entry(entry))
        add_row(connection, tables.audit, **entry, hash=head.hash)
        connection.execute(update(heads).where(heads.c.writer == self.writer).values(seq=seq, hash=head.hash))
        return head

    def _lock_head(self, connection: Connection) -> Head:
        """The chain's last entry, held until the transaction ends; entry 0 without a hash when the chain is new."""
        heads = tables.audit_heads
        query = select(heads.c.seq, heads.c.hash).where(heads.c.writer == self.writer).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None:
            insert_new(connection, heads, writer=self.writer, seq=0, hash="")
            row = connection.execute(query).one()
        return Head(row.seq, row.hash)

    def write_checkpoint(self, engine: Engine, actor: str) -> Checkpoint:
        """Add a row that carries the heads of all chains, and return them all, this row included."""
        with writing(engine) as connection:
            self.append(connection, actor, CHECKPOINT, self.writer)
            return Checkpoint(utc_now(), load_heads(connection))


def iter_entries(engine: Engine, writer: str) -> Iterator[AuditEntry]:
    """A chain's entries in order. The writer's name and the joined heads are hashed but not part of the entry."""
    last = 0
    while True:
        with reading(engine) as connection:
            rows = connection.execute(
                select(tables.audit)
                .where(tables.audit.c.writer == writer, tables.audit.c.seq > last)
                .order_by(tables.audit.c.seq)
                .limit(_PAGE)
            ).all()
        if not rows:
            return
        for row in rows:
            yield AuditEntry.model_validate({name: getattr(row, name) for name in AuditEntry.model_fields})
        last = rows[-1].seq


def _write_heads(heads: dict[str, Head]) -> str:
    return json.dumps({writer: [head.seq, head.hash] for writer, head in sorted(heads.items())})
