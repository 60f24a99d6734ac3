"""``triage eval compare``, ``gate``, ``bless`` and ``diff`` on real extractive runs of a case set of one's own."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from agent.cli.evals import comparison as commands
from agent.domain.record import FailureDetail, TriageFailure, TriageRecord
from agent.settings import Settings
from agent.wiring import Services
from evals.cases.case import Split
from evals.cases.files import load_cases
from evals.cases.references import load_references
from evals.running.folders import runs_root
from evals.running.runs import Run, RunManifest, Sample, read_run, write_run
from tests.evals.cases import ROW

HASH = "sha256:" + "0" * 64
MOMENT = datetime(2026, 3, 3, 12, tzinfo=UTC)

app = typer.Typer(pretty_exceptions_enable=False)
for name in ("compare", "gate", "bless", "diff"):
    app.command(name)(getattr(commands, name))

Terminal = Callable[..., Result]
_SUBJECTS = ("Ledger Nyström", "Orrin Vasquelle", "Petra Lindqvale", "Milo Sandoval-Reyes")


def _row(place: int, subject: str) -> dict[str, Any]:
    text = json.dumps(ROW, ensure_ascii=False).replace("Ledger Nyström", subject)
    return {**json.loads(text), "id": f"t-charged-0{place}"}


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A case root with four cases, one of them held out, and an extractive run over them."""
    root = tmp_path_factory.mktemp("root")
    for split, rows in (
        ("dev", [_row(place, subject) for place, subject in enumerate(_SUBJECTS[:3])]),
        ("holdout", [_row(3, _SUBJECTS[3])]),
    ):
        (root / "cases" / split).mkdir(parents=True)
        (root / "cases" / split / "x.yaml").write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
    cases = load_cases(root)
    services = Services(Settings(home=tmp_path_factory.mktemp("home"), model=None))
    try:
        outcomes = [asyncio.run(services.pipeline.triage(case.alert)) for case in cases.cases]
    finally:
        services.close()
    samples = [
        Sample(case_id=case.id, epoch=1, outcome=outcome, seconds=0.5)
        for case, outcome in zip(cases.cases, outcomes, strict=True)
    ]
    manifest = RunManifest(
        run_id="good",
        started_at=MOMENT,
        finished_at=MOMENT,
        drafter="extractive",
        splits=(Split.DEV, Split.HOLDOUT),
        cases=4,
        epochs=1,
        cases_hash=cases.hash,
        references_hash=load_references(root).hash,
        policy_hash=HASH,
        code_version="0.1.0",
    )
    return root, Run(manifest=manifest, samples=tuple(samples))


@pytest.fixture
def root(drafted: tuple[Path, Run], tmp_path: Path) -> Path:
    """The cases, with baselines and history of this test's own."""
    made = tmp_path / "root"
    made.mkdir()
    (made / "cases").symlink_to(drafted[0] / "cases")
    return made


@pytest.fixture
def good(drafted: tuple[Path, Run]) -> Run:
    return drafted[1]


@pytest.fixture
def terminal(tmp_path: Path, root: Path) -> Terminal:
    def run(*words: str) -> Result:
        return CliRunner().invoke(
            app, [*words, "--cases", str(root)], env={"TRIAGE_HOME": str(tmp_path), "COLUMNS": "90"}
        )

    return run


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[Run, str], str]:
    def write(run: Run, run_id: str) -> str:
        manifest = run.manifest.model_copy(update={"run_id": run_id})
        write_run(Run(manifest=manifest, samples=run.samples), runs_root(tmp_path) / run_id)
        return run_id

    return write


def delay(sample: Sample) -> Sample:
    """The same sample, later and slower."""
    outcome = sample.outcome
    assert isinstance(outcome, TriageRecord)
    provenance = outcome.provenance.model_copy(update={"latency_ms": 9_000, "finished_at": MOMENT})
    return sample.model_copy(update={"outcome": outcome.model_copy(update={"provenance": provenance}), "seconds": 9.0})


def drop_counter_evidence(run: Run) -> Run:
    def drop(outcome: TriageRecord | TriageFailure) -> TriageRecord | TriageFailure:
        assert isinstance(outcome, TriageRecord)
        assert outcome.summary.counter_evidence, "the drafter finds the denial"
        return outcome.model_copy(update={"summary": outcome.summary.model_copy(update={"counter_evidence": ()})})

    samples = tuple(sample.model_copy(update={"outcome": drop(sample.outcome)}) for sample in run.samples)
    return Run(manifest=run.manifest, samples=samples)


def fail_all(run: Run) -> Run:
    def failure(case_id: str) -> TriageFailure:
        detail = FailureDetail(stage="draft", error="ModelTimeout", message="No answer.", retryable=True)
        return TriageFailure(alert_id=case_id, failure=detail)

    samples = tuple(sample.model_copy(update={"outcome": failure(sample.case_id)}) for sample in run.samples)
    return Run(manifest=run.manifest, samples=samples)


def test_a_run_again_is_identical_though_its_times_are_not(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run
) -> None:
    slower = Run(manifest=good.manifest, samples=tuple(delay(sample) for sample in good.samples))
    shown = terminal("compare", keep(good, "one"), keep(slower, "two"))
    assert shown.exit_code == 0, shown.output
    assert "PASS" in shown.output
    assert "4 scored the same, 4 drafts the same word for word" in shown.output
    assert "Seconds an alert" in shown.output


def test_lost_counter_evidence_is_shown_by_case_and_cannot_pass_on_four_cases(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run
) -> None:
    names = keep(good, "one"), keep(drop_counter_evidence(good), "two")
    shown = terminal("compare", *names, "--texts")
    assert shown.exit_code == 2, shown.output
    assert "UNDERPOWERED" in shown.output
    assert "counter_evidence_recall 1 → 0" in shown.output
    assert "-counter-evidence denial" in shown.output
    assert "0 drafts the same word for word" in shown.output
    assert "t-charged-03" in shown.output
    assert "Sandoval" not in shown.output, "a held-out case is figures only"


def test_json_holds_everything_and_no_texts_of_held_out_cases(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run
) -> None:
    shown = terminal("compare", keep(good, "one"), keep(drop_counter_evidence(good), "two"), "--json", "--texts")
    content = json.loads(shown.stdout)
    assert content["verdict"] == "UNDERPOWERED"
    assert {one["measure"] for one in content["primaries"]} == {"miss", "cost", "quote_validity"}
    assert len(content["flips"]) == 4
    assert set(content["texts"]) == {"t-charged-00", "t-charged-01", "t-charged-02"}
    assert "Sandoval" not in shown.stdout


def test_runs_of_differing_cases_are_not_compared_unless_told_to(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run
) -> None:
    fewer = Run(manifest=good.manifest.model_copy(update={"cases": 3}), samples=good.samples[:3])
    names = keep(good, "one"), keep(fewer, "two")
    refused = terminal("compare", *names)
    assert refused.exit_code == 1
    assert "--common" in refused.stderr
    allowed = terminal("compare", *names, "--common")
    assert allowed.exit_code == 0
    assert "LEFT OUT, in A alone: 1 samples" in allowed.output


def test_bless_keeps_the_run_compressed_and_the_gate_measures_by_it(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, root: Path, tmp_path: Path
) -> None:
    keep(good, "one")
    blessed = terminal("bless", "one", "--as", "mine", "--why", "the first")
    assert blessed.exit_code == 0, blessed.output
    kept = root / "baselines" / "mine"
    assert sorted(path.name for path in kept.iterdir()) == ["run.json", "samples.jsonl.gz"]
    assert read_run(kept).samples == read_run(runs_root(tmp_path) / "one").samples
    junit = tmp_path / "deep" / "gate.xml"
    passed = terminal("gate", "one", "--baseline", "mine", "--junit", str(junit))
    assert passed.exit_code == 0, passed.output
    assert passed.output.splitlines()[-1] == "PASS"
    suites = ElementTree.parse(junit).getroot()
    assert {suite.get("name") for suite in suites} == {
        "gate.run", "gate.floors", "gate.primaries", "gate.guards", "gate.comparison",
    }  # fmt: skip
    assert sum(int(suite.get("failures", "")) + int(suite.get("errors", "")) for suite in suites) == 0


def test_the_gate_names_what_a_worse_run_broke(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, tmp_path: Path
) -> None:
    keep(good, "one")
    terminal("bless", "one", "--as", "mine")
    junit = tmp_path / "gate.xml"
    keep(drop_counter_evidence(good), "two")
    unsure = terminal("gate", "two", "--baseline", "mine", "--junit", str(junit))
    assert unsure.exit_code == 2
    assert [case.get("name") for case in ElementTree.parse(junit).iter("testcase") if case.find("error") is not None]
    keep(fail_all(good), "three")
    broken = terminal("gate", "three", "--baseline", "mine", "--junit", str(junit))
    assert broken.exit_code == 1
    assert "floors/failed: Failed: 1 (4 of 4 on 4 alerts), at most 0.02" in broken.output
    assert "precedent_leaked: Precedents leaked: not measured" in broken.output, "an outage is no leak"
    names = [case.get("name") for case in ElementTree.parse(junit).iter("testcase") if case.find("failure") is not None]
    assert "failed" in names


def test_each_blessing_is_a_dated_line_that_says_whether_the_cases_changed(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, root: Path
) -> None:
    keep(good, "one")
    fewer = Run(manifest=good.manifest.model_copy(update={"cases": 3}), samples=good.samples[:3])
    keep(fewer, "two")
    for name in ("one", "one", "two"):
        assert terminal("bless", name, "--as", "mine", "--why", f"because {name}").exit_code == 0
    lines = [json.loads(line) for line in (root / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["comparable"] for line in lines] == [None, True, False]
    assert [line["cases"] for line in lines] == [4, 4, 3]
    assert lines[0]["date"] == datetime.now(UTC).date().isoformat()
    assert lines[0]["why"] == "because one"
    assert lines[0]["figures"]["counter_evidence_recall"]["value"] == 1.0
    assert {"value", "low", "high", "alerts", "subjects"} == set(lines[0]["figures"]["miss"])


def test_a_run_that_breaks_a_floor_is_blessed_by_force_and_reason_alone(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, root: Path
) -> None:
    keep(fail_all(good), "one")
    for words in ((), ("--force",), ("--why", "it is what we have")):
        refused = terminal("bless", "one", "--as", "mine", *words)
        assert refused.exit_code == 1, words
        assert "--force" in refused.stderr
        assert not (root / "baselines").exists()
        assert not (root / "history.jsonl").exists()
    forced = terminal("bless", "one", "--as", "mine", "--force", "--why", "it is what we have")
    assert forced.exit_code == 0
    (line,) = (root / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["broken"] == ["failed"]


@pytest.mark.parametrize("name", ["latest", "../up", "Mine", "", ".x"])
def test_a_baseline_has_a_plain_name(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, root: Path, name: str
) -> None:
    keep(good, "one")
    assert terminal("bless", "one", "--as", name).exit_code == 1
    assert not (root / "history.jsonl").exists()


def test_a_run_that_is_not_finished_is_not_blessed_and_fails_the_gate(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run
) -> None:
    keep(good, "one")
    terminal("bless", "one", "--as", "mine")
    open_ended = Run(manifest=good.manifest.model_copy(update={"finished_at": None}), samples=good.samples)
    keep(open_ended, "two")
    assert "not whole" in terminal("bless", "two", "--as", "mine").stderr
    shown = terminal("gate", "two", "--baseline", "mine")
    assert shown.exit_code == 1
    assert "run/complete: not finished" in shown.output


def test_a_baseline_cut_short_is_refused_not_scored(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, root: Path
) -> None:
    keep(good, "one")
    terminal("bless", "one", "--as", "mine")
    rows = root / "baselines" / "mine" / "samples.jsonl.gz"
    rows.write_bytes(gzip.compress(b"".join(gzip.decompress(rows.read_bytes()).splitlines(keepends=True)[:3])))
    shown = terminal("gate", "one", "--baseline", "mine")
    assert shown.exit_code == 4
    assert "cut short" in shown.stderr


def test_diff_shows_both_drafts_of_a_case_and_never_a_held_out_one(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run
) -> None:
    names = keep(good, "one"), keep(drop_counter_evidence(good), "two")
    shown = terminal("diff", *names, "t-charged-01")
    assert shown.exit_code == 0
    assert " event charged: fraud" in shown.output
    assert "-counter-evidence denial" in shown.output
    assert "1 of 1 drafts differ" in shown.output
    every = terminal("diff", *names)
    assert "3 of 3 drafts differ" in every.output
    assert "Sandoval" not in every.output
    refused = terminal("diff", *names, "t-charged-03")
    assert refused.exit_code == 1
    assert "held out" in refused.stderr
    assert terminal("diff", *names, "t-nobody").exit_code == 1
    assert "0 of 3 drafts differ" in terminal("diff", "one", "one").output


def test_a_wide_terminal_gets_two_columns(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = keep(good, "one"), keep(drop_counter_evidence(good), "two")
    monkeypatch.setattr(shutil, "get_terminal_size", lambda _: os.terminal_size((140, 24)))
    lines = terminal("diff", *names, "t-charged-01").output.splitlines()
    assert any(line.startswith("counter-evidence denial") and line.endswith("<") for line in lines)
    assert any(line.count("event charged: fraud") == 2 for line in lines)
    assert "-counter-evidence" in terminal("diff", *names, "t-charged-01", "--unified").output


def test_a_gate_file_of_ones_own_and_a_rule_that_does_not_exist(
    terminal: Terminal, keep: Callable[[Run, str], str], good: Run, tmp_path: Path
) -> None:
    names = keep(good, "one"), keep(drop_counter_evidence(good), "two")
    assert terminal("compare", *names, "--rules", "nothing").exit_code == 4
    path = tmp_path / "gates.yaml"
    path.write_text("default: {primaries: {}}\n", encoding="utf-8")
    shown = terminal("compare", *names, "--gates", str(path))
    assert shown.exit_code == 4
    assert "gates.yaml" in shown.stderr
