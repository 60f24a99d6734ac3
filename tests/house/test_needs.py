"""What TRIAGE_REQUIRE promises: a test that would be skipped for want of a named thing fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import needs
from tests.house.small_suite import run_suite

_SKIPPING = """
import pytest
from tests.needs import require

def test_asks():
    require("data")

@pytest.mark.needs_data
def test_skips_by_itself():
    pytest.skip("no data")

def test_runs():
    pass
"""


def run_small(folder: Path, required: str) -> subprocess.CompletedProcess[str]:
    """On a machine without evaluation data."""
    return run_suite(folder, _SKIPPING, **{needs.DATA_VARIABLE: "", needs.VARIABLE: required})


def test_without_a_demand_what_is_absent_is_skipped_and_said(tmp_path: Path) -> None:
    outcome = run_small(tmp_path, "")
    assert "1 passed, 2 skipped" in outcome.stdout
    assert needs.ADVICE["data"] in outcome.stdout
    assert outcome.returncode == 0


def test_what_is_demanded_may_not_be_skipped(tmp_path: Path) -> None:
    outcome = run_small(tmp_path, "data")
    assert "2 failed, 1 passed" in outcome.stdout
    assert outcome.returncode == 1


def test_a_demand_for_something_else_changes_nothing(tmp_path: Path) -> None:
    assert "1 passed, 2 skipped" in run_small(tmp_path, " postgres , chromium ").stdout


def test_an_unknown_name_stops_the_run(tmp_path: Path) -> None:
    outcome = run_small(tmp_path, "data,chrome")
    assert outcome.returncode != 0
    assert "TRIAGE_REQUIRE names chrome; known are chromium, postgres, data, model." in outcome.stderr + outcome.stdout


def test_requiring_an_unknown_name_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="known are chromium"):
        needs.require("chrome")


def test_every_need_has_its_words_and_its_marker() -> None:
    assert set(needs.PROBES) == set(needs.ADVICE) == set(needs.MARKERS.values())
