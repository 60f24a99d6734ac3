"""Opening the database: settings, permissions and schema are right, or it does not open."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from agent.errors import StoreError
from agent.store.dialects import prepare_sqlite, run_outside_transaction
from agent.store.migrations import migrate


def open_engine(url: str, *, busy_timeout_s: float = 10.0) -> Engine:
    """Open, and create or migrate as needed, the database at ``sqlite:///path`` (or ``postgresql://…``).

    ``busy_timeout_s`` is how long a writer waits for another. Raises StoreError (path, permissions, damage),
    StoreBusy (locked for too long) and SchemaMismatch (made by a newer version).
    """
    address = _parse_url(url)
    if address.get_backend_name() == "sqlite":
        _prepare_file(address)
    try:
        engine = create_engine(address)
    except ImportError as error:
        raise StoreError(f"the driver for {address.drivername!r} is not installed: {error}") from error
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine, busy_timeout_s)
    try:
        _require_wal(engine)
        migrate(engine)
    except StoreError:
        engine.dispose()
        raise
    return engine


def _parse_url(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"{url!r} is no database address; write sqlite:///path/to/triage.db") from error
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(f"{address.drivername!r} databases are not supported; use sqlite:///… or postgresql://…")
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        raise StoreError("a database in memory keeps nothing; write sqlite:///path/to/triage.db")
    return address


def _prepare_file(address: URL) -> None:
    """Create folder and file for the owner's eyes only; SQLite gives its side files the same rights."""
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"database {str(path)!r} cannot be opened for writing ({error.strerror}): "
            "check who owns the file and its folder"
        ) from error


def _require_wal(engine: Engine) -> None:
    """Some network drives cannot share memory between processes; there SQLite would not be safe for two."""
    if engine.dialect.name == "sqlite":
        mode = run_outside_transaction(engine, "PRAGMA journal_mode")[0][0]
        if mode != "wal":
            raise StoreError(f"{engine.url.database!r} lies on a drive without write-ahead logging; use a local disk")
