"""``triage policy``: show, check, and what another policy would change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli.policy import app
from agent.domain.taxonomy import Disposition
from agent.settings import SHIPPED_DATA
from agent.store.store import Store
from tests.cli.terminal import Run
from tests.contract.store_examples import url_of
from tests.spine.parts import make_alert, make_pipeline, triage
from tests.spine.test_what_if import FRAUD, SUSPECTED, decide, keep

POLICY = (SHIPPED_DATA / "policy.yaml").read_text(encoding="utf-8")


def run(home: Path, *arguments: str | Path, settings: Mapping[str, str] | None = None) -> Run:
    environment = {"TRIAGE_HOME": str(home), **(settings or {})}
    result = CliRunner().invoke(app, [str(part) for part in arguments], env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stdout_bytes.decode("utf-8"), result.stderr)


def policy_file(folder: Path, **changes: Any) -> Path:
    """The shipped policy with lines changed: ``fraud=1`` makes it ``fraud: 1``."""
    text = POLICY
    for key, value in changes.items():
        before = next(line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
        indent = before[: len(before) - len(before.lstrip())]
        text = text.replace(before, f"{indent}{key}: {value}")
    path = folder / "other.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two alerts: one convicted of fraud and decided as noise, one suspected of forgery."""
    folder = tmp_path / "home"
    folder.mkdir()
    with Store.open(url_of(folder / "triage.db")) as store:
        keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-1"))
        keep(store, make_alert(SUSPECTED, "Ilda Moravec", alert_id="A-2"))
        decide(store, "A-1", Disposition.FALSE_POSITIVE)
    return folder


def test_what_if_shows_moves_reasons_and_how_decisions_fare(home: Path, tmp_path: Path) -> None:
    done = run(home, "what-if", policy_file(tmp_path, fraud=1), "--list")
    assert done.code == 0
    told = done.flat()
    assert "severity.fraud 3 → 1" in told
    assert "2 records: 1 change, 1 stay" in told
    assert "escalate → review 1" in told
    assert "A-1: escalate → review (decided: false_positive)" in told
    assert "before: convicted:fraud" in told
    assert "would be escalated) 1 → 0 of 1" in told


def test_without_list_no_alert_is_spelled_out(home: Path, tmp_path: Path) -> None:
    done = run(home, "what-if", policy_file(tmp_path, fraud=1))
    assert "escalate" in done.out
    assert "before:" not in done.out


def test_the_same_policy_changes_nothing(home: Path, tmp_path: Path) -> None:
    told = run(home, "what-if", policy_file(tmp_path)).flat()
    assert "The two policies say the same." in told
    assert "2 records: 0 change, 2 stay" in told


def test_everything_as_json(home: Path, tmp_path: Path) -> None:
    done = run(home, "what-if", policy_file(tmp_path, fraud=1), "--json")
    told = json.loads(done.out)
    assert told["moves"] == [{"before": "escalate", "after": "review", "records": 1}]
    (change,) = told["changes"]
    assert (change["alert_id"], change["basis"], change["decided"]) == ("A-1", "stored", "false_positive")
    assert change["stored"] == change["before"]
    assert told["decisions"]["before"]["needlessly_escalated"] == ["A-1"]
    assert told["decisions"]["after"]["needlessly_escalated"] == []


def test_what_could_not_be_compared_is_said(home: Path, tmp_path: Path) -> None:
    with Store.open(url_of(home / "triage.db")) as store:
        third = make_alert(
            FRAUD.replace("Ilda Moravec", "Bo Tarn").replace("Moravec", "Tarn"), "Bo Tarn", alert_id="A-3"
        )
        made = triage(make_pipeline(), third)
        wrong = made.recommendation.model_copy(update={"reasons": ("convicted:forgery",)})
        store.save_record(made.model_copy(update={"recommendation": wrong}), store.save_alert(third).revision)
        store.erase_subject("name:ilda moravec", by="Rosa Quint")
    told = run(home, "what-if", policy_file(tmp_path)).flat()
    assert "reader changed since" in told
    assert "A-3" in told
    assert "2 records were erased: cannot be re-computed: A-1, A-2." in told


def test_only_records_since_a_day(home: Path, tmp_path: Path) -> None:
    other = policy_file(tmp_path, fraud=1)
    assert "0 records: 0 change" in run(home, "what-if", other, "--since", "2999-01-01").flat()
    assert run(home, "what-if", other, "--since", "soon").code == 2


def test_an_unsound_policy_changes_nothing_and_says_where(home: Path, tmp_path: Path) -> None:
    broken = policy_file(tmp_path, fraud=7)
    for command in ("what-if", "check", "show"):
        done = run(home, command, broken)
        assert done.code == 4
        assert "severity.fraud" in done.err
        assert re_line(broken) in done.err


def re_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return f"{path}:{1 + next(place for place, line in enumerate(lines) if line.strip() == 'fraud: 7')}"


def test_check_says_what_differs_from_the_configured_policy(home: Path, tmp_path: Path) -> None:
    done = run(home, "check", policy_file(tmp_path, fraud=1, stale_findings="false"))
    assert done.code == 0
    assert "severity.fraud 3 → 1" in done.flat()
    assert "closing.stale_findings yes → no" in done.flat()
    assert "says the same" in run(home, "check", policy_file(tmp_path)).out


def test_show_prints_the_configured_policy(home: Path, tmp_path: Path) -> None:
    other = policy_file(tmp_path, version='"9"', fraud=1)
    shown = run(home, "show", settings={"TRIAGE_POLICY_FILE": str(other)})
    assert shown.code == 0
    assert "Policy 9, sha256:" in shown.out
    assert "fraud 1" in shown.flat()
    assert json.loads(run(home, "show", "--json").out)["severity"]["fraud"] == 3
