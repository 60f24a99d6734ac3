"""The few places where SQLite and Postgres differ, and the one table that turns their errors into ours."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_hex
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from typing import Any

from sqlalchemy import Connection, Engine, Table, event, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from agent.errors import RecordConflict, StoreBusy, StoreError

_BEGIN = "triage_begin"
"""Execution option: the statement that opens a transaction on SQLite; None opens none."""

_MIGRATION_LOCK = 7_451_902_338

_CAUSES: tuple[tuple[tuple[str, ...], type[StoreError], str], ...] = (
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40001", "40P01", "57014"),
        StoreBusy,
        "is held by another process for longer than the wait allowed; try again, or stop the other process",
    ),
    (
        ("SQLITE_FULL", "53100"),
        StoreError,
        "has no room left: nothing of this write was kept; free some disk space and try again",
    ),
    (
        ("SQLITE_READONLY", "SQLITE_PERM", "25006", "42501"),
        StoreError,
        "cannot be written: check who owns the file and its folder",
    ),
    (
        ("SQLITE_CANTOPEN", "SQLITE_IOERR"),
        StoreError,
        "cannot be opened or read: check the path, its permissions and the disk",
    ),
    (
        ("SQLITE_CORRUPT", "SQLITE_NOTADB"),
        StoreError,
        "is damaged or is no database; nothing was repaired: put the latest backup in its place",
    ),
)


def place_of(engine: Engine) -> str:
    """Where the database is, for messages: its file, or its address without the password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ""
    return engine.url.render_as_string(hide_password=True)


def translate_error(error: Exception, engine: Engine) -> StoreError:
    """The store's own error for one of the driver's: what happened, where, and what to do."""
    place = place_of(engine)
    if isinstance(error, PoolTimeout):
        return StoreBusy(f"database {place!r} has no free connection; try again with fewer workers")
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, IntegrityError):
        return RecordConflict(f"database {place!r} refused a write that contradicts what is stored: {cause}")
    code = str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
    for prefixes, kind, sentence in _CAUSES:
        if code.startswith(prefixes):
            return kind(f"database {place!r} {sentence}")
    return StoreError(f"database {place!r} failed: {cause}")


@contextmanager
def translated_errors(engine: Engine) -> Iterator[None]:
    """Run a block whose database errors leave as StoreError, StoreBusy or RecordConflict."""
    try:
        yield
    except (DBAPIError, PoolTimeout, SqliteError) as error:
        raise translate_error(error, engine) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: whole and durable when the block ends, nothing kept when it raises.

    On SQLite the write lock is taken first, so two writers wait for each other instead of failing half-way.
    """
    with (
        translated_errors(engine),
        engine.connect().execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the database; never waits for a writer."""
    # Postgres by default looks anew for each statement; SQLite keeps to what it first saw.
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {_BEGIN: "BEGIN"}
    with (
        translated_errors(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


def run_outside_transaction(engine: Engine, statement: str, parameters: tuple[Any, ...] = ()) -> Sequence[Any]:
    """Run a SQLite statement that refuses to stand in a transaction, and return its rows."""
    with translated_errors(engine), engine.connect().execution_options(**{_BEGIN: None}) as connection:
        answer = connection.exec_driver_sql(statement, parameters)
        return answer.all() if answer.returns_rows else ()


def prepare_sqlite(engine: Engine, busy_timeout_s: float) -> None:
    """Give every SQLite connection its settings, and transactions an explicit beginning."""

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not open transactions by itself
        for pragma in (
            f"busy_timeout={int(busy_timeout_s * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # erased text is overwritten, not only unlinked
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get(_BEGIN, "BEGIN")
        if statement:
            connection.exec_driver_sql(statement)


def add_row(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row. Values travel apart from the statement, which is then built once and not for every row."""
    connection.execute(insert(table), values)


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless a unique key says it is there; True when it was inserted."""
    builder = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = builder(table).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement, values).first() is not None


def adapt_ddl(dialect: str, statement: str) -> str:
    """Fill in the one type that has no common spelling: a number the database counts up by itself."""
    serial = (
        "INTEGER PRIMARY KEY AUTOINCREMENT"
        if dialect == "sqlite"
        else "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    )
    return statement.replace("{serial}", serial)


def forbid_changes(dialect: str, table: str) -> tuple[str, ...]:
    """Statements after which the database itself refuses to update or delete the table's rows."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} only grows: its rows are never changed or deleted'); END"
            for verb in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        f"'{table} only grows: its rows are never changed or deleted' USING ERRCODE = '23000'; END $$",
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_only_grows()",
    )


def lock_schema(connection: Connection) -> None:
    """Let one process at a time migrate; on SQLite the write lock already does."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")


def name_writer(engine: Engine) -> str:
    """The name of this process's audit chain.

    SQLite orders all writers of a file by its one write lock, so they share a chain, which no one can drop whole.
    On Postgres each process has its own, so that none waits for another's.
    """
    if engine.dialect.name == "sqlite":
        return "main"
    return f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"
