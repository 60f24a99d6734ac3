"""``triage precedents``: past decisions from files, one in full, and what they do to drafts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.store.store import Store
from tests.cli.terminal import Terminal, alert_row
from tests.contract.store_examples import make_approval, make_decision, make_precedent, url_of
from tests.spine.parts import DEMO

PRECEDENTS = DEMO / "precedents.jsonl"


def past_row(number: int, **changes: object) -> str:
    row = make_precedent(number).model_dump(mode="json", exclude={"imported"})
    return json.dumps({key: value for key, value in {**row, **changes}.items() if value is not ...})


def past_file(folder: Path, *rows: str) -> Path:
    path = folder / "past.jsonl"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def stored(terminal: Terminal) -> dict[str, bool]:
    """The precedents of the store, and whether they are imported."""
    with Store.open(url_of(terminal.home / "triage.db")) as store:
        return {precedent.precedent_id: precedent.imported for precedent in store.iter_precedents()}


@pytest.fixture
def alerts_file(tmp_path: Path) -> Path:
    path = tmp_path / "alerts.jsonl"
    path.write_text("\n".join(alert_row(f"A-{number}") for number in range(3)), encoding="utf-8")
    return path


# --- load


def test_past_decisions_are_loaded_marked_as_imported_and_drawn_on(terminal: Terminal, alert_file: Path) -> None:
    run = terminal.run("precedents", "load", PRECEDENTS)
    assert run.code == 0
    assert "30 new" in run.err
    assert set(stored(terminal).values()) == {True}
    assert terminal.run("draft", alert_file, "--json").record()["provenance"]["precedents"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"approved_by": ...}, "approved_by"),
        ({"decided_by": ...}, "decided_by"),
        ({"approved_by": "rosa QUINT"}, "two people"),
        ({"decided_at": ...}, "decided_at"),
        ({"outcome": "duplicate"}, "outcome"),
    ],
)
def test_a_row_that_does_not_name_two_people_a_date_and_an_outcome_is_refused_by_its_line(
    terminal: Terminal, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    path = past_file(tmp_path, past_row(1), past_row(2, **changes), past_row(3))
    run = terminal.run("precedents", "load", path)
    assert run.code == 1
    assert f"{path}, line 2: " in run.err
    assert words in run.err
    assert sorted(stored(terminal)) == ["C-1", "C-3"]


def test_a_file_cannot_claim_to_be_decided_here(terminal: Terminal, tmp_path: Path) -> None:
    path = past_file(tmp_path, past_row(1, imported=False))
    assert terminal.run("precedents", "load", path).code == 0
    assert stored(terminal) == {"C-1": True}


def test_replacing_removes_what_the_files_do_not_hold_but_nothing_decided_here(
    terminal: Terminal, tmp_path: Path, alert_file: Path
) -> None:
    assert terminal.run("precedents", "load", past_file(tmp_path, past_row(1), past_row(2))).code == 0
    assert terminal.run("draft", alert_file, "--json").code == 0
    with Store.open(url_of(terminal.home / "triage.db")) as store:
        decision = make_decision()
        store.add_decision(decision)
        store.add_approval(make_approval(decision))
    run = terminal.run("precedents", "load", past_file(tmp_path, past_row(2)), "--replace")
    assert run.code == 0
    assert stored(terminal) == {"C-2": True, "decision:D-1": False}


# --- show


def test_a_precedent_is_shown_to_a_person_and_to_a_program(terminal: Terminal) -> None:
    assert terminal.run("precedents", "load", PRECEDENTS).code == 0
    shown = terminal.run("precedents", "show", "DP-001")
    assert shown.code == 0
    assert "MATERIAL (conviction_financial_crime)" in shown.out
    assert "Ottilie Brandhagen" in shown.out
    assert "imported" in shown.out
    assert terminal.run("precedents", "show", "DP-001", "--json").record()["imported"] is True
    gone = terminal.run("precedents", "show", "DP-900")
    assert gone.code == 1
    assert "DP-900" in gone.err


# --- ablate


def test_the_extractive_drafter_is_said_to_be_immune_by_construction(terminal: Terminal, alerts_file: Path) -> None:
    assert terminal.run("precedents", "load", PRECEDENTS).code == 0
    run = terminal.run("precedents", "ablate", alerts_file)
    assert run.code == 0
    assert "no call of a model" in run.err
    assert "recommendations lowered" in run.out
    assert "by construction" not in run.out
    assert "no change of a recommendation was possible" in run.flat()


def test_the_report_is_one_json_object_and_keeps_nothing(terminal: Terminal, alerts_file: Path) -> None:
    assert terminal.run("precedents", "load", PRECEDENTS).code == 0
    report = terminal.run("precedents", "ablate", alerts_file, "--json", "--limit", "2").record()
    assert report["alerts"] == 2
    assert [effect["condition"] for effect in report["effects"]] == [
        "with",
        "without",
        "shuffled",
        "poisoned to close",
        "poisoned to escalate",
    ]
    assert report["poisoned"] > 0
    assert terminal.run("show", "A-0").code == 1


def test_a_model_is_asked_once_for_each_condition_and_never_paid_twice(
    terminal: Terminal, alerts_file: Path, tmp_path: Path
) -> None:
    assert terminal.run("precedents", "load", PRECEDENTS).code == 0
    script = tmp_path / "script.json"
    script.write_text(json.dumps([ANSWER] * 10), encoding="utf-8")
    model = f"scripted:{script}"
    run = terminal.run("precedents", "ablate", alerts_file, "--limit", "2", "--model", model, "--json")
    assert run.code == 0, run.err
    assert "10 calls of scripted:" in run.err
    effects = run.record()["effects"]
    assert [effect["calls"] for effect in effects] == [2] * 5
    assert all(effect["flips"] == {} for effect in effects)
    again = terminal.run("precedents", "ablate", alerts_file, "--limit", "2", "--model", model, "--json").record()
    assert [effect["calls"] for effect in again["effects"]] == [0] * 5


def test_without_precedents_nothing_is_asked_of_a_model(terminal: Terminal, alerts_file: Path) -> None:
    run = terminal.run("precedents", "ablate", alerts_file, "--model", "scripted:nowhere.json")
    assert run.code != 0
    assert "Traceback" not in run.err


def test_alerts_that_cannot_be_read_are_named_and_the_others_compared(terminal: Terminal, alerts_file: Path) -> None:
    assert terminal.run("precedents", "load", PRECEDENTS).code == 0
    alerts_file.write_text(alerts_file.read_text(encoding="utf-8") + "\n{\n", encoding="utf-8")
    run = terminal.run("precedents", "ablate", alerts_file, "--json")
    assert run.code == 1
    assert f"{alerts_file}:4" in run.err
    assert run.record()["alerts"] == 3


QUOTE = {"text": "A Lisbon court on Monday convicted the shipbroker Amaro Teixordal of fraud", "sentence": None}
ANSWER: dict[str, Any] = {
    "parties": [
        {
            "id": "P1",
            "name": "Amaro Teixordal",
            "kind": "person",
            "role": "offender",
            "aliases": [],
            "identifiers": [],
            "quotes": [QUOTE],
        }
    ],
    "subject_party": "P1",
    "events": [
        {
            "id": "E1",
            "offences": ["fraud"],
            "stage": "convicted",
            "in_absentia": False,
            "final": False,
            "parties": ["P1"],
            "claim": "A Lisbon court convicted Amaro Teixordal of fraud.",
            "date": None,
            "jurisdiction": None,
            "authority": None,
            "amounts": [],
            "quotes": [QUOTE],
        }
    ],
    "counter_evidence": [],
    "source_assessment": {"kind": "news_report", "attributed_to": [], "note": ""},
    "narrative": "A Lisbon court convicted Amaro Teixordal of fraud (E1).",
    "missing_information": [],
    "next_steps": [],
    "precedents": [],
}
