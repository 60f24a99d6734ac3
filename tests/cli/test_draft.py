"""``triage draft``: every way in, both ways out, and what it exits with."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from agent.llm.behaviours import answer, fault
from agent.llm.scripted_server import ScriptedServer
from agent.store.store import Store
from tests.cli.terminal import COMMAND, NAME, TEXT, Terminal, alert_row, alert_text, run_process

CONTROLS = "\x1b[2J\x1b]0;owned\x07\x00\x9b31m\r\u202e\u200b"


def reply(**more: object) -> dict[str, object]:
    """A sound answer about the alert's file."""
    quotes = [{"text": TEXT.split("\n", 1)[0], "sentence": "p1.s1"}]
    party = {"id": "P1", "name": NAME, "kind": "person", "role": "offender", "aliases": [], "identifiers": []}
    event = {"id": "E1", "offences": ["fraud"], "stage": "convicted", "in_absentia": False, "final": False}
    event |= {"parties": ["P1"], "claim": f"A court convicted {NAME} of fraud.", "date": None, "jurisdiction": "PT"}
    return {
        "parties": [{**party, "quotes": quotes}],
        "subject_party": "P1",
        "events": [{**event, "authority": None, "amounts": [], "quotes": quotes}],
        "counter_evidence": [],
        "source_assessment": {"kind": "news_report", "attributed_to": [], "note": ""},
        "narrative": f"The article reported that a court convicted {NAME} of fraud (E1).",
        "missing_information": [],
        "next_steps": [],
        "precedents": [],
    } | more


# --- what comes out


def test_the_page_tells_what_why_and_where_it_stands(terminal: Terminal, alert_file: Path) -> None:
    run = terminal.run("draft", alert_file)
    assert run.code == 0
    page = run.flat()
    for words in (
        "Alert A-1",
        "ESCALATE",
        f"Article's subject: {NAME}",
        "Reasons: convicted:fraud",
        "not by a model",
        "E1 CONVICTED",
        "word for word, p1.s1",
        "denial — by",
        "Inês Valdegrave LAWYER",
        "Article, evidence marked",
        "His lawyer, Inês Valdegrave, said he denied the charges",
        "quotes found word for word",
        "drafter extractive",
    ):
        assert words in page, words
    assert "No reference index yet" in page


def test_brief_leaves_the_article_out(terminal: Terminal, alert_file: Path) -> None:
    page = terminal.run("draft", alert_file, "--brief").flat()
    assert "E1 CONVICTED" in page
    assert "Article, evidence marked" not in page
    assert "sold the same tanker" not in page


def test_json_is_one_record_a_line(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text(alert_row("A-1") + "\n" + alert_row("A-2") + "\n", encoding="utf-8")
    run = terminal.run("draft", path, "--json")
    assert run.code == 0
    assert run.err == ""
    assert [record["alert_id"] for record in run.records()] == ["A-1", "A-2"]
    first, second = run.records()
    assert first["summary"] == second["summary"]
    assert "raw_replies" not in first


def test_json_is_utf_8_in_a_process_that_knows_only_ascii(tmp_path: Path, alert_file: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    run = run_process(tmp_path, "draft", alert_file, "--json", environment=plain)
    assert run.code == 0, run.err
    assert "Inês Valdegrave" in run.out
    assert run.record()["recommendation"]["value"] == "escalate"
    page = run_process(tmp_path, "draft", alert_file, environment=plain)
    assert page.code == 0, page.err
    assert "In\\xeas Valdegrave" in page.out


def test_no_control_character_of_an_article_reaches_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "hostile.json"
    path.write_text(alert_row(text=TEXT + CONTROLS, title=f"T{CONTROLS}", source=f"S{CONTROLS}"), encoding="utf-8")
    run = terminal.run("draft", path)
    assert run.code == 0
    for char in CONTROLS.replace("\r", ""):
        if char not in "[2J]0;owned31m":
            assert char not in run.out + run.err, f"U+{ord(char):04X}"
    assert "\r" not in run.out.replace("\r\n", "\n")
    assert "<U+001B>[2J" in run.flat()
    assert "<U+202E>" in run.flat()
    again = terminal.run("show", "A-1")
    assert again.code == 0
    assert "\x1b" not in again.out
    prompt = terminal.run("prompt", "render", path)
    assert prompt.code == 0
    assert "\x1b" not in prompt.out


def test_no_control_character_of_a_file_name_reaches_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.docx"
    path.write_bytes(b"PK")
    run = terminal.run("draft", path)
    assert run.code == 1
    assert "\x1b" not in run.err


# --- what goes in


def test_a_folder_is_drafted_file_by_file(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text(alert_text("A-1"), encoding="utf-8")
    (folder / "deep" / "b.jsonl").write_text(alert_row("A-2") + "\n" + alert_row("A-3"), encoding="utf-8")
    run = terminal.run("draft", folder, "--json")
    assert run.code == 0
    assert [record["alert_id"] for record in run.records()] == ["A-1", "A-2", "A-3"]


def test_standard_input_is_read(terminal: Terminal) -> None:
    run = terminal.run("draft", "-", "--json", stdin=alert_text("A-9").encode())
    assert run.code == 0
    assert run.record()["alert_id"] == "A-9"


def test_the_format_can_be_said(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "alerts.dump"
    path.write_text(alert_row("A-7"), encoding="utf-8")
    refused = terminal.run("draft", path)
    assert refused.code == 1
    assert "'.dump' tells no format" in refused.err
    assert terminal.run("draft", path, "--format", "jsonl", "--json").record()["alert_id"] == "A-7"


def test_one_bad_alert_fails_and_the_rest_goes_on(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    spoiled = json.dumps({"alert_id": "A-2", "article": {"text": "Text.", "published_at": "soon"}})
    path.write_text("\n".join([alert_row("A-1"), spoiled, "{", alert_row("A-4")]), encoding="utf-8")
    run = terminal.run("draft", path, tmp_path / "gone.txt", "--json")
    assert run.code == 1
    records = run.records()
    assert [record["alert_id"] for record in records] == ["A-1", "A-2", None, "A-4", None]
    assert [("summary" in record) for record in records] == [True, False, False, True, False]
    assert [record["failure"]["stage"] for record in records if "failure" in record] == ["intake"] * 3
    complaints = [line for line in run.err.splitlines() if line.startswith("triage:")]
    assert len(complaints) == 3
    assert f"{path}:2" in complaints[0]
    assert "A-2" in complaints[0]
    assert f"{path}:3" in complaints[1]
    assert "gone.txt" in complaints[2]
    assert complaints[2].count("gone.txt") == 1, "the file is named once"


def test_the_page_counts_what_failed(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text("\n".join([alert_row("A-1"), "{"]), encoding="utf-8")
    run = terminal.run("draft", path, "--brief")
    assert run.code == 1
    assert "2 alerts: 1 drafted, 1 failed." in run.err


def test_an_empty_file_is_no_success(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    path.write_text("\n\n", encoding="utf-8")
    run = terminal.run("draft", path)
    assert run.code == 1
    assert "no alert" in run.err or "is empty" in run.err


# --- wrong usage, wrong configuration


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("draft",), "Missing argument"),
        (("draft", "x.txt", "--modle", "none"), "No such option"),
        (("draft", "x.txt", "--format", "docx"), "Formats: text, json"),
        (("drafft",), "No such command"),
        (("show",), "Missing argument"),
        (("schema", "nonsense"), "not one of"),
        (("prompt", "diff", "summary", "0", "1"), "from 1 up"),
    ],
)
def test_wrong_usage_exits_2(terminal: Terminal, arguments: tuple[str, ...], words: str) -> None:
    run = terminal.run(*arguments)
    assert run.code == 2
    assert words in run.err
    assert run.out == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TRIAGE_TEMPERATURE": "hot"}, "'temperature' (from TRIAGE_TEMPERATURE)"),
        ({"TRIAGE_ATTEMPTS": "0"}, "'attempts' (from TRIAGE_ATTEMPTS)"),
        ({"TRIAGE_CONFIG": "gone.toml"}, "TRIAGE_CONFIG names gone.toml, which does not exist"),
        ({"TRIAGE_POLICY_FILE": "gone.yaml"}, "gone.yaml cannot be read"),
        ({"TRIAGE_PRICES_FILE": "gone.yaml", "TRIAGE_MODEL": "openai:m"}, "gone.yaml cannot be read"),
        ({"TRIAGE_MODEL": "gpt-4.1"}, "TRIAGE_MODEL (or --model) is 'gpt-4.1': write provider:name"),
        ({"TRIAGE_MODEL": "openai:gpt-4.1"}, "TRIAGE_API_KEY (or OPENAI_API_KEY)"),
        ({"TRIAGE_MODEL": "nobody:m"}, "The provider 'nobody'"),
        ({"TRIAGE_MODEL": "scripted:gone.yaml"}, "gone.yaml"),
    ],
)
def test_wrong_configuration_exits_4_before_any_work(
    terminal: Terminal, alert_file: Path, settings: dict[str, str], words: str
) -> None:
    run = terminal.run("draft", alert_file, "--json", settings=settings)
    assert run.code == 4
    assert words in run.err
    assert run.out == ""
    assert len(run.err.splitlines()) == 1


def test_a_wrong_key_in_the_settings_file_is_named(terminal: Terminal, alert_file: Path, tmp_path: Path) -> None:
    (tmp_path / "triage.toml").write_text('modell = "none"\n', encoding="utf-8")
    run = terminal.run("draft", alert_file)
    assert run.code == 4
    assert "triage.toml: 'modell' is no setting" in run.err


def test_the_settings_file_is_read_and_the_environment_stands_above_it(
    terminal: Terminal, alert_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "triage.toml").write_text('model = "nobody:m"\n', encoding="utf-8")
    assert terminal.run("draft", alert_file).code == 4
    assert terminal.run("draft", alert_file, settings={"TRIAGE_MODEL": "none"}).code == 0
    assert terminal.run("draft", alert_file, "--model", "none").code == 0


def test_a_home_that_cannot_be_one_is_a_sentence(terminal: Terminal, alert_file: Path) -> None:
    run = terminal.run("draft", alert_file, settings={"TRIAGE_HOME": str(alert_file)})
    assert run.code == 1
    assert "cannot be opened for writing" in run.err


# --- with a model


def model_settings(server: ScriptedServer, **more: str) -> dict[str, str]:
    return {"TRIAGE_MODEL": "openai:scripted", "TRIAGE_BASE_URL": server.base_url, "TRIAGE_ATTEMPTS": "1", **more}


def test_a_models_draft_is_checked_priced_and_paid_once(terminal: Terminal, alert_file: Path) -> None:
    with ScriptedServer([answer(reply())]) as server:
        first = terminal.run("draft", alert_file, "--json", settings=model_settings(server)).record()
        again = terminal.run("draft", alert_file, "--json", settings=model_settings(server)).record()
        assert len(server.requests) == 1, "a recorded call is not paid twice"
    assert first["drafter"] == again["drafter"] == "llm"
    assert first["provenance"]["usage"]["calls"] == 1
    assert again["provenance"]["usage"]["calls"] == 0
    assert first["summary"] == again["summary"]
    assert first["recommendation"]["value"] == "escalate"
    page = terminal.run("show", "A-1").flat()
    assert "drafter llm" in page
    assert "prompt summary@" in page


def test_model_none_means_extractive_whatever_is_set(terminal: Terminal, alert_file: Path) -> None:
    run = terminal.run("draft", alert_file, "--model", "none", "--json", settings={"TRIAGE_MODEL": "nobody:m"})
    assert run.code == 0
    assert run.record()["drafter"] == "extractive"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("unauthorized", "AccessDenied"),
        ("unknown_model", "AccessDenied"),
        ("insufficient_quota", "QuotaExhausted"),
        ("server_error", "ModelUnavailable"),
        ("rate_limited_long", "RateLimited"),
        ("html", "ModelUnavailable"),
        ("refusal", "Refused"),
        ("plain_refusal", "ReplyInvalid"),
    ],
)
def test_a_model_that_fails_leaves_the_extractive_draft_marked_as_such(
    terminal: Terminal, alert_file: Path, name: str, error: str
) -> None:
    with ScriptedServer([fault(name)]) as server:
        run = terminal.run("draft", alert_file, "--json", settings=model_settings(server))
    record = run.record()
    assert run.code == 0
    assert record["drafter"] == "extractive"
    assert error in record["provenance"]["fallback_reason"]
    assert record["recommendation"]["value"] == "escalate"
    assert f"triage: alert A-1: {record['provenance']['fallback_reason']}" in run.err


def test_the_page_says_why_the_model_was_not_used(terminal: Terminal, alert_file: Path) -> None:
    with ScriptedServer([fault("server_error")]) as server:
        run = terminal.run("draft", alert_file, settings=model_settings(server))
    assert "not by a model" in run.flat()
    assert "The model gave no usable draft. ModelUnavailable" in run.flat()


# --- what is kept


def test_records_and_failures_are_kept(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    spoiled = json.dumps({"alert_id": "A-2", "article": {"text": "Text.", "published_at": "soon"}})
    path.write_text("\n".join([alert_row("A-1"), spoiled]), encoding="utf-8")
    printed = terminal.run("draft", path, "--json").records()
    with Store.open(f"sqlite:///{terminal.home / 'triage.db'}") as store:
        record, failure = store.latest_record("A-1"), store.latest_failure("A-2")
        assert record is not None
        assert json.loads(record.model_dump_json()) == printed[0]
        assert failure is not None
        assert failure.failure.error == "AlertInvalid"
        assert store.verify_audit().ok


def test_a_pipe_that_closes_early_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text("\n".join(alert_row(f"A-{n}", text=TEXT * 20) for n in range(20)), encoding="utf-8")
    with subprocess.Popen(
        [*COMMAND, "draft", str(path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TRIAGE_HOME": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        complaint = io.TextIOWrapper(process.stderr, encoding="utf-8").read()
        process.wait(timeout=60)
    assert "Traceback" not in complaint
