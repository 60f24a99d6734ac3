"""``triage demo``: the shipped alerts, with no key and no model, and quickly when it is run again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.wiring import Services
from tests.cli.terminal import Run, Terminal
from tests.spine.parts import demo_alerts


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def runs(home: Path) -> list[Run]:
    """The demo twice, in one home."""
    terminal = Terminal(home)
    return [terminal.run("demo"), terminal.run("demo", settings={"TRIAGE_MODEL": "openai:never-asked"})]


def test_every_shipped_alert_gets_a_page_and_no_close(runs: list[Run]) -> None:
    for run in runs:
        assert run.code == 0, run.err
        headings = re.findall(r"Alert (DEMO-\d+)", run.out)
        assert headings == [alert.alert_id for alert in demo_alerts()]
        assert not re.search(r"^│ CLOSE", run.out, re.MULTILINE)
        assert f"{len(headings)} alerts: {len(headings)} drafted, 0 failed." in run.err


def test_the_first_run_builds_the_index_and_the_second_finds_it(runs: list[Run]) -> None:
    first, second = runs
    assert "60 texts embedded" in first.err
    assert "The reference index is up to date." in second.err
    assert "30 unchanged" in second.err
    assert "embedded" not in second.err


def test_precedents_and_profiles_were_found(runs: list[Run]) -> None:
    assert "Earlier decisions like this" in runs[0].out
    assert "Profiles and precedents are not available" not in runs[0].out
    assert "No reference index" not in runs[0].out


def test_the_second_run_says_the_same(runs: list[Run]) -> None:
    first, second = (re.sub(r"\d+\s+ms", "", run.out) for run in runs)
    assert first == second


def test_it_needs_neither_key_nor_model(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, runs: list[Run]) -> None:
    asked = property(lambda _: pytest.fail("the demo asked for a model"))
    monkeypatch.setattr(Services, "client", asked)
    assert terminal.run("demo").code == 0
    assert all("drafter extractive" in run.flat() for run in runs)
