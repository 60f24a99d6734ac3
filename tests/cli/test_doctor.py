"""``triage doctor``: names what is set, from where, and the setting behind each fault; never a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.llm.behaviours import answer, fault
from agent.llm.scripted_server import ScriptedServer
from tests.cli.terminal import Run, Terminal, run_process
from tests.spine.parts import DEMO

CANARY = "canary-4711-not-to-be-seen"


def checks(run: Run) -> dict[str, str]:
    """The state of each check by its name."""
    found = re.findall(r"^(ok|note|fault) +(\w+) ", run.out, re.MULTILINE)
    return {name: state for state, name in found}


def test_with_nothing_set_all_is_well(terminal: Terminal) -> None:
    run = terminal.run("doctor")
    assert run.code == 0
    assert checks(run) == {
        "policy": "ok",
        "prompts": "ok",
        "database": "ok",
        "embedder": "ok",
        "index": "note",
        "reader": "ok",
        "model": "note",
    }
    assert "triage index build" in run.out
    assert "Set TRIAGE_MODEL=provider:name" in run.out


def test_every_setting_is_shown_with_its_origin(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "triage.toml").write_text("attempts = 2\n", encoding="utf-8")
    run = terminal.run("doctor", settings={"TRIAGE_DEADLINE_S": "30"})
    assert re.search(r"^attempts +2 +\[triage\.toml\]$", run.out, re.MULTILINE)
    assert re.search(r"^deadline_s +30\.0 +\[TRIAGE_DEADLINE_S\]$", run.out, re.MULTILINE)
    assert re.search(r"^timeout_s +[\d.]+ +\[default\]$", run.out, re.MULTILINE)
    assert re.search(rf"^home +{re.escape(str(terminal.home))} +\[TRIAGE_HOME\]$", run.out, re.MULTILINE)


def test_an_index_that_was_built_is_well(terminal: Terminal) -> None:
    assert terminal.run("profiles", "load", DEMO / "profiles.ftm.jsonl", "--names-only").code == 0
    assert terminal.run("precedents", "load", DEMO / "precedents.jsonl").code == 0
    run = terminal.run("doctor")
    assert checks(run)["index"] == "ok"
    assert "30 profiles, 30 precedents" in run.out


def test_an_empty_index_is_told(terminal: Terminal) -> None:
    assert terminal.run("index", "build").code == 0
    run = terminal.run("doctor")
    assert run.code == 0
    assert checks(run)["index"] == "note"


@pytest.mark.parametrize(
    "settings",
    [
        {"TRIAGE_MODEL": "openai:m", "TRIAGE_API_KEY": CANARY},
        {"TRIAGE_MODEL": "openai:m", "OPENAI_API_KEY": CANARY},
        {"TRIAGE_SECRET": CANARY},
        {"TRIAGE_MODEL": "openai:m", "TRIAGE_BASE_URL": f"http://user:{CANARY}@127.0.0.1:9/v1", "TRIAGE_ATTEMPTS": "1"},
        {"TRIAGE_DATABASE_URL": f"postgresql://user:{CANARY}@127.0.0.1:9/desk"},
        {"TRIAGE_API_KEY": CANARY, "TRIAGE_TEMPERATURE": "hot"},
    ],
    ids=["key", "provider's key", "secret", "address", "database", "beside a fault"],
)
def test_no_secret_is_ever_shown(terminal: Terminal, settings: dict[str, str], alert_file: Path) -> None:
    for arguments in (("doctor",), ("doctor", "--online"), ("prompt", "render", str(alert_file))):
        if arguments == ("doctor", "--online") and "TRIAGE_BASE_URL" not in settings:
            continue  # nothing may be asked of a provider's own address
        run = terminal.run(*arguments, settings=settings)
        assert CANARY not in run.out + run.err


def test_the_providers_own_key_is_named_as_the_origin(terminal: Terminal) -> None:
    run = terminal.run("doctor", settings={"TRIAGE_MODEL": "openai:m", "OPENAI_API_KEY": CANARY})
    assert run.code == 0
    assert re.search(r"^api_key +set \(hidden\) +\[OPENAI_API_KEY\]$", run.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("settings", "check", "named"),
    [
        ({"TRIAGE_POLICY_FILE": "gone.yaml"}, "policy", "gone.yaml"),
        ({"TRIAGE_PROMPTS_FOLDER": "gone"}, "prompts", "TRIAGE_PROMPTS_FOLDER"),
        ({"TRIAGE_MODEL": "m"}, "model", "TRIAGE_MODEL"),
        ({"TRIAGE_MODEL": "nobody:m"}, "model", "TRIAGE_MODEL"),
        ({"TRIAGE_MODEL": "openai:m"}, "model", "TRIAGE_API_KEY"),
        ({"TRIAGE_DATABASE_URL": "nonsense"}, "database", "nonsense"),
    ],
)
def test_a_fault_is_told_and_the_other_checks_go_on(
    terminal: Terminal, settings: dict[str, str], check: str, named: str
) -> None:
    run = terminal.run("doctor", settings=settings)
    assert run.code == 4
    found = checks(run)
    assert found[check] == "fault"
    assert len(found) == 7
    line = next(line for line in run.out.splitlines() if line.startswith(f"fault {check}"))
    assert named in line


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("unauthorized", "TRIAGE_API_KEY"),
        ("forbidden", "TRIAGE_API_KEY"),
        ("unknown_model", "TRIAGE_MODEL"),
        ("html", "TRIAGE_BASE_URL"),
        ("server_error", "TRIAGE_BASE_URL"),
        ("close", "TRIAGE_BASE_URL"),
    ],
)
def test_row_44_online_the_setting_behind_an_endpoints_fault_is_named(
    terminal: Terminal, name: str, setting: str
) -> None:
    with ScriptedServer([fault(name)]) as server:
        settings = {"TRIAGE_MODEL": "openai:m", "TRIAGE_BASE_URL": server.base_url, "TRIAGE_ATTEMPTS": "1"}
        run = terminal.run("doctor", "--online", settings={**settings, "TRIAGE_API_KEY": CANARY})
    assert run.code == 4
    line = next(line for line in run.out.splitlines() if line.startswith("fault endpoint"))
    assert setting in line
    assert CANARY not in run.out + run.err


def test_row_44_a_wrong_host_names_its_setting(terminal: Terminal) -> None:
    settings = {"TRIAGE_MODEL": "openai:m", "TRIAGE_BASE_URL": "http://127.0.0.1:9/v1", "TRIAGE_ATTEMPTS": "1"}
    run = terminal.run("doctor", "--online", settings=settings)
    assert run.code == 4
    line = next(line for line in run.out.splitlines() if line.startswith("fault endpoint"))
    assert "http://127.0.0.1:9/v1" in line
    assert "TRIAGE_BASE_URL" in line


def test_online_a_sound_endpoint_is_asked_once(terminal: Terminal) -> None:
    with ScriptedServer([answer({"ok": True})]) as server:
        settings = {"TRIAGE_MODEL": "openai:m", "TRIAGE_BASE_URL": server.base_url}
        assert terminal.run("doctor", settings=settings).code == 0
        assert server.requests == [], "nothing is asked without --online"
        run = terminal.run("doctor", "--online", settings=settings)
        assert len(server.requests) == 1
    assert run.code == 0
    assert "answered as scripted-http" in run.out


def test_online_without_a_model_asks_nobody(terminal: Terminal) -> None:
    run = terminal.run("doctor", "--online")
    assert run.code == 0
    assert "nothing to ask" in run.out


def test_it_works_as_a_process(tmp_path: Path) -> None:
    run = run_process(tmp_path, "doctor")
    assert run.code == 0, run.err
    assert "reads de, en, es, fr, pt, ru" in run.out
