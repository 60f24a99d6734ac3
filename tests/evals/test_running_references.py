"""The workspace of the references: built once, by one of two processes, and never production's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.settings import Settings
from agent.wiring import Services
from evals.cases.references import load_references
from evals.running.references import Workspace, open_workspace
from tests.contract.retrieval_examples import embedder
from tests.evals.running_examples import NAMES, Said, make_settings, write_cases

BUILD = """
import sys
from pathlib import Path
from evals.cases.references import load_references
from evals.running.references import open_workspace
from tests.evals.running_examples import make_settings
open_workspace(make_settings(Path(sys.argv[1])), load_references(Path(sys.argv[2])), print)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("root"), 2)


@pytest.fixture(autouse=True)
def _load_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Services, "embedder", property(lambda _: embedder()))


def build(settings: Settings, root: Path) -> tuple[Workspace, list[str]]:
    said = Said()
    return open_workspace(settings, load_references(root), said.tell), said.lines


def test_it_is_built_once_for_the_same_references_and_beside_for_others(tmp_path: Path, root: Path) -> None:
    settings = make_settings(tmp_path / "home")
    first, told = build(settings, root)
    again, told_again = build(settings, root)
    assert (len(told), told_again) == (1, [])
    assert first == again
    (root / "profiles" / "more.jsonl").write_text(
        '{"profile_id": "P-2", "name": "Bo Lunde", "kind": "person", "source": "test"}\n', encoding="utf-8"
    )
    other, _ = build(settings, root)
    (root / "profiles" / "more.jsonl").unlink()
    assert other.folder != first.folder


def test_a_build_that_was_killed_is_finished(tmp_path: Path, root: Path) -> None:
    settings = make_settings(tmp_path / "home")
    workspace, _ = build(settings, root)
    (workspace.folder / "built.json").unlink()
    (workspace.folder / "index" / "names" / "current").unlink()
    _, told = build(settings, root)
    assert len(told) == 1
    seat = workspace.take_seat(own_ledger=True)
    services = Services(seat.settings)
    assert [match.profile.profile_id for match in services.index.find_profiles([NAMES[0]], 5)] == ["P-1"]
    services.close()
    seat.leave()


def test_every_process_has_a_seat_of_its_own_and_seats_are_used_again(tmp_path: Path, root: Path) -> None:
    workspace, _ = build(make_settings(tmp_path / "home"), root)
    first, second = workspace.take_seat(own_ledger=True), workspace.take_seat(own_ledger=True)
    assert first.settings.home != second.settings.home
    home = first.settings.home
    first.leave()
    assert workspace.take_seat(own_ledger=True).settings.home == home


def test_a_seat_shares_the_ledger_or_has_an_empty_one_and_production_is_neither(tmp_path: Path, root: Path) -> None:
    production = make_settings(tmp_path / "home", database_url=f"sqlite:///{tmp_path / 'production.db'}")
    workspace, _ = build(production, root)
    shared, own = workspace.take_seat(own_ledger=False), workspace.take_seat(own_ledger=True)
    assert shared.settings.store_url == f"sqlite:///{workspace.folder / 'triage.db'}"
    assert own.settings.store_url == f"sqlite:///{own.settings.home / 'triage.db'}"
    assert shared.settings.secret == own.settings.secret
    assert not (tmp_path / "production.db").exists()
    assert not (tmp_path / "home" / "fence.key").exists()


def test_two_processes_at_once_build_it_once(tmp_path: Path, root: Path) -> None:
    command = [sys.executable, "-c", BUILD, str(tmp_path / "home"), str(root)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [child.communicate(timeout=120)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert sum("Building" in lines for lines in told) == 1
