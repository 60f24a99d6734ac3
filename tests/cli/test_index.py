"""``triage index``: the store becomes an index that is whole, described as it is, and told when it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.store.store import Store
from tests.cli.terminal import NAME, Terminal, alert_text
from tests.contract.store_examples import make_profile
from tests.spine.parts import DEMO


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


def load_demo(terminal: Terminal) -> None:
    assert terminal.run("profiles", "load", DEMO / "profiles.ftm.jsonl", "--names-only").code == 0
    assert terminal.run("precedents", "load", DEMO / "precedents.jsonl").code == 0


def test_what_was_loaded_becomes_an_index_that_drafts_draw_on(terminal: Terminal, alert_file: Path) -> None:
    load_demo(terminal)
    record = terminal.run("draft", alert_file, "--json").record()
    assert record["provenance"]["precedents"]
    assert record["summary"]["precedents"]
    assert record["notes"] == []


def test_a_second_build_finds_nothing_to_do_and_force_builds_all_the_same(terminal: Terminal) -> None:
    load_demo(terminal)
    again = terminal.run("index", "build")
    assert again.code == 0
    assert "up to date" in again.err
    assert "rebuilt" not in again.err
    forced = terminal.run("index", "build", "--force").err
    assert "Searchable by name: 30 profiles, 58 names (rebuilt in" in forced
    assert "Profiles by description: 30 profiles (rebuilt in" in forced
    assert "texts embedded" not in forced, "every vector was on file"


def test_names_alone_are_built_without_embedding_and_the_rest_follows(terminal: Terminal) -> None:
    run = terminal.run("profiles", "load", DEMO / "profiles.ftm.jsonl", "--names-only")
    assert "Searchable by name: 30 profiles, 58 names" in run.err
    assert "embedded" not in run.err
    assert not (terminal.home / "index" / "profiles").exists()
    parts = {part["name"]: part for part in terminal.run("index", "stats", "--json").record()["parts"]}
    assert (parts["names"]["generation"], parts["profiles"]["generation"]) == (1, None)
    run = terminal.run("index", "build")
    assert "30 texts embedded" in run.err


def test_statistics_are_for_a_person_and_for_a_program(terminal: Terminal) -> None:
    load_demo(terminal)
    run = terminal.run("index", "stats")
    assert run.code == 0
    assert "names: 30 profiles, 58 names; generation 1 of 1, up to date" in run.out
    assert "On disk: " in run.out
    shown = terminal.run("index", "stats", "--json").record()
    assert {part["name"] for part in shown["parts"]} == {"names", "profiles", "precedents", "lexical"}
    assert not any(part["stale"] for part in shown["parts"])
    assert shown["size_bytes"] == sum(shown["sizes"].values()) > 0


def test_an_empty_home_is_described_as_such(terminal: Terminal) -> None:
    run = terminal.run("index", "stats")
    assert run.code == 0
    assert run.out.count("not built yet") == 4
    assert terminal.run("index", "verify").code == 1


def test_verifying_tells_whole_from_stale_and_damaged(terminal: Terminal) -> None:
    load_demo(terminal)
    assert terminal.run("index", "build").code == 0
    sound = terminal.run("index", "verify")
    assert (sound.code, sound.err) == (0, "")
    assert "is whole" in sound.out
    with Store.open(f"sqlite:///{terminal.home / 'triage.db'}") as store:
        store.save_profiles([make_profile(1)])
    stale = terminal.run("index", "verify")
    assert stale.code == 1
    assert "triage index build" in stale.err
    assert terminal.run("index", "build").code == 0
    assert terminal.run("index", "verify").code == 0
    (terminal.home / "index" / "names" / "current").write_text("nowhere", encoding="utf-8")
    damaged = terminal.run("index", "verify")
    assert damaged.code == 1
    assert "names" in damaged.err


def test_a_draft_says_when_the_index_is_older_than_the_store(terminal: Terminal, alert_file: Path) -> None:
    from retrieval.ingest.files import read_precedents

    load_demo(terminal)
    path = alert_file.with_name("more.jsonl")
    path.write_text(precedent(1), encoding="utf-8")
    with Store.open(f"sqlite:///{terminal.home / 'triage.db'}") as store:
        store.save_precedents(read_precedents(path))  # type: ignore[arg-type]
    notes = terminal.run("draft", alert_file, "--json").record()["notes"]
    assert notes
    assert all("triage index build" in note for note in notes)
    assert terminal.run("index", "build").code == 0
    assert terminal.run("draft", alert_file, "--json").record()["notes"] == []


def test_an_index_that_is_damaged_costs_its_part_and_is_built_anew(terminal: Terminal, alert_file: Path) -> None:
    load_demo(terminal)
    current = terminal.home / "index" / "precedents" / "current"
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
    assert terminal.run("precedents", "load", later).code == 0
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
