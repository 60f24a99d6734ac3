"""A terminal for each test; reader and embedder load once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.reading.reader import Reader
from agent.wiring import Services
from tests.cli.terminal import Terminal, alert_text
from tests.contract.retrieval_examples import embedder


@pytest.fixture(scope="session")
def one_reader() -> Reader:
    return Reader()


@pytest.fixture(autouse=True)
def _load_once(monkeypatch: pytest.MonkeyPatch, one_reader: Reader, tmp_path: Path) -> None:
    """The real parts, not loaded anew for each command; and no triage.toml of whoever runs the tests."""
    monkeypatch.setattr(Services, "reader", one_reader)
    monkeypatch.setattr(Services, "embedder", property(lambda _: embedder()))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home")


@pytest.fixture
def alert_file(tmp_path: Path) -> Path:
    """A sound alert: somebody is convicted."""
    path = tmp_path / "alert.txt"
    path.write_text(alert_text(), encoding="utf-8")
    return path
