"""The audit chain: whatever is changed, deleted, swapped or cut off is noticed; erasure is not a fault."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import RecordConflict, StoreError
from agent.store.audit import Checkpoint, hash_entry
from agent.store.content import name_key, subject_key
from agent.store.engine import open_engine
from agent.store.store import Store
from agent.store.verification import AuditReport, verify_audit
from tests.contract.store_examples import (
    make_alert,
    make_approval,
    make_decision,
    make_failure,
    make_precedent,
    make_profile,
    make_record,
    tamper,
    url_of,
)

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Checkpoint]:
    """A database with two writers' chains, every kind of entry, an erasure, and a checkpoint kept outside."""
    folder = tmp_path_factory.mktemp("audit")
    engine = open_engine(url_of(folder / "live.db"))
    desk, batch = Store(engine, writer="desk"), Store(engine, writer="batch")
    for number in range(3):
        alert = make_alert(f"A-{number}", text=f"Text number {number}.", name=f"Ilda Moravec {number}")
        batch.save_alert(alert)
        batch.save_record(make_record(alert, model="m"), 1)
        decision = make_decision(f"D-{number}", f"A-{number}")
        desk.add_decision(decision)
        desk.add_approval(make_approval(decision))
    batch.save_failure(make_failure("A-1"))
    batch.save_profiles([make_profile(1)])
    desk.erase_subject(subject_key(make_alert(name="Ilda Moravec 0")), by="Rosa Quint")
    checkpoint = desk.write_checkpoint(by="timer")
    batch.save_alert(make_alert("A-9"))
    desk.backup(folder / "original.db")
    return folder / "original.db", checkpoint


@pytest.fixture
def copy(original: tuple[Path, Checkpoint], tmp_path: Path) -> Path:
    return Path(shutil.copy(original[0], tmp_path / "copy.db"))


def verify(path: Path, checkpoint: Checkpoint | None = None) -> AuditReport:
    engine = open_engine(url_of(path))
    try:
        return verify_audit(engine, checkpoint)
    finally:
        engine.dispose()


def rows_of(path: Path, table: str) -> list[dict[str, object]]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute(f"SELECT rowid AS rowid_, * FROM {table} ORDER BY rowid")]
    connection.close()
    return rows


def test_the_untouched_chain_holds(original: tuple[Path, Checkpoint], copy: Path) -> None:
    report = verify(copy, original[1])
    assert report == AuditReport(True, len(rows_of(copy, "audit")), None, f"{report.entries} entries, all sound")
    assert {row["writer"] for row in rows_of(copy, "audit")} == {"desk", "batch"}


def test_audit_rows_hold_no_words_of_the_article_nor_names_of_subjects(copy: Path) -> None:
    everything = json.dumps([row for table in ("audit", "audit_heads") for row in rows_of(copy, table)])
    for word in ("Moravec", "Text number", "Lisbon", "Same birth year"):
        assert word not in everything


@given(st.data())
@SETTINGS
@pytest.mark.parametrize("table", ["audit", "audit_heads", "content", "content_salts"])
def test_a_changed_character_anywhere_is_detected(table: str, copy: Path, data: st.DataObject) -> None:
    path = Path(shutil.copy(copy, copy.with_name("flipped.db")))
    row = data.draw(st.sampled_from(rows_of(path, table)))
    covered = {"content": {"content_id", "subject_key", "body"}, "content_salts": {"content_id", "salt"}}.get(
        table, set(row)
    )
    column = data.draw(st.sampled_from(sorted(covered - {"rowid_"})))
    value = row[column]
    if isinstance(value, str):
        position = data.draw(st.integers(0, len(value) - 1))
        flipped: object = value[:position] + chr(ord(value[position]) ^ 1) + value[position + 1 :]
    else:
        flipped = "x" if value is None else value + data.draw(st.sampled_from([-100, -1, 1, 100]))  # type: ignore[operator]
    try:
        tamper(path, (f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (flipped, row["rowid_"])))
    except sqlite3.IntegrityError:
        return  # the change would make two rows one
    report = verify(path)
    assert not report.ok, (table, column, value, flipped)
    assert report.message


@given(st.data())
@SETTINGS
def test_a_deleted_entry_is_detected_even_if_the_rest_is_renumbered(
    original: tuple[Path, Checkpoint], copy: Path, data: st.DataObject
) -> None:
    path = Path(shutil.copy(copy, copy.with_name("deleted.db")))
    row = data.draw(st.sampled_from(rows_of(path, "audit")))
    tamper(path, ("DELETE FROM audit WHERE rowid = ?", (row["rowid_"],)))
    assert not verify(path).ok
    later = "UPDATE audit SET seq = -(seq - 1) WHERE writer = ? AND seq > ?"
    tamper(path, (later, (row["writer"], row["seq"])), "UPDATE audit SET seq = abs(seq)")
    assert not verify(path).ok


@given(st.data())
@SETTINGS
def test_two_swapped_entries_are_detected(copy: Path, data: st.DataObject) -> None:
    path = Path(shutil.copy(copy, copy.with_name("swapped.db")))
    rows = rows_of(path, "audit")
    one, other = data.draw(st.lists(st.sampled_from(rows), min_size=2, max_size=2, unique_by=lambda row: row["rowid_"]))
    move = "UPDATE audit SET writer = ?, seq = ? WHERE rowid = ?"
    tamper(
        path,
        (move, ("nobody", -1, one["rowid_"])),
        (move, (one["writer"], one["seq"], other["rowid_"])),
        (move, (other["writer"], other["seq"], one["rowid_"])),
    )
    report = verify(path)
    assert not report.ok
    assert report.first_bad_seq is not None


@given(st.data())
@SETTINGS
def test_a_chain_cut_short_is_detected_and_with_a_mended_head_by_the_checkpoint(
    original: tuple[Path, Checkpoint], copy: Path, data: st.DataObject
) -> None:
    path = Path(shutil.copy(copy, copy.with_name("cut.db")))
    writer = data.draw(st.sampled_from(sorted(original[1].heads)))
    kept = data.draw(st.integers(0, original[1].heads[writer].seq - 1))
    tamper(path, ("DELETE FROM audit WHERE writer = ? AND seq > ?", (writer, kept)))
    assert not verify(path).ok
    if kept:
        mend = (
            "UPDATE audit_heads SET seq = ?1, hash = (SELECT hash FROM audit WHERE writer = ?2 AND seq = ?1) "
            "WHERE writer = ?2"
        )
        tamper(path, (mend, (kept, writer)))
    else:
        tamper(path, ("DELETE FROM audit_heads WHERE writer = ?", (writer,)))
    report = verify(path, original[1])
    assert not report.ok


def test_a_history_written_anew_is_detected_by_the_checkpoint_alone(
    original: tuple[Path, Checkpoint], copy: Path
) -> None:
    """A forger who recomputes every hash needs the checkpoint that was kept elsewhere."""
    rows = [row for row in rows_of(copy, "audit") if row["writer"] == "batch"]
    statements: list[str | tuple[str, tuple[object, ...]]] = []
    previous = None
    for row in rows:
        forged = {name: part for name, part in row.items() if name != "rowid_"} | {
            "actor": "nobody",
            "heads": None,
            "previous": previous,
        }
        previous = hash_entry(forged)
        columns = ", ".join(f"{name} = ?" for name in ("actor", "heads", "previous", "hash"))
        values = ("nobody", None, forged["previous"], previous)
        statements.append((f"UPDATE audit SET {columns} WHERE rowid = ?", (*values, row["rowid_"])))
    statements.append(("UPDATE audit_heads SET hash = ? WHERE writer = 'batch'", (previous,)))
    statements.append("DELETE FROM audit WHERE writer = 'desk' AND action = 'checkpoint'")
    statements.append("UPDATE audit SET heads = NULL WHERE writer = 'desk'")
    tamper(copy, *statements)
    report = verify(copy, original[1])
    assert not report.ok
    assert report.first_bad_seq is not None


def test_a_whole_chain_removed_is_detected_by_the_other_chain(copy: Path) -> None:
    tamper(copy, "DELETE FROM audit WHERE writer = 'batch'", "DELETE FROM audit_heads WHERE writer = 'batch'")
    report = verify(copy)
    assert not report.ok
    assert "which a checkpoint names, is missing" in report.message


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM records WHERE alert_id = 'A-1'", "is gone"),
        ("DELETE FROM approvals WHERE decision_id = 'D-2'", "is gone"),
        ("DELETE FROM alert_revisions WHERE alert_id = 'A-9'", "is gone"),
        ("UPDATE records SET content_id = 'other' WHERE alert_id = 'A-1'", "without an audit entry"),
        (
            "UPDATE records SET content_id = (SELECT content_id FROM records r WHERE r.alert_id <> records.alert_id)",
            "without an audit entry",
        ),
        ("INSERT INTO content VALUES ('c', 'k', 'body', 'now')", "without an audit entry"),
        ("UPDATE content SET body = replace(body, 'convicted', 'acquitted') WHERE subject_key <> ''", "was changed"),
        ("DELETE FROM content_salts WHERE rowid = (SELECT max(rowid) FROM content_salts)", "was changed"),
        (
            "INSERT INTO decisions SELECT 99, 'D-99', alert_id, revision, 'X', disposition, reason_code, content_id, "
            "decided_at, added_at FROM decisions WHERE decision_id = 'D-1'",
            "without an audit entry",
        ),
    ],
)
def test_rows_and_texts_beside_the_chain_are_checked_too(copy: Path, statement: str, message: str) -> None:
    tamper(copy, statement)
    report = verify(copy)
    assert not report.ok
    assert message in report.message


def test_a_text_removed_without_a_tombstone_is_detected(copy: Path) -> None:
    content_id = rows_of(copy, "records")[1]["content_id"]
    tamper(
        copy,
        ("DELETE FROM content_salts WHERE content_id = ?", (content_id,)),
        ("DELETE FROM content WHERE content_id = ?", (content_id,)),
    )
    report = verify(copy)
    assert not report.ok
    assert "gone without a tombstone" in report.message


def test_bytes_that_are_no_text_are_a_finding_not_a_crash(copy: Path) -> None:
    tamper(copy, "UPDATE audit SET actor = CAST(x'ff41' AS TEXT) WHERE writer = 'desk' AND seq = 2")
    report = verify(copy)
    assert not report.ok


def test_a_checkpoint_survives_being_written_down(original: tuple[Path, Checkpoint]) -> None:
    line = original[1].to_line()
    assert "\n" not in line
    assert Checkpoint.from_line(line) == original[1]
    for broken in ("", "{}", '{"at": 1, "heads": []}', "sequence"):
        with pytest.raises(StoreError, match="not an audit checkpoint"):
            Checkpoint.from_line(broken)


def test_long_chains_are_joined_now_and_then(tmp_path: Path) -> None:
    engine = open_engine(url_of(tmp_path / "t.db"))
    first, second = Store(engine, writer="one"), Store(engine, writer="two")
    first.save_alert(make_alert("A-0"))
    for number in range(257):
        second.save_failure(make_failure(f"X-{number}"))
    joined = [row for row in rows_of(tmp_path / "t.db", "audit") if row["heads"] is not None]
    assert [(row["writer"], row["seq"]) for row in joined] == [("one", 1), ("two", 1), ("two", 257)]
    assert [entry.seq for entry in second.iter_audit("two")] == list(range(1, 258))
    assert first.verify_audit().ok


# Erasure


def test_erasing_a_subject_leaves_none_of_their_words_and_the_chain_holds(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    store = Store.open(url_of(path))
    alert = make_alert()
    other = make_alert("A-2", text="Nothing to do with her.", name="Bo Lindqvist")
    for each in (alert, other):
        store.save_alert(each)
        store.save_record(make_record(each, model="m"), 1)
    store.save_failure(make_failure(message="The reply about Moravec was cut."))
    decision = make_decision()
    store.add_decision(decision)
    store.add_approval(make_approval(decision))
    store.save_precedents([make_precedent(1), make_precedent(2, name="Bo Lindqvist")])
    generation = store.precedents_generation()

    erasure = store.erase_subject(name_key("  ilda   MORAVEC "), by="Rosa Quint")

    assert (erasure.alerts, erasure.texts, erasure.profiles, erasure.precedents) == (("A-1",), 5, 0, 1)
    assert (store.precedents_generation(), store.profiles_generation()) == (generation + 1, 0)
    assert [change.id for change in store.precedent_changes(generation) if change.entry is None] == ["C-1"]
    assert store.verify_audit().ok
    for name in ("t.db", "t.db-wal"):
        raw = (tmp_path / name).read_bytes()
        for word in (b"Moravec", b"moravec", b"Lisbon", b"Same birth year"):
            assert word not in raw, (name, word)
    with pytest.raises(StoreError, match="text of alert 'A-1' revision 1 was erased"):
        store.load_alert("A-1")
    with pytest.raises(StoreError, match="record of alert 'A-1' was erased"):
        store.latest_record("A-1")
    assert store.latest_failure("A-1") is None
    assert store.list_decisions("A-1") == ()
    assert [(line.alert_id, line.state) for line in store.list_alerts()] == [("A-1", "erased"), ("A-2", "triaged")]
    assert store.latest_record("A-2") == make_record(other, model="m"), "other people's rows stand"
    actions = [entry.action for entry in store.iter_audit()]
    assert actions.count("content.erased") == 5
    assert actions[-1] == "subject.erased"


def test_an_erased_alert_does_not_come_back_with_the_next_delivery(tmp_path: Path) -> None:
    store = Store.open(url_of(tmp_path / "t.db"))
    alert = make_alert()
    store.save_alert(alert)
    store.erase_subject(subject_key(alert), by="Rosa Quint")
    assert store.save_alert(alert).status == "already_there"
    with pytest.raises(RecordConflict, match="was erased; no record of it is kept"):
        store.save_record(make_record(alert), 1)
    with pytest.raises(RecordConflict, match="was erased, so it cannot be decided"):
        store.add_decision(make_decision())
    assert store.verify_audit().ok


def test_an_alert_without_a_name_is_erased_by_its_id(tmp_path: Path) -> None:
    store = Store.open(url_of(tmp_path / "t.db"))
    for number in (1, 2):
        store.save_alert(make_alert(f"A-{number}", name=None))
    key = subject_key(make_alert(name=None))
    assert key == "alert:A-1"
    assert store.erase_subject(key, by="Rosa Quint").alerts == ("A-1",)
    assert store.load_alert("A-2") == make_alert("A-2", name=None)
    assert store.erase_subject(key, by="Rosa Quint").texts == 0
