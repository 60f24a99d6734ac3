"""``triage index build``: files into the store, the store into the index, bad rows named and left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.terminal import NAME, Terminal, alert_text
from tests.spine.parts import DEMO

FILES = ("--profiles", DEMO / "profiles.ftm.jsonl", "--precedents", DEMO / "precedents.jsonl")


def precedent(number: int, **changes: object) -> str:
    row = {
        "precedent_id": f"T-{number}",
        "alert_id": f"PAST-{number}",
        "subject_name": "Quirin Halvgaard",
        "offences": ["fraud"],
        "stages": ["convicted"],
        "role": "offender",
        "jurisdiction": "PT",
        "source_kind": "news_report",
        "summary": "Shipbroker convicted by a court in Lisbon of fraud: one tanker sold to three buyers.",
        "outcome": "material",
        "reason_code": "conviction",
        "rationale": "A conviction for fraud, name and trade equal the customer file.",
        "decided_by": "Ana Analyst",
        "approved_by": "Berta Second",
        "decided_at": "2020-05-04T10:00:00Z",
    }
    return json.dumps(row | changes)


def test_files_become_an_index_that_drafts_draw_on(terminal: Terminal, alert_file: Path) -> None:
    run = terminal.run("index", "build", *FILES)
    assert run.code == 0
    assert "Profiles: 30 new" in run.err
    assert "Precedents: 30 new" in run.err
    assert "30 profiles" in run.err
    record = terminal.run("draft", alert_file, "--json").record()
    assert record["provenance"]["precedents"]
    assert record["summary"]["precedents"]
    assert record["notes"] == []


def test_a_second_build_finds_nothing_to_do_and_force_builds_all_the_same(terminal: Terminal) -> None:
    assert "built in" in terminal.run("index", "build", *FILES).err
    again = terminal.run("index", "build", *FILES)
    assert again.code == 0
    assert "0 new, 0 changed, 30 unchanged" in again.err
    assert "up to date" in again.err
    assert "built in" in terminal.run("index", "build", "--force").err


def test_bad_rows_are_named_and_the_others_are_loaded(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "past.jsonl"
    rows = [
        precedent(1),
        "{",
        precedent(2, approved_by="ana  ANALYST"),
        precedent(3, outcome="maybe"),
        precedent(1),
        precedent(4, disposition="duplicate"),
        precedent(5),
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    run = terminal.run("index", "build", "--precedents", path)
    assert run.code == 1
    assert "Precedents: 2 new" in run.err
    complaints = [line for line in run.err.splitlines() if line.startswith("triage:")]
    assert [line.split(", line ")[1].split(":")[0] for line in complaints] == ["2", "3", "4", "5", "6"]
    assert all(str(path) in line for line in complaints)
    assert "needs two people" in complaints[1]


def test_a_file_that_is_not_there_is_a_sentence(terminal: Terminal) -> None:
    run = terminal.run("index", "build", "--profiles", "gone.jsonl")
    assert run.code == 1
    assert "gone.jsonl cannot be read" in run.err


def test_a_draft_says_when_the_index_is_older_than_the_store(terminal: Terminal, alert_file: Path) -> None:
    from agent.store.store import Store
    from retrieval.files import read_precedents

    assert terminal.run("index", "build", *FILES).code == 0
    path = alert_file.with_name("more.jsonl")
    path.write_text(precedent(1), encoding="utf-8")
    with Store.open(f"sqlite:///{terminal.home / 'triage.db'}") as store:
        store.save_precedents(read_precedents(path))  # type: ignore[arg-type]
    (note,) = terminal.run("draft", alert_file, "--json").record()["notes"]
    assert "triage index build" in note
    assert terminal.run("index", "build").code == 0
    assert terminal.run("draft", alert_file, "--json").record()["notes"] == []


def test_an_index_that_is_damaged_costs_its_part_and_is_built_anew(terminal: Terminal, alert_file: Path) -> None:
    assert terminal.run("index", "build", *FILES).code == 0
    current = terminal.home / "index" / "current"
    current.write_text("nowhere", encoding="utf-8")
    run = terminal.run("draft", alert_file, "--json")
    assert run.code == 0
    record = run.record()
    assert record["summary"]["precedents"] == []
    assert any("index" in note for note in record["notes"])
    assert terminal.run("index", "build").code == 0
    assert terminal.run("draft", alert_file, "--json").record()["summary"]["precedents"]


@pytest.mark.parametrize("decided_at", ["2024-02-01T00:00:00Z", "2031-01-01T00:00:00Z"])
def test_neither_the_alert_itself_nor_a_later_decision_comes_back(
    terminal: Terminal, tmp_path: Path, decided_at: str
) -> None:
    later = tmp_path / "past.jsonl"
    rows = [precedent(1), precedent(2, alert_id="A-1"), precedent(3, decided_at=decided_at)]
    later.write_text("\n".join(rows), encoding="utf-8")
    assert terminal.run("index", "build", "--precedents", later).code == 0
    alert = {
        "alert_id": "A-1",
        "subject": {"name": NAME},
        "article": {"text": alert_text().split("\n", 1)[1]},
        "received_at": "2024-01-15T08:00:00Z",
    }
    path = tmp_path / "alert.json"
    path.write_text(json.dumps(alert), encoding="utf-8")
    record = terminal.run("draft", path, "--json").record()
    assert list(record["provenance"]["precedents"]) == ["T-1"]
    assert [note["id"] for note in record["summary"]["precedents"]] == ["T-1"]
