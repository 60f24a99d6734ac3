"""Profiles and precedents: the reference texts that every index is built from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from agent.domain.fingerprint import hash_bytes
from agent.domain.reference import EntryT, Precedent, Profile, ReferenceChange
from agent.errors import ReferenceInvalid
from agent.store.audit import AuditChain
from agent.store.changes import (
    STEP,
    ReferenceKind,
    forget_removals,
    grow_generation,
    iter_changes,
    load_generation,
    lock_generation,
    remove_entries,
)
from agent.store.content import name_key, utc_now
from agent.store.dialects import reading, writing
from agent.store.seen import SeenEntries

BATCH: Final = 2_000
"""How many entries a load commits at a time: a killed one loses less than that."""


@dataclass(frozen=True)
class SavedReferences:
    """What a load changed."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0

    @property
    def kept(self) -> int:
        """How many of the entries given are in the store."""
        return self.inserted + self.updated + self.unchanged


class ReferenceTable(Generic[EntryT]):
    """One kind of reference entry in the database, kept by id and compared by content hash."""

    def __init__(self, engine: Engine, audit: AuditChain, kind: ReferenceKind[EntryT]) -> None:
        self._engine = engine
        self._audit = audit
        self._kind: ReferenceKind[EntryT] = kind

    def save(
        self,
        entries: Iterable[EntryT],
        *,
        replace: bool | Callable[[], bool] = False,
        on_saved: Callable[[int], None] | None = None,
    ) -> SavedReferences:
        """Insert or update entries, committing every 2,000; those whose content is unchanged are not written.

        A load that breaks off keeps what it committed, and finds it unchanged when it is run again. With ``replace``
        entries not among those given are deleted, after all were read; a function is asked then whether to. What two
        people decided in this store stays all the same: a load can take away only what a load brought.
        ``on_saved`` hears after each commit how many entries are in the store for good. Raises ReferenceInvalid when
        an id comes twice with different content.
        """
        saved = SavedReferences()
        remaining = iter(entries)
        with SeenEntries() as seen:
            while batch := list(islice(remaining, BATCH)):
                saved = self._save_batch(batch, seen, saved)
                if on_saved is not None:
                    on_saved(saved.kept)
            if replace() if callable(replace) else replace:
                deleted = self._delete_unseen(seen)
                saved = SavedReferences(saved.inserted, saved.updated, saved.unchanged, deleted)
        return saved

    def delete(self, ids: Iterable[str]) -> int:
        """Delete entries by id and return how many there were: a reversed decision leaves the index."""
        with writing(self._engine) as connection:
            deleted = remove_entries(connection, self._kind, list(dict.fromkeys(ids)))
            if deleted:
                self._note_change(connection, "deleted")
        return deleted

    def load(self, ids: Sequence[str]) -> dict[str, EntryT]:
        """The entries of these ids, in the order asked for; an id that is not there is left out."""
        wanted = list(dict.fromkeys(ids))
        bodies: dict[str, str] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(wanted), STEP):
                query = select(self._kind.id, self._kind.table.c.body)
                found = connection.execute(query.where(self._kind.id.in_(wanted[start : start + STEP])))
                bodies.update((row[0], row[1]) for row in found)
        return {key: self._kind.model.model_validate_json(bodies[key]) for key in wanted if key in bodies}

    def changes(self, after: int) -> Iterator[ReferenceChange[EntryT]]:
        """What changed after a generation: see ``iter_changes``."""
        return iter_changes(self._engine, self._kind, after)

    def generation(self) -> int:
        """A number that grows with every change of this kind."""
        return load_generation(self._engine, self._kind)

    def __iter__(self) -> Iterator[EntryT]:
        """All entries, by id, read in pages so that a slow reader holds no transaction open."""
        for page in self._pages():
            for _, body in page:
                yield self._kind.model.model_validate_json(body)

    def __len__(self) -> int:
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(self._kind.table)) or 0

    def _pages(self, *, bodies: bool = True) -> Iterator[Sequence[Any]]:
        """Id and body of every entry, by id, a transaction a page; without ``bodies`` the id alone."""
        columns = [self._kind.id, self._kind.table.c.body] if bodies else [self._kind.id]
        size, last = STEP if bodies else BATCH, ""
        while True:
            query = select(*columns).where(self._kind.id > last).order_by(self._kind.id).limit(size)
            with reading(self._engine) as connection:
                rows = connection.execute(query).all()
            if rows:
                yield rows
            if len(rows) < size:
                return
            last = rows[-1][0]

    def _save_batch(self, batch: list[EntryT], seen: SeenEntries, saved: SavedReferences) -> SavedReferences:
        rows = self._rows(batch, seen, saved.kept)
        with writing(self._engine) as connection:
            lock_generation(connection, self._kind)
            known = self._known_hashes(connection, list(rows))
            fresh = [row for key, row in rows.items() if key not in known]
            changed = [row for key, row in rows.items() if key in known and known[key] != row["content_hash"]]
            if fresh or changed:
                self._write(connection, fresh, changed)
                self._note_change(connection, "saved")
        unchanged = len(batch) - len(fresh) - len(changed)
        return SavedReferences(saved.inserted + len(fresh), saved.updated + len(changed), saved.unchanged + unchanged)

    def _rows(self, batch: list[EntryT], seen: SeenEntries, kept: int) -> dict[str, dict[str, Any]]:
        """The batch's rows by id, each id once. Raises ReferenceInvalid on an id met before with other content."""
        rows: dict[str, dict[str, Any]] = {}
        now = utc_now()
        twice: str | None = None
        for entry in batch:
            key, name = _identify(entry)
            body = entry.model_dump_json()
            row = {
                self._kind.id.name: key,
                "subject_key": name_key(name),
                "content_hash": hash_bytes(body.encode()),
                "body": body,
                "updated_at": now,
            }
            if rows.setdefault(key, row)["content_hash"] != row["content_hash"]:
                twice = twice or key
        twice = twice or seen.add({key: row["content_hash"] for key, row in rows.items()})
        if twice is not None:
            raise ReferenceInvalid(
                f"{self._kind.model.__name__.lower()} id {twice!r} comes twice with different content; the first "
                f"{kept:,} rows of this load were kept, none after them: leave one of the two out and load again"
            )
        return rows

    def _known_hashes(self, connection: Connection, ids: list[str]) -> dict[str, str]:
        known: dict[str, str] = {}
        for start in range(0, len(ids), STEP):
            query = select(self._kind.id, self._kind.table.c.content_hash)
            found = connection.execute(query.where(self._kind.id.in_(ids[start : start + STEP])))
            known.update((row[0], row[1]) for row in found)
        return known

    def _write(self, connection: Connection, fresh: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
        generation = {"generation": grow_generation(connection, self._kind)}
        key = self._kind.id.name
        if fresh:
            connection.execute(insert(self._kind.table), [row | generation for row in fresh])
            forget_removals(connection, self._kind, [row[key] for row in fresh])
        if changed:
            statement = update(self._kind.table).where(self._kind.id == bindparam("row_id"))
            connection.execute(statement, [row | generation | {"row_id": row[key]} for row in changed])

    def _delete_unseen(self, seen: SeenEntries) -> int:
        deleted = 0
        for page in self._pages(bodies=False):
            absent = self.load(seen.missing([row[0] for row in page]))
            deleted += self.delete(key for key, entry in absent.items() if _was_loaded(entry))
        return deleted

    def _note_change(self, connection: Connection, verb: str) -> None:
        generation = lock_generation(connection, self._kind)
        self._audit.append(connection, "reference", f"{self._kind.name}.{verb}", f"generation-{generation}")


def _was_loaded(entry: Profile | Precedent) -> bool:
    """Whether it came from a file, and not from a decision made here."""
    return not isinstance(entry, Precedent) or entry.imported


def _identify(entry: Profile | Precedent) -> tuple[str, str]:
    """An entry's id and the name of the person it speaks of."""
    if isinstance(entry, Profile):
        return entry.profile_id, entry.name
    return entry.precedent_id, entry.subject_name
