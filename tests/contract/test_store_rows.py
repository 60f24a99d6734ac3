"""Alerts, records, failures and decisions: what is saved comes back, and rules hold in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.domain.fingerprint import alert_fingerprint
from agent.domain.record import Approval
from agent.errors import RecordConflict, StoreError
from agent.store.store import Store
from tests.contract.store_examples import (
    NOON,
    make_alert,
    make_approval,
    make_decision,
    make_failure,
    make_record,
    url_of,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "triage.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(url_of(path)) as opened:
        yield opened
        assert opened.verify_audit().ok, opened.verify_audit().message


def state_of(store: Store, alert_id: str = "A-1") -> str:
    return next(line.state.value for line in store.list_alerts() if line.alert_id == alert_id)


# Alerts


def test_the_same_text_again_is_already_there(store: Store) -> None:
    first = store.save_alert(make_alert())
    assert (first.revision, first.status) == (1, "new")
    assert first.fingerprint == alert_fingerprint(make_alert())
    later = make_alert().model_copy(update={"received_at": None, "notes": ()})
    again = store.save_alert(later)
    assert (again.revision, again.status, again.fingerprint) == (1, "already_there", first.fingerprint)
    assert len(store.list_alerts()) == 1
    assert store.load_alert("A-1") == make_alert(), "the first arrival stands"


def test_another_text_is_a_new_revision_and_the_old_one_is_kept(store: Store) -> None:
    store.save_alert(make_alert())
    changed = make_alert(text="A correction was published.")
    saved = store.save_alert(changed)
    assert (saved.revision, saved.status) == (2, "new_revision")
    assert store.load_alert("A-1") == changed
    assert store.load_alert("A-1", 1) == make_alert()
    assert store.load_alert("A-1", 2) == changed


def test_an_older_text_delivered_again_does_not_displace_the_newer(store: Store) -> None:
    store.save_alert(make_alert())
    store.save_alert(make_alert(text="A correction was published."))
    late = store.save_alert(make_alert())
    assert (late.revision, late.status) == (1, "already_there")
    assert store.load_alert("A-1").article.text == "A correction was published."


def test_another_subject_is_another_revision(store: Store) -> None:
    store.save_alert(make_alert(name=None))
    assert store.save_alert(make_alert()).status == "new_revision"


def test_an_unknown_alert_or_revision_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="alert 'A-9' is not stored"):
        store.load_alert("A-9")
    store.save_alert(make_alert())
    with pytest.raises(StoreError, match="alert 'A-1' revision 3 is not stored"):
        store.load_alert("A-1", 3)


@pytest.mark.parametrize(
    "text", ["zero \x00 byte", "\u202eright to left\u202c", "𝔘𝔫𝔦 e\u0301 \ufeff", "line\u2028sep\r\nend"]
)
def test_the_text_comes_back_character_for_character(store: Store, text: str) -> None:
    store.save_alert(make_alert(text=text))
    assert store.load_alert("A-1").article.text == text


def test_alerts_are_listed_in_order_in_pages(store: Store) -> None:
    for number in range(5):
        store.save_alert(make_alert(f"A-{number}"))
    store.save_alert(make_alert("A-0", text="changed"))
    store.save_record(make_record(make_alert("A-3")), 1)
    assert [line.alert_id for line in store.list_alerts()] == ["A-0", "A-1", "A-2", "A-3", "A-4"]
    page = store.list_alerts(limit=2, offset=3)
    assert [(line.alert_id, line.revision, line.state, line.recommendation) for line in page] == [
        ("A-3", 1, "triaged", "escalate"),
        ("A-4", 1, "new", None),
    ]
    assert store.list_alerts()[0].revision == 2
    store.save_alert(make_alert("A-3", text="changed"))
    assert store.list_alerts()[3].recommendation is None, "the new text has no draft yet"
    assert page[0].received_at == NOON.isoformat()


# Records and failures


def test_a_record_comes_back_whole_with_its_raw_replies(store: Store) -> None:
    alert = make_alert()
    store.save_alert(alert)
    assert store.latest_record("A-1") is None
    record = make_record(alert, model="openai:some-model-2026")
    record_id = store.save_record(record, 1)
    assert store.latest_record("A-1") == record
    assert store.load_record(record_id).raw_replies == record.raw_replies != ()
    assert state_of(store) == "triaged"


def test_the_latest_record_is_the_last_saved_whatever_its_clock_says(store: Store) -> None:
    alert = make_alert()
    store.save_alert(alert)
    first = make_record(alert, model="m-1")
    second = make_record(alert, model="m-2")
    earlier = second.provenance.model_copy(update={"finished_at": NOON.replace(year=2020)})
    ids = [store.save_record(first, 1), store.save_record(second.model_copy(update={"provenance": earlier}), 1)]
    latest = store.latest_record("A-1")
    assert latest is not None
    assert latest.provenance.model == "m-2"
    assert store.load_record(ids[0]) == first, "the first is kept"


def test_a_record_of_another_text_is_refused(store: Store) -> None:
    store.save_alert(make_alert())
    changed = make_alert(text="Another text.")
    with pytest.raises(RecordConflict, match="another text than the record was made from"):
        store.save_record(make_record(changed), 1)
    with pytest.raises(RecordConflict, match="alert 'A-1' revision 2 is not stored"):
        store.save_record(make_record(changed), 2)
    assert store.latest_record("A-1") is None
    with pytest.raises(StoreError, match="record 'none' is not stored"):
        store.load_record("none")


def test_records_are_never_changed_or_deleted_even_by_hand(store: Store, path: Path) -> None:
    alert = make_alert()
    store.save_alert(alert)
    store.save_record(make_record(alert), 1)
    raw = sqlite3.connect(path)
    for statement in (
        "UPDATE records SET recommendation = 'close_not_material'",
        "DELETE FROM records",
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE alert_revisions SET fingerprint = 'x'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            raw.execute(statement)


def test_failures_are_kept_and_the_latest_is_found(store: Store) -> None:
    store.save_alert(make_alert())
    assert store.latest_failure("A-1") is None
    store.save_failure(make_failure(message="first"))
    second = make_failure(message="second")
    store.save_failure(second)
    store.save_failure(make_failure(alert_id=None))
    store.save_failure(make_failure(alert_id="A-unknown"))
    assert store.latest_failure("A-1") == second
    assert store.latest_failure("A-unknown") == make_failure(alert_id="A-unknown")
    assert state_of(store) == "failed"
    store.save_record(make_record(make_alert()), 1)
    assert state_of(store) == "triaged"
    store.save_failure(make_failure())
    assert state_of(store) == "triaged", "a record stands"


# Decisions


def test_a_decision_and_its_approval_come_back(store: Store) -> None:
    store.save_alert(make_alert())
    decision = make_decision()
    store.add_decision(decision)
    assert store.list_decisions("A-1") == ((decision, None),)
    assert state_of(store) == "decided"
    store.add_approval(make_approval(decision))
    assert store.list_decisions("A-1") == ((decision, make_approval(decision)),)
    assert state_of(store) == "final"


def test_the_same_press_twice_is_one_decision(store: Store) -> None:
    store.save_alert(make_alert())
    decision = make_decision()
    for _ in range(2):
        store.add_decision(decision)
        store.add_approval(make_approval(decision))
    assert len(store.list_decisions("A-1")) == 1
    assert [entry.action for entry in store.iter_audit()] == ["alert.saved", "decision.added", "approval.added"]


def test_contradictions_are_refused(store: Store) -> None:
    with pytest.raises(RecordConflict, match="alert 'A-1' is not stored"):
        store.add_decision(make_decision())
    store.save_alert(make_alert())
    decision = make_decision()
    with pytest.raises(RecordConflict, match="not stored as it was approved"):
        store.add_approval(make_approval(decision))
    store.add_decision(decision)
    with pytest.raises(RecordConflict, match="already stands, with other content"):
        store.add_decision(decision.model_copy(update={"reason_code": "other"}))
    with pytest.raises(RecordConflict, match="not stored as it was approved"):
        store.add_approval(make_approval(decision.model_copy(update={"rationale": "Something quite different."})))
    store.add_approval(make_approval(decision))
    with pytest.raises(RecordConflict, match="already approved by 'Piet Halloran'"):
        store.add_approval(make_approval(decision, by="Una Third"))


def test_the_author_cannot_approve_in_the_model_nor_in_the_database(store: Store) -> None:
    store.save_alert(make_alert())
    decision = make_decision(author="Rosa Quint")
    store.add_decision(decision)
    with pytest.raises(ValidationError, match="own author"):
        make_approval(decision, by=" rosa quint ")
    forged = Approval.model_construct(decision=decision, by="ROSA QUINT", approved_at=NOON)
    with pytest.raises(RecordConflict, match="approvals_need_two_people"):
        store.add_approval(forged)
    assert store.list_decisions("A-1") == ((decision, None),)
    assert state_of(store) == "decided"


@pytest.mark.parametrize(
    ("author", "approver", "message"),
    [
        ("Rosa Quint", "Rosa Quint", "approvals_need_two_people"),
        ("Rosa Quint", " rosa QUINT ", "approvals_need_two_people"),
        ("Somebody Else", "Rosa Quint", "FOREIGN KEY"),
        ("Rosa Quint", " ", "approvals_need_an_approver"),
        (None, "Rosa Quint", "NOT NULL"),
    ],
)
def test_raw_sql_cannot_approve_ones_own_decision(
    store: Store, path: Path, author: str | None, approver: str, message: str
) -> None:
    store.save_alert(make_alert())
    store.add_decision(make_decision(author="Rosa Quint"))
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA foreign_keys=ON")
    with pytest.raises(sqlite3.IntegrityError, match=message):
        raw.execute("INSERT INTO approvals VALUES ('D-1', ?, ?, 'c', 'now', 'now')", (author, approver))


@pytest.mark.parametrize("author", [None, "", "  "])
def test_raw_sql_cannot_add_a_decision_without_an_author(store: Store, path: Path, author: str | None) -> None:
    store.save_alert(make_alert())
    raw = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match=r"NOT NULL|decisions_need_an_author"):
        raw.execute("INSERT INTO decisions VALUES (1, 'D-9', 'A-1', 1, ?, 'x', 'x', 'c', 'now', 'now')", (author,))


def test_a_decided_alert_with_a_new_text_reopens_and_its_old_decision_cannot_be_approved(store: Store) -> None:
    store.save_alert(make_alert())
    decision = make_decision()
    store.add_decision(decision)
    changed = make_alert(text="The conviction was overturned.")
    store.save_alert(changed)
    assert state_of(store) == "reopened"
    with pytest.raises(RecordConflict, match=r"new text since decision 'D-1'; decide again"):
        store.add_approval(make_approval(decision))
    store.save_record(make_record(changed), 2)
    assert state_of(store) == "reopened", "a draft does not settle what a person must look at again"
    second = make_decision("D-2")
    store.add_decision(second)
    store.add_approval(make_approval(second))
    assert [approval is not None for _, approval in store.list_decisions("A-1")] == [False, True]
