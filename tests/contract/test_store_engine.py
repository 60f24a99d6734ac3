"""Opening, migrating, backing up: the database is right, or it does not open, and the message says what to do."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn

from agent.errors import SchemaMismatch, StoreBusy, StoreError
from agent.store import migrations
from agent.store.backups import check_integrity, write_backup
from agent.store.engine import open_engine
from agent.store.migrations import MIGRATIONS, Migration, migrate
from agent.store.store import Store
from agent.store.tables import metadata
from tests.contract.store_examples import make_alert, make_record, tamper, url_of


def test_a_new_database_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "triage.db"
    with Store.open(url_of(path)) as store:
        store.save_alert(make_alert())
        for name in ("triage.db", "triage.db-wal"):
            assert stat.S_IMODE((path.parent / name).stat().st_mode) == 0o600


def test_connections_have_the_settings_that_durability_rests_on(tmp_path: Path) -> None:
    engine = open_engine(url_of(tmp_path / "t.db"), busy_timeout_s=2)
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 2000, "secure_delete": 1}
    assert settings == expected


def test_reopening_changes_nothing(tmp_path: Path) -> None:
    url = url_of(tmp_path / "t.db")
    with Store.open(url) as store:
        store.save_alert(make_alert())
    before = _schema(open_engine(url))
    with Store.open(url) as store:
        assert store.load_alert("A-1") == make_alert()
    assert _schema(open_engine(url)) == before


def test_migrations_make_exactly_the_tables_that_queries_use(tmp_path: Path) -> None:
    migrated = open_engine(url_of(tmp_path / "migrated.db"))
    declared = create_engine(url_of(tmp_path / "declared.db"))
    metadata.create_all(declared)
    assert _schema(migrated) == _schema(declared)


def test_a_newer_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    open_engine(url_of(path)).dispose()
    tamper(path, "INSERT INTO schema_migrations VALUES (3, '0003_later', '2027-01-01')")
    with pytest.raises(SchemaMismatch, match=r"schema version 3, this program knows 2: install the newer version"):
        open_engine(url_of(path))


def test_another_history_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    open_engine(url_of(path)).dispose()
    tamper(path, "UPDATE schema_migrations SET name = '0001_other' WHERE version = 1")
    with pytest.raises(SchemaMismatch, match="0001_other"):
        open_engine(url_of(path))


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    tamper(path, "CREATE TABLE embeddings (id INTEGER)")
    with pytest.raises(StoreError, match=r"another program.*embeddings"):
        open_engine(url_of(path))
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("embeddings",)]


def test_a_migration_that_fails_half_way_leaves_nothing_and_a_copy_stands(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    engine = open_engine(url_of(path))
    Store(engine).save_alert(make_alert())
    before = _schema(engine)
    broken = Migration("0003_broken", ("CREATE TABLE runs (run_id TEXT)", "CREATE TABLE runs (run_id TEXT)"))
    with pytest.raises(StoreError, match="runs"):
        migrate(engine, (*MIGRATIONS, broken))
    assert _schema(engine) == before
    copy = Path(f"{path}.schema-2.backup")
    assert copy.exists()
    assert Store.open(url_of(copy)).load_alert("A-1") == make_alert()

    whole = Migration("0003_runs", ("CREATE TABLE runs (run_id TEXT)",))
    migrate(engine, (*MIGRATIONS, whole))
    assert "runs" in inspect(engine).get_table_names()
    with pytest.raises(SchemaMismatch):
        migrate(engine, MIGRATIONS)


def test_two_processes_that_migrate_at_once_do_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the work done when its turn comes: here the first works while the second waits for the lock."""
    url = url_of(tmp_path / "t.db")
    first_look = migrations._applied_version
    looks: list[int] = []

    def look(*arguments: object) -> int:
        found = first_look(*arguments)  # type: ignore[arg-type]
        if not looks:
            looks.append(found)
            monkeypatch.setattr(migrations, "_applied_version", first_look)
            open_engine(url).dispose()
        return found

    monkeypatch.setattr(migrations, "_applied_version", look)
    engine = open_engine(url)
    assert looks == [0]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM schema_migrations").scalar() == len(MIGRATIONS)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("triage.db", "write sqlite:///"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://host/db", "not supported"),
    ],
)
def test_an_address_that_cannot_work_is_explained(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_engine(url)


def test_a_path_under_a_file_names_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"file/triage\.db.*check who owns"):
        open_engine(url_of(tmp_path / "file" / "triage.db"))


def test_a_read_only_folder_and_a_file_of_another_owner_are_refused() -> None:
    with _folder_of_an_ordinary_user() as folder:
        path = folder / "triage.db"
        open_engine(url_of(path)).dispose()
        path.chmod(0o400)
        with pytest.raises(StoreError, match=r"triage\.db.*check who owns"):
            open_engine(url_of(path))
        path.chmod(0o600)
        folder.chmod(0o500)
        with pytest.raises(StoreError, match=r"triage\.db.*check who owns the file and its folder"):
            open_engine(url_of(path))
        with pytest.raises(StoreError, match=r"absent\.db.*check who owns"):
            open_engine(url_of(folder / "absent.db"))


def test_a_file_that_is_no_database_points_to_the_backup(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    path.write_bytes(b"This is not a database, it is a letter. " * 200)
    with pytest.raises(StoreError, match=r"damaged or is no database.*latest backup"):
        open_engine(url_of(path))
    assert path.read_bytes().startswith(b"This is not")


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with Store.open(url_of(path)) as store:
        store.save_alert(make_alert(text="word " * 20_000))
        assert store.check_integrity() == ()
    pages = bytearray(path.read_bytes())
    pages[4096:] = bytes(255 - byte for byte in pages[4096:])
    path.write_bytes(pages)
    engine = create_engine(url_of(path))
    assert check_integrity(engine) != ()


def test_a_lock_that_lasts_is_a_clear_and_retryable_error(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    store = Store(open_engine(url_of(path), busy_timeout_s=0.05))
    store.save_alert(make_alert())
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy, match="held by another process") as caught:
        store.save_alert(make_alert("A-2"))
    assert caught.value.retryable
    assert store.load_alert("A-1") == make_alert(), "reading goes on"
    holder.execute("ROLLBACK")
    assert store.save_alert(make_alert("A-2")).status == "new"


def test_a_full_disk_keeps_nothing_of_the_write_and_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    engine = open_engine(url_of(path))
    store = Store(engine)
    alert = make_alert()
    store.save_alert(alert)
    engine.dispose()
    with _no_room(engine), pytest.raises(StoreError, match=r"no room left.*free some disk space"):
        store.save_record(make_record(alert).model_copy(update={"raw_replies": ("x" * 400_000,)}), 1)
    assert store.latest_record("A-1") is None
    assert store.load_alert("A-1") == alert
    assert store.check_integrity() == ()
    assert store.verify_audit().ok
    store.save_record(make_record(alert), 1)
    assert store.latest_record("A-1") == make_record(alert)


def test_a_backup_is_whole_opens_and_verifies(tmp_path: Path) -> None:
    store = Store.open(url_of(tmp_path / "t.db"))
    alert = make_alert()
    store.save_alert(alert)
    with store._engine.connect() as busy:
        busy.exec_driver_sql("SELECT 1")
        store.backup(tmp_path / "copy.db")
    store.save_record(make_record(alert), 1)
    with Store.open(url_of(tmp_path / "copy.db")) as copy:
        assert copy.load_alert("A-1") == alert
        assert copy.latest_record("A-1") is None
        assert copy.verify_audit().ok
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="exists already"):
        store.backup(tmp_path / "copy.db")
    with pytest.raises(StoreError, match="cannot be written"):
        store.backup(tmp_path / "nowhere" / "copy.db")
    assert {file.name for file in tmp_path.iterdir() if "copy" in file.name and "-" not in file.name} == {"copy.db"}


def test_a_backup_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(url_of(tmp_path / "t.db"))
    monkeypatch.setattr(os, "fsync", _refuse)
    with pytest.raises(StoreError, match="cannot be written"):
        write_backup(engine, tmp_path / "copy.db")
    assert not [file for file in tmp_path.iterdir() if "copy" in file.name]


def _refuse(_descriptor: int) -> None:
    raise OSError(5, "Input/output error")


@contextmanager
def _no_room(engine: Engine) -> Iterator[None]:
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite raises it to the present size

    event.listen(engine, "connect", limit)
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


@contextmanager
def _folder_of_an_ordinary_user() -> Iterator[Path]:
    """Permissions do not bind root: where the tests run as root, step down."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        if user == 0:
            os.chown(name, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            Path(name).chmod(0o700)
            os.seteuid(user)


def _schema(engine: Engine) -> dict[str, object]:
    found = inspect(engine)
    schema: dict[str, object] = {}
    for table in found.get_table_names():
        if table in {"schema_migrations", "sqlite_sequence"}:
            continue
        key = tuple(found.get_pk_constraint(table)["constrained_columns"])
        schema[table] = {
            "columns": {_describe(column, key) for column in found.get_columns(table)},
            "key": key,
            "foreign": {
                (tuple(foreign["constrained_columns"]), foreign["referred_table"], tuple(foreign["referred_columns"]))
                for foreign in found.get_foreign_keys(table)
            },
            "unique": {tuple(unique["column_names"]) for unique in found.get_unique_constraints(table)},
            "checks": {(check["name"], check["sqltext"]) for check in found.get_check_constraints(table)},
            "indexes": {
                (index["name"], tuple(index["column_names"]), bool(index["unique"]))
                for index in found.get_indexes(table)
            },
        }
    return schema


def _describe(column: ReflectedColumn, key: tuple[str, ...]) -> tuple[str, str, bool]:
    kind = str(column["type"]).replace("DOUBLE", "REAL")  # two names of one SQLite type
    return column["name"], kind, bool(column["nullable"]) and column["name"] not in key
