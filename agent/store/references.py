"""Profiles and precedents: the reference texts that every index is built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, insert, select, update

from agent.domain.fingerprint import hash_bytes
from agent.domain.reference import Precedent, Profile
from agent.errors import ReferenceInvalid
from agent.store import tables
from agent.store.audit import AuditChain
from agent.store.content import name_key, utc_now
from agent.store.dialects import insert_new, reading, writing

Entry = TypeVar("Entry", Profile, Precedent)

GENERATION = "reference"
_BATCH = 500


@dataclass(frozen=True)
class SavedReferences:
    """What a load changed."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0


class ReferenceTable(Generic[Entry]):
    """One kind of reference entry in the database, kept by id and compared by content hash."""

    def __init__(self, engine: Engine, audit: AuditChain, model: type[Entry]) -> None:
        self._engine = engine
        self._audit = audit
        self._model: type[Entry] = model
        self._table: Table = tables.profiles if model is Profile else tables.precedents
        self._id = self._table.c[f"{model.__name__.lower()}_id"]

    def save(self, entries: Iterable[Entry], *, replace: bool = False) -> SavedReferences:
        """Insert or update entries, all or none; with ``replace`` those not among them are deleted.

        Entries whose content is unchanged are not written. Raises ReferenceInvalid when an id comes twice with
        different content.
        """
        seen: dict[str, str] = {}
        inserted = updated = unchanged = deleted = 0
        remaining = iter(entries)
        with writing(self._engine) as connection:
            while batch := list(islice(remaining, _BATCH)):
                rows = self._rows(batch, seen)
                known = self._known_hashes(connection, list(rows))
                fresh = [row for key, row in rows.items() if key not in known]
                changed = [row for key, row in rows.items() if key in known and known[key] != row["content_hash"]]
                self._write(connection, fresh, changed)
                inserted += len(fresh)
                updated += len(changed)
                unchanged += len(batch) - len(fresh) - len(changed)
            if replace:
                absent = [key for key in connection.scalars(select(self._id)) if key not in seen]
                deleted = self._delete(connection, absent)
            if inserted or updated or deleted:
                self._note_change(connection, "saved")
        return SavedReferences(inserted, updated, unchanged, deleted)

    def delete(self, ids: Iterable[str]) -> int:
        """Delete entries by id and return how many there were: a reversed decision leaves the index."""
        with writing(self._engine) as connection:
            deleted = self._delete(connection, list(ids))
            if deleted:
                self._note_change(connection, "deleted")
        return deleted

    def __iter__(self) -> Iterator[Entry]:
        """All entries, by id, read in pages so that a slow reader holds no transaction open."""
        last = ""
        while True:
            query = select(self._id, self._table.c.body).where(self._id > last).order_by(self._id).limit(_BATCH)
            with reading(self._engine) as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                yield self._model.model_validate_json(row.body)
            last = rows[-1][0]

    def __len__(self) -> int:
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(self._table)) or 0

    def _rows(self, batch: list[Entry], seen: dict[str, str]) -> dict[str, dict[str, str]]:
        """The batch's rows by id, each id once; ``seen`` carries the hashes of the whole load."""
        rows: dict[str, dict[str, str]] = {}
        now = utc_now()
        for entry in batch:
            key, name = _identify(entry)
            body = entry.model_dump_json()
            digest = hash_bytes(body.encode())
            if seen.setdefault(key, digest) != digest:
                kind = self._model.__name__.lower()
                raise ReferenceInvalid(
                    f"{kind} id {key!r} comes twice with different content; nothing of this load was kept"
                )
            rows[key] = {
                self._id.name: key,
                "subject_key": name_key(name),
                "content_hash": digest,
                "body": body,
                "updated_at": now,
            }
        return rows

    def _known_hashes(self, connection: Connection, ids: list[str]) -> dict[str, str]:
        query = select(self._id, self._table.c.content_hash).where(self._id.in_(ids))
        return {row[0]: row[1] for row in connection.execute(query)}

    def _write(self, connection: Connection, fresh: list[dict[str, str]], changed: list[dict[str, str]]) -> None:
        if fresh:
            connection.execute(insert(self._table), fresh)
        if changed:
            statement = update(self._table).where(self._id == bindparam("row_id"))
            connection.execute(statement, [row | {"row_id": row[self._id.name]} for row in changed])

    def _delete(self, connection: Connection, ids: list[str]) -> int:
        deleted = 0
        for start in range(0, len(ids), _BATCH):
            deleted += connection.execute(delete(self._table).where(self._id.in_(ids[start : start + _BATCH]))).rowcount
        return deleted

    def _note_change(self, connection: Connection, verb: str) -> None:
        generation = grow_generation(connection)
        self._audit.append(connection, "reference", f"{self._table.name}.{verb}", f"generation-{generation}")


def load_generation(engine: Engine) -> int:
    """A number that grows with each change of profiles or precedents; 0 when there never was one."""
    query = select(tables.generations.c.value).where(tables.generations.c.name == GENERATION)
    with reading(engine) as connection:
        return connection.scalar(query) or 0


def grow_generation(connection: Connection) -> int:
    """Count one change, within the transaction that makes it, and return the new number."""
    insert_new(connection, tables.generations, name=GENERATION, value=0)
    statement = update(tables.generations).where(tables.generations.c.name == GENERATION)
    connection.execute(statement.values(value=tables.generations.c.value + 1))
    value: int = connection.execute(
        select(tables.generations.c.value).where(tables.generations.c.name == GENERATION)
    ).scalar_one()
    return value


def _identify(entry: Profile | Precedent) -> tuple[str, str]:
    """An entry's id and the name of the person it speaks of."""
    if isinstance(entry, Profile):
        return entry.profile_id, entry.name
    return entry.precedent_id, entry.subject_name
