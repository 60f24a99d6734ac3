"""What changed among profiles and precedents: a counter for each kind, removals, and the feed that indexes follow.

Every write grows its kind's counter, within its own transaction and before anything else, and leaves the new number
on the rows it writes. The counter's row is locked until that transaction ends, so numbers become visible in order: a
reader that has seen a number has seen everything below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

from sqlalchemy import (
    BigInteger,
    Column,
    CompoundSelect,
    Connection,
    Engine,
    Table,
    Text,
    cast,
    delete,
    insert,
    literal,
    null,
    select,
    tuple_,
    union_all,
    update,
)

from agent.domain.reference import EntryT, Precedent, Profile, ReferenceChange
from agent.store import tables
from agent.store.dialects import insert_new, reading

STEP = 500
"""How many ids one statement names, and how many rows one page of a walk has."""


@dataclass(frozen=True)
class ReferenceKind(Generic[EntryT]):
    """Profiles or precedents: their model, their table and what the counter is called."""

    name: str
    model: type[EntryT]
    table: Table

    @property
    def id(self) -> Column[str]:
        """The table's key."""
        key: Column[str] = self.table.c[f"{self.model.__name__.lower()}_id"]
        return key


PROFILES = ReferenceKind("profiles", Profile, tables.profiles)
PRECEDENTS = ReferenceKind("precedents", Precedent, tables.precedents)


def load_generation(engine: Engine, kind: ReferenceKind[EntryT]) -> int:
    """The kind's counter: grows with each change, 0 when there never was one."""
    query = select(tables.generations.c.value).where(tables.generations.c.name == kind.name)
    with reading(engine) as connection:
        return connection.scalar(query) or 0


def lock_generation(connection: Connection, kind: ReferenceKind[EntryT]) -> int:
    """Wait until no other transaction changes this kind, keep others out until this one ends; returns the counter."""
    counters = tables.generations
    insert_new(connection, counters, name=kind.name, value=0)
    query = select(counters.c.value).where(counters.c.name == kind.name).with_for_update()
    value: int = connection.execute(query).scalar_one()
    return value


def grow_generation(connection: Connection, kind: ReferenceKind[EntryT]) -> int:
    """Count one change, within the transaction that makes it, and return the new number."""
    grown = lock_generation(connection, kind) + 1
    connection.execute(update(tables.generations).where(tables.generations.c.name == kind.name).values(value=grown))
    return grown


def remove_entries(connection: Connection, kind: ReferenceKind[EntryT], ids: Sequence[str]) -> int:
    """Delete entries and note that they are gone, under one new generation; returns how many there were.

    Ids that are not there are passed over; where none is, the generation stays.
    """
    lock_generation(connection, kind)
    steps = [ids[start : start + STEP] for start in range(0, len(ids), STEP)]
    present = [key for step in steps for key in connection.scalars(select(kind.id).where(kind.id.in_(step)))]
    if not present:
        return 0
    generation = grow_generation(connection, kind)
    for start in range(0, len(present), STEP):
        connection.execute(delete(kind.table).where(kind.id.in_(present[start : start + STEP])))
    removed = [{"kind": kind.name, "entry_id": key, "generation": generation} for key in present]
    connection.execute(insert(tables.reference_removals), removed)
    return len(present)


def remove_subject(connection: Connection, kind: ReferenceKind[EntryT], key: str) -> int:
    """Remove the entries of one person or firm, by ``content.name_key``; returns how many there were."""
    lock_generation(connection, kind)  # first: an entry saved meanwhile is seen, or comes after
    return remove_entries(
        connection, kind, list(connection.scalars(select(kind.id).where(kind.table.c.subject_key == key)))
    )


def forget_removals(connection: Connection, kind: ReferenceKind[EntryT], ids: Sequence[str]) -> None:
    """Take ids that came back off the list of those that are gone."""
    removals = tables.reference_removals.c
    for start in range(0, len(ids), STEP):
        step = ids[start : start + STEP]
        connection.execute(
            delete(tables.reference_removals).where(removals.kind == kind.name, removals.entry_id.in_(step))
        )


def iter_changes(engine: Engine, kind: ReferenceKind[EntryT], after: int) -> Iterator[ReferenceChange[EntryT]]:
    """Everything whose last change is later than generation ``after``, by generation and id.

    Each page is a transaction of its own, so a slow reader holds up nobody. What is changed or removed during the walk
    comes (again) further on, under its newer generation. From 0, what was gone before the walk began is left out.
    """
    gone_since = after or load_generation(engine, kind)
    generation, last = after + 1, ""
    while True:
        with reading(engine) as connection:
            rows = connection.execute(_page_of_changes(kind, generation, last, gone_since)).all()
        if not rows:  # a short page is not the end: more may be written while it is worked off
            return
        for row in rows:
            entry = kind.model.model_validate_json(row.body) if row.body is not None else None
            yield ReferenceChange(row.id, row.generation, entry)
        generation, last = rows[-1].generation, rows[-1].id


def _page_of_changes(
    kind: ReferenceKind[EntryT], generation: int, last: str, gone_since: int
) -> CompoundSelect[tuple[int, str, str | None]]:
    place = tuple_(literal(generation, BigInteger), literal(last, Text))
    held, gone = kind.table.c, tables.reference_removals.c
    standing = select(held.generation.label("generation"), kind.id.label("id"), held.body.label("body"))
    removed = select(gone.generation, gone.entry_id, cast(null(), Text))
    return (
        union_all(
            standing.where(tuple_(held.generation, kind.id) > place),
            removed.where(
                gone.kind == kind.name, gone.generation > gone_since, tuple_(gone.generation, gone.entry_id) > place
            ),
        )
        .order_by("generation", "id")
        .limit(STEP)
    )
