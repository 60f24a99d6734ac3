"""The schema's history: append to ``MIGRATIONS``, never edit what has been released.

Each migration is a name and SQL that both databases run; ``{serial}`` is the one spelling they do not share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select

from agent.errors import SchemaMismatch, StoreError
from agent.store.backups import write_backup
from agent.store.dialects import adapt_ddl, add_row, forbid_changes, lock_schema, place_of, reading, writing
from agent.store.tables import schema_migrations


@dataclass(frozen=True)
class Migration:
    """One step of the schema: its name, its statements, and the tables that from then on only grow."""

    name: str
    statements: tuple[str, ...]
    append_only: tuple[str, ...] = ()


_INITIAL = (
    """CREATE TABLE content (content_id TEXT NOT NULL PRIMARY KEY, subject_key TEXT NOT NULL, body TEXT NOT NULL,
    created_at TEXT NOT NULL)""",
    "CREATE INDEX content_by_subject ON content (subject_key)",
    """CREATE TABLE content_salts (content_id TEXT NOT NULL PRIMARY KEY REFERENCES content (content_id),
    salt TEXT NOT NULL)""",
    """CREATE TABLE alerts (seq {serial}, alert_id TEXT NOT NULL UNIQUE, current_revision INTEGER NOT NULL,
    state TEXT NOT NULL)""",
    """CREATE TABLE alert_revisions (alert_id TEXT NOT NULL REFERENCES alerts (alert_id), revision INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, content_id TEXT NOT NULL UNIQUE, received_at TEXT, due_at TEXT, added_at TEXT NOT NULL,
    PRIMARY KEY (alert_id, revision), UNIQUE (alert_id, fingerprint))""",
    """CREATE TABLE records (seq {serial}, record_id TEXT NOT NULL UNIQUE, alert_id TEXT NOT NULL,
    revision INTEGER NOT NULL, drafter TEXT NOT NULL, prompt TEXT, model TEXT, policy_hash TEXT NOT NULL,
    dossier_hash TEXT NOT NULL, recommendation TEXT NOT NULL, content_id TEXT NOT NULL, created_at TEXT NOT NULL,
    FOREIGN KEY (alert_id, revision) REFERENCES alert_revisions (alert_id, revision))""",
    "CREATE INDEX records_by_alert ON records (alert_id, seq)",
    """CREATE TABLE failures (seq {serial}, failure_id TEXT NOT NULL UNIQUE, alert_id TEXT, stage TEXT NOT NULL,
    error TEXT NOT NULL, retryable INTEGER NOT NULL, content_id TEXT NOT NULL, created_at TEXT NOT NULL)""",
    "CREATE INDEX failures_by_alert ON failures (alert_id, seq)",
    """CREATE TABLE calls (seq {serial}, call_id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, prompt_hash TEXT,
    provider TEXT, model TEXT, parameters TEXT NOT NULL, sample INTEGER NOT NULL, content_id TEXT NOT NULL,
    input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, cached_tokens BIGINT NOT NULL,
    cost_usd DOUBLE PRECISION, latency_ms INTEGER, error TEXT, created_at TEXT NOT NULL)""",
    "CREATE INDEX calls_by_key ON calls (key, seq)",
    "CREATE UNIQUE INDEX calls_one_answer ON calls (key) WHERE error IS NULL",
    """CREATE TABLE profiles (profile_id TEXT NOT NULL PRIMARY KEY, subject_key TEXT NOT NULL,
    content_hash TEXT NOT NULL, body TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    "CREATE INDEX profiles_by_subject ON profiles (subject_key)",
    """CREATE TABLE precedents (precedent_id TEXT NOT NULL PRIMARY KEY, subject_key TEXT NOT NULL,
    content_hash TEXT NOT NULL, body TEXT NOT NULL, updated_at TEXT NOT NULL)""",
    "CREATE INDEX precedents_by_subject ON precedents (subject_key)",
    "CREATE TABLE generations (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
    """CREATE TABLE decisions (seq {serial}, decision_id TEXT NOT NULL UNIQUE, alert_id TEXT NOT NULL,
    revision INTEGER NOT NULL, author TEXT NOT NULL, disposition TEXT NOT NULL, reason_code TEXT NOT NULL,
    content_id TEXT NOT NULL, decided_at TEXT NOT NULL, added_at TEXT NOT NULL, UNIQUE (decision_id, author),
    FOREIGN KEY (alert_id, revision) REFERENCES alert_revisions (alert_id, revision),
    CONSTRAINT decisions_need_an_author CHECK (trim(author) <> ''))""",
    "CREATE INDEX decisions_by_alert ON decisions (alert_id, seq)",
    """CREATE TABLE approvals (decision_id TEXT NOT NULL PRIMARY KEY, author TEXT NOT NULL, approver TEXT NOT NULL,
    content_id TEXT NOT NULL, approved_at TEXT NOT NULL, added_at TEXT NOT NULL,
    FOREIGN KEY (decision_id, author) REFERENCES decisions (decision_id, author),
    CONSTRAINT approvals_need_an_approver CHECK (trim(approver) <> ''),
    CONSTRAINT approvals_need_two_people CHECK (lower(trim(author)) <> lower(trim(approver))))""",
    """CREATE TABLE audit (writer TEXT NOT NULL, seq BIGINT NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL,
    action TEXT NOT NULL, object_id TEXT NOT NULL, content_id TEXT, content_hash TEXT, heads TEXT, previous TEXT,
    hash TEXT NOT NULL, PRIMARY KEY (writer, seq))""",
    "CREATE INDEX audit_by_content ON audit (content_id)",
    "CREATE INDEX audit_by_action ON audit (action)",
    "CREATE TABLE audit_heads (writer TEXT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL)",
)

# Rows from before count as changed in generation 1: whoever reads the changes after 0 gets every one of them.
_REFERENCE_CHANGES = (
    "ALTER TABLE profiles ADD COLUMN generation BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE precedents ADD COLUMN generation BIGINT NOT NULL DEFAULT 1",
    "CREATE INDEX profiles_by_generation ON profiles (generation, profile_id)",
    "CREATE INDEX precedents_by_generation ON precedents (generation, precedent_id)",
    """CREATE TABLE reference_removals (kind TEXT NOT NULL, entry_id TEXT NOT NULL, generation BIGINT NOT NULL,
    PRIMARY KEY (kind, entry_id))""",
    "CREATE INDEX reference_removals_by_generation ON reference_removals (kind, generation, entry_id)",
    """INSERT INTO generations (name, value) SELECT 'profiles', value FROM generations WHERE name = 'reference'""",
    """INSERT INTO generations (name, value) SELECT 'precedents', value FROM generations WHERE name = 'reference'""",
    "DELETE FROM generations WHERE name = 'reference'",
)

MIGRATIONS = (
    Migration(
        "0001_initial",
        _INITIAL,
        append_only=("alert_revisions", "records", "failures", "decisions", "approvals", "audit"),
    ),
    Migration("0002_reference_changes", _REFERENCE_CHANGES),
)

_HISTORY = "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY, " + (
    "name TEXT NOT NULL, applied_at TEXT NOT NULL)"
)


def migrate(engine: Engine, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring the database to this code's schema, all missing steps in one transaction; keeps a copy of an older file.

    Raises SchemaMismatch when the database is newer or has another history, StoreError when it is another program's.
    """
    with reading(engine) as connection:
        present = _applied_version(connection, migrations)
    if present == len(migrations):
        return
    if present and engine.dialect.name == "sqlite":
        copy = Path(f"{place_of(engine)}.schema-{present}.backup")
        if not copy.exists():
            write_backup(engine, copy)
    with writing(engine) as connection:
        lock_schema(connection)
        connection.exec_driver_sql(_HISTORY)
        # Another process may have migrated while this one waited for the lock.
        for version in range(_applied_version(connection, migrations) + 1, len(migrations) + 1):
            _apply(connection, version, migrations[version - 1])


def _apply(connection: Connection, version: int, migration: Migration) -> None:
    dialect = connection.dialect.name
    guards = [guard for table in migration.append_only for guard in forbid_changes(dialect, table)]
    for statement in (*migration.statements, *guards):
        connection.exec_driver_sql(adapt_ddl(dialect, statement))
    now = datetime.now(UTC).isoformat()
    add_row(connection, schema_migrations, version=version, name=migration.name, applied_at=now)


def _applied_version(connection: Connection, migrations: tuple[Migration, ...]) -> int:
    """How many of the migrations the database has had; refuses a history that is not a beginning of ours."""
    place = place_of(connection.engine)
    tables = inspect(connection).get_table_names()
    if "schema_migrations" not in tables:
        if tables and connection.dialect.name == "sqlite":
            raise StoreError(f"{place!r} is a database of another program (it has a table {tables[0]!r}); name another")
        return 0
    known = [migration.name for migration in migrations]
    names = [
        row.name for row in connection.execute(select(schema_migrations.c.name).order_by(schema_migrations.c.version))
    ]
    if len(names) > len(known):
        raise SchemaMismatch(
            f"database {place!r} has schema version {len(names)}, this program knows {len(known)}: "
            "install the newer version of the program"
        )
    for version, (found, expected) in enumerate(zip(names, known, strict=False), start=1):
        if found != expected:
            raise SchemaMismatch(
                f"database {place!r} has schema version {version} as {found!r}, this program knows it as {expected!r}: "
                "it was made by another build"
            )
    return len(names)
