"""Runs by name, orders as people write them, and what counts as wrong enough to be run again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evals.cases.case import Split
from evals.cases.gold import Truth
from evals.running.folders import find_run, list_run_folders, make_run_folder
from evals.running.locks import Claim
from evals.running.orders import OrderInvalid, cross, parse_model, parse_prompt
from evals.running.runs import MANIFEST, RunInvalid, RunManifest
from evals.running.selection import is_wrong
from evals.scoring.measure import Ending, Measure, SampleScore

HASH = "sha256:" + "0" * 64


def make_run(home: Path, name: str, hour: int, *, finished: bool = True) -> Path:
    folder = make_run_folder(home, name)
    moment = datetime(2026, 3, 1, hour, tzinfo=UTC)
    manifest = RunManifest(
        run_id=folder.name,
        started_at=moment,
        finished_at=moment if finished else None,
        drafter="extractive",
        cases=1,
        epochs=1,
        cases_hash=HASH,
        references_hash=HASH,
        policy_hash=HASH,
        code_version="1",
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
    return folder


def test_a_run_is_found_by_latest_id_beginning_path_and_baseline_name(tmp_path: Path) -> None:
    home, baselines = tmp_path / "home", tmp_path / "baselines"
    old, new = make_run(home, "summary@4/openai:GPT 4.1", 1), make_run(home, "extractive", 2)
    unfinished = make_run(home, "extractive", 3, finished=False)
    assert list_run_folders(home) == [unfinished, new, old]
    assert find_run(home, "latest") == new
    assert find_run(home, old.name) == old
    assert find_run(home, old.name[:-1]) == old
    assert find_run(home, str(old)) == old
    (baselines / "main").mkdir(parents=True)
    (baselines / "main" / MANIFEST).write_bytes((old / MANIFEST).read_bytes())
    assert find_run(home, "main", baselines=baselines) == baselines / "main"
    assert "summary-4-openai-gpt-4.1" in old.name
    for wanted, reason in (("20", "beginning of 3 runs"), ("nothing", "no run 'nothing'")):
        with pytest.raises(RunInvalid, match=reason):
            find_run(home, wanted)
    with pytest.raises(RunInvalid, match="no finished run"):
        find_run(tmp_path / "empty", "latest")


@pytest.mark.parametrize(
    ("text", "version"), [("summary@4", 4), ("summary@v4", 4), ("4", 4), ("v12", 12), ("summary", None)]
)
def test_a_prompt_as_people_write_it(text: str, version: int | None) -> None:
    assert parse_prompt(text) == version


@pytest.mark.parametrize("text", ["repair@1", "summary@", "summary@x", "", "summary@1 openai"])
def test_another_prompt_is_refused(text: str) -> None:
    with pytest.raises(OrderInvalid, match="--prompt"):
        parse_prompt(text)


def test_the_extractive_drafter_stands_once_in_a_matrix() -> None:
    models = [parse_model(text) for text in ("openai:a", "none", "openai:b", "NONE")]
    assert cross([1, 2, 1], models) == [
        (1, "openai:a"),
        (2, "openai:a"),
        (None, None),
        (1, "openai:b"),
        (2, "openai:b"),
    ]


def test_a_claim_keeps_others_out_until_it_is_let_go(tmp_path: Path) -> None:
    claim = Claim(tmp_path / "x.lock")
    with pytest.raises(BlockingIOError):
        Claim(tmp_path / "x.lock")
    claim.release()
    Claim(tmp_path / "x.lock").release()


@pytest.mark.parametrize(
    ("measures", "wrong"),
    [
        ({"failed": Measure(0), "acceptable": Measure(1)}, False),
        ({"failed": Measure(1)}, True),
        ({"failed": Measure(0), "acceptable": Measure(0)}, True),
        ({"failed": Measure(0), "acceptable": Measure(0, 0)}, False),  # not labelled
        ({"acceptable": Measure(1), "counter_evidence_recall": Measure(1, 2)}, True),
        ({"acceptable": Measure(1), "wrong_subject": Measure(1)}, True),
        ({"acceptable": Measure(1), "event_recall": Measure(0, 2)}, False),  # no guard
    ],
)
def test_wrong_is_failed_unacceptable_or_a_guard_missed(measures: dict[str, Measure], wrong: bool) -> None:
    score = SampleScore(
        case_id="c",
        epoch=1,
        subject="s",
        split=Split.DEV,
        slices={},
        truth=Truth.OPEN,
        must_not_miss=False,
        ending=Ending.REVIEW,
        measures=measures,
    )
    assert is_wrong(score) is wrong
