"""``triage show``: what was kept, shown again."""

from __future__ import annotations

import json
from pathlib import Path

from agent.store.store import Store
from tests.cli.terminal import NAME, Terminal, alert_text


def test_what_was_drafted_is_shown_again(terminal: Terminal, alert_file: Path) -> None:
    drafted = terminal.run("draft", alert_file)
    shown = terminal.run("show", "A-1")
    assert shown.code == 0
    assert shown.out == drafted.out


def test_it_is_shown_as_json(terminal: Terminal, alert_file: Path) -> None:
    drafted = terminal.run("draft", alert_file, "--json")
    shown = terminal.run("show", "A-1", "--json")
    assert shown.code == 0
    assert shown.record() == drafted.record()


def test_the_newest_record_is_shown_with_its_own_text(terminal: Terminal, alert_file: Path) -> None:
    terminal.run("draft", alert_file)
    alert_file.write_text(alert_text(text=f"The shipbroker {NAME} opened an office in Porto."), encoding="utf-8")
    terminal.run("draft", alert_file)
    page = terminal.run("show", "A-1").flat()
    assert "opened an office in Porto" in page
    assert "E1 CONVICTED" not in page


def test_a_record_is_shown_in_the_text_it_was_made_of(terminal: Terminal, alert_file: Path) -> None:
    terminal.run("draft", alert_file)
    with Store.open(f"sqlite:///{terminal.home / 'triage.db'}") as store:
        newer = store.load_alert("A-1")
        changed = newer.article.model_copy(update={"text": f"CORRECTED. {newer.article.text}"})
        store.save_alert(newer.model_copy(update={"article": changed}))
    run = terminal.run("show", "A-1")
    assert run.code == 0
    assert "has a newer text without a record" in run.err
    assert "E1 CONVICTED" in run.flat()
    assert "CORRECTED" not in run.out


def test_an_unknown_alert_is_a_sentence(terminal: Terminal) -> None:
    run = terminal.run("show", "A-404")
    assert run.code == 1
    assert "'A-404' is not stored" in run.err
    assert run.out == ""


def test_an_alert_that_never_became_one_is_told(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "spoiled.json"
    path.write_text(json.dumps({"alert_id": "A-2", "article": {"text": ""}}), encoding="utf-8")
    assert terminal.run("draft", path).code == 1
    run = terminal.run("show", "A-2")
    assert run.code == 1
    assert "A-2 could not be triaged" in run.err
    assert "has no text" in run.err
