"""Copies of a database that are whole even while others write to it."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Engine

from agent.errors import StoreError
from agent.store.dialects import run_outside_transaction


def write_backup(engine: Engine, target: Path) -> None:
    """Write a consistent copy of a SQLite database to ``target``, which appears only when it is complete.

    Raises StoreError when the target exists, cannot be written, or the database is not SQLite.
    """
    if engine.dialect.name != "sqlite":
        raise StoreError("only an SQLite database is backed up by this program; use pg_dump for Postgres")
    if target.exists():
        raise StoreError(f"backup {str(target)!r} exists already; name another file")
    unfinished = target.with_name(f".{target.name}.{token_hex(4)}")
    try:
        # SQLite accepts an empty file here; made by us, it is readable by its owner alone.
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        run_outside_transaction(engine, "VACUUM INTO ?", (str(unfinished),))
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    except OSError as error:
        raise StoreError(f"backup {str(target)!r} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def check_integrity(engine: Engine) -> tuple[str, ...]:
    """What SQLite finds wrong with its file, in its own words; empty when the file is sound (or is not SQLite)."""
    if engine.dialect.name != "sqlite":
        return ()
    try:
        found = [str(row[0]) for row in run_outside_transaction(engine, "PRAGMA integrity_check(20)")]
        found += [
            f"row of {row[0]} without its {row[2]}"
            for row in run_outside_transaction(engine, "PRAGMA foreign_key_check")
        ]
    except StoreError as error:
        return (str(error),)
    return tuple(sentence for sentence in found if sentence != "ok")
